"""Single-patch deletion: what the networks learn, what the scores are, and how networks are compared."""

import copy
from collections import Counter
from dataclasses import replace

import pytest
import torch

from core.jobs.events import Progress, Returning
from core.methods.heatmap import MethodRefused
from core.models.small import batch_norm_cnn, stamp_cnn
from core.retraining import single_patch
from core.retraining.data import collect_data
from core.retraining.deletions import patch_masks
from core.retraining.networks import NETWORKS, USUAL
from core.retraining.pace import Speed
from core.retraining.single_patch import seconds_of, stream_single_patch
from core.retraining.single_patch_events import NetworkAdapted, NetworkGap, PatchScore
from core.retraining.training import Recipe, bundled_pictures, explained_network
from core.studies.over_pictures import PictureRefused

CPU = torch.device("cpu")
SHORT = {"methods": ("gradient", "input_x_gradient"), "pictures": 60, "seeds": 2, "device": "cpu"}


@pytest.fixture(scope="module")
def events(squares):
    return list(stream_single_patch(data=squares, **SHORT))


def scores(events, network=USUAL):
    """The last score of each method."""
    return {event.method: event for event in events if isinstance(event, PatchScore) and event.network == network}


def test_every_method_and_control_has_a_score_and_random_is_at_0(events):
    found = scores(events)
    assert set(found) >= {"gradient", "input_x_gradient", "random", "sobel", "centre"}
    assert {each.pictures for each in found.values()} == {60}
    assert {len(each.score.by_seed) for each in found.values()} == {2}
    random = found["random"].score.over_pictures
    assert random.low < 0 < random.high
    assert abs(random.mean) < 0.1
    assert found["random"].to_random.over_pictures[:3] == (0.0, 0.0, 0.0)


def test_a_negated_map_has_minus_the_score(events):
    """The control negates the gradient."""
    own, negated = (scores(events)[name].score for name in ("gradient", "negated"))
    assert negated.over_pictures.mean == pytest.approx(-own.over_pictures.mean)
    assert negated.by_seed == pytest.approx([-each for each in own.by_seed])


def test_a_map_of_the_bright_square_is_clearly_better_than_random_by_the_drops_alone(events):
    """The edges of the square are where it is, and the square is what the network reads."""
    found = scores(events)
    assert found["sobel"].score.over_pictures.low > 0.2
    assert found["gradient"].standing in ("better", "edge")
    assert {found[name].standing for name in ("random", "sobel", "centre", "negated")} == {"control"}


@pytest.fixture(scope="module")
def clothes():
    return list(stream_single_patch(("input_x_gradient",), pictures=20, seeds=1, device="cpu"))


def test_a_network_recognises_more_without_a_patch_once_it_has_met_deletions_and_as_much_of_whole_pictures(clothes):
    [told] = [event for event in clothes if isinstance(event, NetworkAdapted)]
    assert told.after > told.before + 0.01
    assert told.whole > 0.85


def test_half_of_the_training_pictures_lack_exactly_one_patch_and_every_copy_others(squares, monkeypatch):
    heard = []

    def adapted_copy(network, _, masks, seed, *__):
        heard.append((seed, masks(0), masks(1)))
        yield Progress(1, 1, "Nothing")
        return copy.deepcopy(network)

    monkeypatch.setattr(single_patch, "adapted_copy", adapted_copy)
    list(stream_single_patch(data=squares, **{**SHORT, "pictures": 1}))
    patches = patch_masks(squares.size, 4)
    for _, *epochs in heard:
        for removed in epochs:
            lacking = removed[removed.flatten(1).any(dim=1)]
            assert 0.4 < len(lacking) / len(removed) < 0.6
            assert all(any(torch.equal(own, patch) for patch in patches) for own in lacking)
    assert [seed for seed, *_ in heard] == [0, 1]
    drawn = [epoch for _, *epochs in heard for epoch in epochs]
    assert not any(torch.equal(one, other) for place, one in enumerate(drawn) for other in drawn[:place])


def test_the_explained_network_and_the_global_generator_stay_as_they_were(squares, monkeypatch):
    making = Returning(explained_network(squares, Recipe(), CPU))
    list(making)
    before = {key: value.clone() for key, value in making.result.network.state_dict().items()}

    def known(*_):
        yield Progress(1, 1, "Network")
        return making.result

    monkeypatch.setattr(single_patch, "explained_network", known)
    state = torch.get_rng_state()
    list(stream_single_patch(data=squares, **{**SHORT, "pictures": 5, "seeds": 1}))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in making.result.network.state_dict().items())


