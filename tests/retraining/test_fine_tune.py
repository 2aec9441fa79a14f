"""One fine-tuned network judges every method: what it counts, what it leaves as it was, and what it refuses."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import find_method
from core.models.trained import load_trained
from core.models.training import EpochDone
from core.retraining import adapting, fine_tune
from core.retraining.data import collect_data
from core.retraining.data_ready import DataReady
from core.retraining.fine_tune import plan_fine_tune, recipe_for, stream_fine_tune
from core.retraining.fine_tune_events import FineTuned, FineTuneReady, RemovalAccuracy
from core.retraining.networks import USUAL
from core.retraining.training import BATCH, BUNDLED_NETWORK, Recipe, bundled_pictures, explained_network, recognised
from core.studies.over_pictures import PictureRefused

CPU = torch.device("cpu")
METHODS = ("gradient", "smoothgrad_squared")
SHARES = (0.1, 0.5)
SHORT = {"methods": METHODS, "pictures": 60, "seeds": 2, "fractions": SHARES, "device": "cpu"}


@pytest.fixture(scope="module")
def events(squares):
    return list(stream_fine_tune(data=squares, **SHORT))


def accuracies(events):
    """The last accuracy of each method, form and fraction."""
    return {(e.method, e.form, e.fraction): e for e in events if isinstance(e, RemovalAccuracy)}


def test_every_method_and_control_is_judged_at_every_share_in_both_forms(events):
    found = accuracies(events)
    methods = {method for method, _, _ in found}
    assert methods >= {*METHODS, "random", "sobel", "centre"}
    assert len(found) == len(methods) * len(SHARES) * 2
    assert {each.pictures for each in found.values()} == {60}
    last = events[-1]
    assert isinstance(last, FineTuneReady)
    assert last.final
    assert {each.method for each in last.verdicts} == methods


def test_networks_expect_gaps_after_fine_tuning_and_not_before():
    """On clothes, whose parts a network combines; a thinned bright square is still bright."""
    own = list(stream_fine_tune(("gradient",), pictures=50, seeds=1, fractions=(0.5,), device="cpu"))
    at_half = accuracies(own)["random", "roar", 0.5]
    assert at_half.adapted.over_pictures.low > at_half.unadapted.over_pictures.high


def test_removing_the_bright_square_leaves_chance_and_keeping_it_alone_is_enough(events):
    """Of 64 places 4 hold the class."""
    own, random = (accuracies(events)[method, "roar", 0.5].adapted.over_pictures for method in ("sobel", "random"))
    assert own.mean < random.mean
    assert accuracies(events)["sobel", "kar", 0.5].adapted.over_pictures.mean > 0.8


def test_the_random_control_has_no_area_to_itself(events):
    random = next(each for each in events[-1].verdicts if each.method == "random")
    assert random.removal.over_pictures[:3] == (0.0, 0.0, 0.0)
    assert random.standing == "control"


def test_the_unadapted_accuracy_is_that_of_the_explained_network_on_pictures_filled_with_the_training_mean(
    squares, events
):
    making = Returning(explained_network(squares, recipe_for(USUAL, 600), CPU))
    list(making)
    classifier = making.result
    request = HeatmapRequest(methods=("gradient",))
    right = 0
    for pixels, label in zip(squares.test.pixels, squares.test.labels.tolist(), strict=True):
        (event,) = (e for e in request.stream(classifier, pixels[None]) if getattr(e, "final", False))
        shown = pixels.clone()
        shown[:, event.heatmap.values >= event.heatmap.values.flatten().sort(descending=True).values[31]] = (
            torch.tensor(squares.mean)[:, None]
        )
        right += int(classifier.logits(shown[None]).argmax()) == label
    assert accuracies(events)["gradient", "roar", 0.5].unadapted.over_pictures.mean == pytest.approx(right / 60)


def test_the_explained_network_and_the_global_generator_stay_as_they_were(squares, monkeypatch):
    making = Returning(explained_network(squares, Recipe(), CPU))
    list(making)
    before = {key: value.clone() for key, value in making.result.network.state_dict().items()}

    def known(*_):
        yield Progress(1, 1, "Network")
        return making.result

    monkeypatch.setattr(fine_tune, "explained_network", known)
    state = torch.get_rng_state()
    list(stream_fine_tune(data=squares, **{**SHORT, "pictures": 10, "seeds": 1}))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in making.result.network.state_dict().items())
    assert not any(weights.requires_grad for weights in making.result.network.parameters())


def test_the_same_seed_gives_the_same_numbers_and_another_others(squares, events):
    def told(own):
        """The last of each: how many come before depends on the pace of the machine."""
        return {event.replaces: event.adapted for event in own if isinstance(event, RemovalAccuracy)}

    assert told(list(stream_fine_tune(data=squares, **SHORT))) == told(events)
    assert told(list(stream_fine_tune(data=squares, **SHORT, seed=5))) != told(events)


def test_a_method_that_does_not_apply_is_told_once_and_the_others_go_on(squares):
    own = list(stream_fine_tune(data=squares, **{**SHORT, "methods": ("gradient", "attention_rollout")}))
    refused = Counter(event.method for event in own if isinstance(event, MethodRefused))
    assert refused == {"attention_rollout": 1}
    assert "gradient" in {each.method for each in own[-1].verdicts}


def test_later_pictures_refine_what_earlier_ones_told(squares, monkeypatch):
    monkeypatch.setattr(fine_tune, "BLOCK", 20)

    def told(due):
        monkeypatch.setattr(Pace, "due", lambda _: due)
        monkeypatch.setattr(fine_tune, "streams_at_once", lambda _: 1)
        own = list(stream_fine_tune(data=squares, **{**SHORT, "seeds": 1}))
        return [event for event in own if isinstance(event, FineTuneReady)]

    often = told(due=True)
    assert [(event.pictures, event.final) for event in often] == [(20, False), (40, False), (60, True)]
    assert len({event.replaces for event in often}) == 1
    assert told(due=False) == often[-1:], "the last one is told however long it takes"


def test_the_bundled_network_is_the_one_that_training_makes():
    making = Returning(explained_network(collect_data(), Recipe(), CPU))
    assert len(list(making)) == 1, "nothing is trained"
    assert making.result.labels == collect_data().labels


def test_each_network_tells_its_accuracy_on_whole_pictures(events):
    first, *told = [event for event in events if isinstance(event, FineTuned)]
    assert first.seed is None
    assert {event.seed for event in told} == {0, 1}, "whichever learns faster comes first"
    assert all(0.5 < event.accuracy <= 1 for event in (first, *told))


def test_the_curves_begin_at_the_accuracy_on_whole_pictures(events):
    """All test pictures are judged here, so it is what each network told of them."""
    told, last = {event.seed: event.accuracy for event in events if isinstance(event, FineTuned)}, events[-1]
    assert last.unadapted.by_seed == pytest.approx([told[None]])
    assert last.adapted.by_seed == pytest.approx([told[0], told[1]])


def test_maps_are_of_the_output_and_the_reduction_that_were_asked_for(squares):
    shares = (0.1, 0.2, 0.5)

    def curve(**asked):
        own = list(stream_fine_tune(("gradient",), squares, 60, 1, fractions=shares, device="cpu", **asked))
        return [accuracies(own)["gradient", "roar", share].unadapted.over_pictures for share in shares]

    usual = curve()
    assert curve(output="logit", reduction=find_method("gradient").reduction) == usual
    assert curve(reduction="sum") != usual


@pytest.mark.parametrize(("seed", "tuned"), [(0, 0), (1, 2)])
def test_what_it_takes_is_counted_before(monkeypatch, seed, tuned):
    """The copies of seed 0 ship."""
    made = Counter()

    def counted(network, inputs, labels):
        made["masked"] += len(inputs)
        return recognised(network, inputs, labels)

    monkeypatch.setattr(fine_tune, "recognised", counted)
    list(stream_fine_tune(("gradient",), pictures=5, seeds=2, seed=seed, device="cpu"))
    classifier = load_trained(BUNDLED_NETWORK, "cpu")
    workload = plan_fine_tune(classifier, HeatmapRequest(methods=("gradient",), seed=seed), pictures=5, seeds=2)
    learned, maps = tuned * bundled_pictures(), 5
    whole = 3 * 5
    assert made["masked"] == workload.passes - learned - maps + whole
    assert workload.cost.backward == learned + maps


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pictures": 0}, "At least one picture"),
        ({"seeds": 0}, "one seed"),
        ({"fractions": ()}, "between 0 and 1"),
        ({"fractions": (0.5, 1.0)}, "between 0 and 1"),
        ({"methods": ("grad_kam",)}, "grad_cam"),
        ({"network": "resnet"}, "resnet18_32"),
        ({"network": "torchvision/resnet19"}, "resnet18"),
        ({"unit": "square"}, "pixel, feature, region"),
        ({"unit": "region", "side": 100}, "100"),
        ({"fractions": (0.0001,)}, "none or all of them"),
    ],
)
def test_a_mistake_is_a_sentence_before_anything_is_trained(squares, wrong, said):
    with pytest.raises(ValueError, match=said):
        stream_fine_tune(data=squares, **{**SHORT, **wrong})


@pytest.mark.parametrize("unit", ["pixel", "feature", "region"])
def test_networks_learn_from_gaps_of_the_unit_that_they_are_asked_about(squares, monkeypatch, unit):
    gaps = []

    def watch(_network, draw, _held_out, _epochs, *_):
        gaps.append(draw(0)[0] == 0)
        yield EpochDone(1, 1, 0.0, 1.0, 1.0, 0.0)

    monkeypatch.setattr(adapting, "stream_training", watch)
    list(stream_fine_tune(data=squares, **{**SHORT, "pictures": 2, "seeds": 1}, unit=unit, side=4))
    (gone,) = gaps
    by_channel = (gone.any(dim=1) != gone.all(dim=1)).flatten(1).sum(dim=1) > 1
    quarters = gone[:, 0].view(-1, 2, 4, 2, 4).float().mean(dim=(2, 4)).flatten(1)
    of_regions = (((quarters > 0) & (quarters < 1)).sum(dim=1) <= 1) & (gone[:, 0].flatten(1).sum(dim=1) > 16)
    assert (by_channel.float().mean() > 0.4) == (unit == "feature")
    assert (of_regions.float().mean() > 0.3) == (unit == "region")


def test_pictures_that_are_left_out_are_told_first_then_those_that_are_used(squares):
    refused = PictureRefused("a.png", "It has no label.")
    used = replace(squares, refused=(refused,), division="By hand.", test=three_in_four(squares.test))
    stream = stream_fine_tune(data=used, **SHORT)
    assert next(stream) == refused
    assert next(stream) == DataReady("Squares", 2, 600, 60, (8, 8), 0.75, "By hand.")


def three_in_four(part):
    """Three in four of class 0."""
    return replace(part, labels=(torch.arange(len(part.labels)) % 4 == 0).long())


def test_few_pictures_are_seen_in_as_many_batches_as_the_bundled_ones(events, squares):
    epochs = [event.epochs for event in events if isinstance(event, EpochDone)]
    batches = {count * math.ceil(len(squares.train.labels) / BATCH) for count in epochs}
    assert batches == {10 * math.ceil(own * 94 / 10) for own in (3, 1)}, "94 batches are an epoch of 6,000 pictures"
    told = Counter(event.seed for event in events if isinstance(event, FineTuned))
    assert told == {None: 1, 0: 1, 1: 1}, "once each, after the last epoch"


def test_one_picture_is_judged_without_a_verdict(squares):
    asked = {**SHORT, "methods": ("gradient", "vargrad"), "pictures": 1, "seeds": 1}
    last = list(stream_fine_tune(data=squares, **asked))[-1]
    assert (last.pictures, last.final) == (1, True)
    assert {each.standing for each in last.verdicts} <= {"control", "unclear"}