@pytest.fixture
def twins(squares, monkeypatch):
    """The events of a network and its twin: the same weights under another name."""
    monkeypatch.setitem(NETWORKS, "twin", batch_norm_cnn)
    asked = {**SHORT, "pictures": 30, "seeds": 1, "networks": (USUAL, "twin")}
    return list(stream_single_patch(data=squares, **asked))


def test_a_network_does_not_differ_from_its_twin(twins):
    gaps = {event.method: event for event in twins if isinstance(event, NetworkGap)}
    assert set(gaps) == set(scores(twins))
    assert {(each.first, each.second, each.pictures) for each in gaps.values()} == {("twin", USUAL, 30)}
    assert {each.gap.over_pictures[:3] for each in gaps.values()} == {(0.0, 0.0, 0.0)}
    assert [each.score for each in scores(twins).values()] == [each.score for each in scores(twins, "twin").values()]


def test_a_difference_of_networks_is_that_of_their_scores_on_the_same_pictures(squares, monkeypatch):
    monkeypatch.setitem(NETWORKS, "other", stamp_cnn)
    own = list(stream_single_patch(data=squares, **{**SHORT, "pictures": 30, "networks": (USUAL, "other")}))
    gaps = {event.method: event for event in own if isinstance(event, NetworkGap)}
    first, second = scores(own, "other"), scores(own)
    for method, told in gaps.items():
        one, other, gap = (each.over_pictures for each in (first[method].score, second[method].score, told.gap))
        assert gap.mean == pytest.approx(one.mean - other.mean)
        assert told.gap.by_seed == pytest.approx(
            [x - y for x, y in zip(first[method].score.by_seed, second[method].score.by_seed, strict=True)]
        )
        assert gap.n == 30
    assert gaps["gradient"].gap.over_pictures.mean != 0


def test_the_same_seed_gives_the_same_numbers_and_another_others(squares, events):
    def told(own):
        return [(event.method, event.score) for event in scores(own).values()]

    assert told(list(stream_single_patch(data=squares, **SHORT))) == told(events)
    assert told(list(stream_single_patch(data=squares, **SHORT, seed=5))) != told(events)


def test_later_pictures_refine_what_earlier_ones_told(events):
    told = [event for event in events if isinstance(event, PatchScore) and event.method == "gradient"]
    assert [event.pictures for event in told] == [20, 40, 60]
    assert len({event.replaces for event in told}) == 1


def test_a_method_that_does_not_apply_is_told_once_and_the_others_go_on(squares):
    asked = {**SHORT, "methods": ("gradient", "attention_rollout"), "pictures": 25}
    own = list(stream_single_patch(data=squares, **asked))
    assert Counter(event.method for event in own if isinstance(event, MethodRefused)) == {"attention_rollout": 1}
    assert "gradient" in scores(own)
    assert "attention_rollout" not in scores(own)


def test_what_a_network_takes_is_its_epochs_its_heatmaps_and_its_deletions():
    data, speed = collect_data(), Speed(learned=1e-3, tested=1e-4)
    epoch = bundled_pictures() * 1e-3 + len(data.test.labels) * 1e-4
    scoring = 2 * 50 * (0.1 + 17 * 1e-4)
    assert seconds_of(USUAL, data, speed, 0.1, 50, 2) == pytest.approx(2 * epoch + scoring)
    assert seconds_of("resnet18_32", data, speed, 0.1, 50, 2) == pytest.approx((2 + Recipe().epochs) * epoch + scoring)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pictures": 0}, "At least one picture"),
        ({"seeds": 0}, "one seed"),
        ({"networks": ()}, "at least one network"),
        ({"networks": "resnet18_32"}, r"write \['resnet18_32'\]"),
        ({"networks": ("resnet",)}, "resnet18_32"),
        ({"across": 1}, "2 to 8 patches a side, not 1"),
        ({"across": 9}, "2 to 8 patches a side, not 9"),
        ({"methods": ("grad_kam",)}, "grad_cam"),
    ],
)
def test_a_mistake_is_a_sentence_before_anything_is_computed(squares, wrong, said):
    with pytest.raises(ValueError, match=said):
        stream_single_patch(data=squares, **{**SHORT, **wrong})


def test_pictures_that_are_left_out_are_told_first(squares):
    refused = PictureRefused("a.png", "It has no label.")
    assert next(stream_single_patch(("gradient",), replace(squares, refused=(refused,)), device="cpu")) == refused


def test_a_network_that_cannot_take_the_pictures_is_refused_before_any_is_trained(squares):
    with pytest.raises(ValueError, match="cannot take pictures"):
        stream_single_patch(("gradient",), squares, ("batch_norm_cnn", "torchvision/alexnet"), device="cpu")
