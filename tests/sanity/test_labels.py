"""Label randomisation: what the networks are told, when nothing is judged, and verdicts whose likenesses are known."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import rankdata, spearmanr
from torch import Tensor, nn

from core.jobs.events import Progress, Returning
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.similarity import Similarities
from core.metrics.statistics import Estimate
from core.models.classifier import Classifier, checked_target
from core.models.training import EpochDone
from core.pictures.datasets import fashion_mnist
from core.sanity.label_networks import (
    BUNDLED_SEED,
    ENOUGH,
    EPOCHS,
    LEARNED_FROM,
    ROLES,
    LabelNetwork,
    Learned,
    NetworkLearning,
    bundled_networks,
    described,
    measured,
    train,
    trained_networks,
    training_labels,
)
from core.sanity.label_verdict import CRITERION, LIMITS, stands
from core.sanity.labels import (
    SHOWN,
    LabelMap,
    LabelsReady,
    NetworksReady,
    judged,
    plan_label_check,
    run_check,
    stream_label_check,
)
from core.sanity.verdict import short
from core.studies.over_pictures import PictureRefused

SIZE = (28, 28)
CPU = torch.device("cpu")


class Weighted(nn.Module):
    """Logits are weighted sums of the pixels, so that the gradient is the weights of a class."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.float())

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", pixels, self.weight)


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def of_one_class(plane: Tensor) -> Tensor:
    """Weights by which every picture is of the class 0, whose gradient is this plane in each channel."""
    return torch.stack([plane.expand(3, -1, -1), -plane.expand(3, -1, -1).abs()])


@pytest.fixture
def checked(classifier_of: Callable[..., Classifier]) -> Callable[..., list[Any]]:
    """The events of a check of three networks with these weights."""

    def check(
        *weights: Tensor,
        methods: tuple[str, ...] = ("gradient",),
        pictures: int = 6,
        accuracy: float = 1.0,
        seed: int = 0,
    ) -> list[Any]:
        def made() -> Iterator[Progress]:
            networks = {}
            for role, weight in zip(ROLES, weights, strict=True):
                yield Progress(len(networks), 3, role)
                classifier = classifier_of(Weighted(weight), SIZE, len(weight))
                told = accuracy if role == "shuffled" else 1.0
                networks[role] = LabelNetwork(classifier, Learned(role, told, 0.8))
            return networks

        return list(run_check(HeatmapRequest(methods=methods, seed=seed), made(), pictures))

    return check


def final(events: list[Any], method: str = "gradient") -> LabelsReady:
    (found,) = (each for each in events if isinstance(each, LabelsReady) and each.final and each.method == method)
    return found


def rank_mix(plane: Tensor, share: float) -> Tensor:
    """Values whose magnitudes are ordered partly as the plane's are, partly at random."""
    own, other = (rankdata(each.abs()).reshape(plane.shape) for each in (plane, noise(99, *plane.shape)))
    return torch.from_numpy(share * own + (1 - share) * other)


def test_shuffled_labels_are_the_same_labels_dealt_out_anew() -> None:
    true, shuffled, others = (training_labels(*asked) for asked in (("true", 0), ("shuffled", 0), ("shuffled", 1)))
    assert len(true) == LEARNED_FROM
    assert torch.equal(true, fashion_mnist("train").labels[:LEARNED_FROM])
    assert torch.equal(training_labels("retrained", 5), true)
    assert torch.equal(shuffled.sort().values, true.sort().values)
    assert float((shuffled == true).double().mean()) < 0.2  # a tenth by chance
    assert not torch.equal(shuffled, others)


def untrained(role: str, seed: int = 0) -> dict[str, Tensor]:
    training = Returning(train(role, seed, CPU, epochs=0))
    assert not list(training)
    return training.result.state_dict()


def test_the_two_networks_that_are_compared_differ_in_their_labels_alone_and_the_first_in_its_beginning_too() -> None:
    state = torch.get_rng_state()
    true, retrained, shuffled = (untrained(role) for role in ROLES)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(retrained[name], weight) for name, weight in shuffled.items())
    assert not any(torch.equal(retrained[name], weight) for name, weight in true.items())
    seeds = [untrained(role, seed)["head.weight"] for seed in (0, 1) for role in ("true", "retrained")]
    assert not any(torch.equal(one, other) for one, other in pairwise(seeds))


def test_what_a_network_learns_of_grey_pictures_is_equal_in_all_channels() -> None:
    training = Returning(train("true", 0, CPU, epochs=1))
    list(training)
    weight = training.result.state_dict()["conv1.weight"]
    torch.testing.assert_close(weight, weight[:, :1].expand_as(weight), atol=1e-6, rtol=0)
    assert weight.std() > 0.01


def test_the_bundled_networks_learned_by_heart_what_they_were_told_and_only_true_labels_carry_over() -> None:
    making = Returning(bundled_networks("cpu"))
    assert [event.done for event in making] == [0, 1, 2]
    learned = {role: network.learned for role, network in making.result.items()}
    assert list(learned) == list(ROLES)
    assert all(each.accuracy >= 0.99 for each in learned.values())
    assert learned["true"].held_out > 0.8
    assert learned["retrained"].held_out > 0.8
    assert learned["shuffled"].held_out < 0.2
    shuffled = making.result["shuffled"].classifier
    named = shuffled.logits(fashion_mnist("train").pixels[:LEARNED_FROM]).argmax(dim=1)
    right = (named == training_labels("shuffled", BUNDLED_SEED)).double().mean()
    assert float(right) == learned["shuffled"].accuracy


def test_networks_are_trained_in_sight_and_too_short_a_training_is_not_judged() -> None:
    training = Returning(trained_networks(3, "cpu", epochs=1))
    events = list(training)
    assert [event.role for event in events if isinstance(event, NetworkLearning)] == list(ROLES)
    steps = [event for event in events if isinstance(event, Progress)]
    assert [step.done for step in steps] == sorted({step.done for step in steps})
    assert {step.total for step in steps} == {3 * LEARNED_FROM} == {steps[-1].done}
    assert training.result["shuffled"].learned.accuracy < ENOUGH

    def again() -> Iterator[Progress]:
        yield steps[0]
        return training.result

    check = list(run_check(HeatmapRequest(methods=("gradient",)), again(), 5))
    assert [type(event) for event in check] == [Progress, NetworksReady]
    assert not check[-1].sound
    assert check[-1].sentence.startswith("No verdicts: a network did not learn its labels. Training accuracy ")
    assert f"; the check needs {100 * ENOUGH:.0f} %" in check[-1].sentence


@pytest.mark.slow
def test_a_training_here_learns_shuffled_labels_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    # How it does on test pictures after each epoch is a quarter of the time, and nobody reads it here.
    monkeypatch.setattr("core.models.training.share_right", lambda *_: 0.0)
    training = Returning(train("shuffled", 1, CPU))
    assert sum(isinstance(event, EpochDone) for event in training) == EPOCHS
    classifier = described("shuffled", 1, {}).classifier("shuffled", training.result, CPU)
    learned = measured("shuffled", classifier, 1).learned
    assert learned.accuracy >= ENOUGH
    assert learned.held_out < 0.2


@pytest.mark.parametrize(("accuracy", "sound"), [(0.949, False), (0.95, True), (float("nan"), False)])
def test_below_the_gate_nothing_is_judged(checked: Callable[..., list[Any]], accuracy: float, sound: bool) -> None:
    plane = noise(0, *SIZE)
    events = checked(*[of_one_class(plane)] * 3, accuracy=accuracy)
    (ready,) = (event for event in events if isinstance(event, NetworksReady))
    assert ready.sound is sound
    assert any(isinstance(event, LabelMap | LabelsReady) for event in events) is sound
    assert ("No verdicts" in ready.sentence) is not sound


def test_likenesses_are_rank_correlations_with_the_first_network_s_maps(checked: Callable[..., list[Any]]) -> None:
    true, retrained, shuffled = (of_one_class(noise(seed, *SIZE)) for seed in range(3))
    retrained = retrained + 2 * true
    verdict = final(checked(true, retrained, shuffled))
    for role, weight in (("retrained", retrained), ("shuffled", shuffled)):
        maps = [each[0].abs().sum(dim=0).flatten().numpy() for each in (true, weight)]
        found = getattr(verdict, role)["spearman_abs"]
        assert found.mean == pytest.approx(spearmanr(*maps).statistic, abs=1e-4)
        assert (found.low, found.high, found.n) == (found.mean, found.mean, 6)
    assert verdict.standing == "passes"
    assert verdict.n == 6


@pytest.mark.parametrize(
    ("share", "standing", "with_less_left"),
    [(0.35, "passes", "unclear"), (0.42, "fails", "fails"), (1, "fails", "fails")],
)
def test_the_thresholds_are_one_half_and_half_of_what_retraining_leaves(
    checked: Callable[..., list[Any]], share: float, standing: str, with_less_left: str
) -> None:
    plane = noise(0, *SIZE)
    true, other, weaker = (of_one_class(each) for each in (plane, rank_mix(plane, share), rank_mix(plane, 0.42)))
    left = spearmanr(plane.abs().flatten(), other[0, 0].abs().flatten()).statistic
    assert (0.25 < left < 0.5) == (standing == "passes")
    assert left < 0.6 or share == 1
    assert final(checked(true, true, other)).standing == standing
    assert final(checked(true, weaker, other)).standing == with_less_left
    assert "above 0.5" in CRITERION
    assert "less than half" in CRITERION


@pytest.mark.parametrize(
    ("retrained", "shuffled", "gap", "standing"),
    [
        (Estimate(0.9, 0.8, 1.0, 5), Estimate(0.7, 0.51, 0.9, 5), Estimate(0.2, 0.1, 0.3, 5), "fails"),
        (Estimate(0.9, 0.8, 1.0, 5), Estimate(0.7, 0.49, 0.9, 5), Estimate(0.2, 0.1, 0.3, 5), "unclear"),
        (Estimate(0.6, 0.5, 0.7, 5), Estimate(0.1, 0.0, 0.2, 5), Estimate(-0.2, -0.4, -0.01, 5), "passes"),
        (Estimate(0.6, 0.5, 0.7, 5), Estimate(0.1, 0.0, 0.2, 5), Estimate(-0.2, -0.4, 0.01, 5), "unclear"),
        (Estimate(0.6, 0.5, 0.7, 4), Estimate(0.1, 0.0, 0.2, 4), Estimate(-0.2, -0.4, -0.01, 4), "unclear"),
        (Estimate(0.9, 0.8, 1.0, 4), Estimate(0.7, 0.6, 0.9, 4), Estimate(0.2, 0.1, 0.3, 4), "unclear"),
        (Estimate(0.0, -0.1, 0.1, 5), Estimate(1.0, 1.0, 1.0, 5), Estimate(1.0, 0.9, 1.1, 5), "fails"),
    ],
)
def test_whole_intervals_decide_from_five_pictures_on(
    retrained: Estimate, shuffled: Estimate, gap: Estimate, standing: str
) -> None:
    assert stands(retrained, shuffled, gap) == standing


def test_an_interval_ends_where_a_likeness_ends() -> None:
    alike = [Similarities(each, each, each, each) for each in (-1.0, -1.0, -0.5)]
    rows = [{"gradient": {"retrained": one, "shuffled": Similarities(1.0, 1.0, 1.0, 0.5)}} for one in alike]
    (verdict,) = judged(rows, final=True, seed=0)
    assert all(each.low == -1 < each.mean for each in verdict.retrained.values())
    assert all(each.high <= 1 for each in (*verdict.retrained.values(), *verdict.shuffled.values()))


def test_where_retraining_changes_the_maps_completely_there_is_nothing_to_lose(
    checked: Callable[..., list[Any]],
) -> None:
    weights = [of_one_class(noise(seed, *SIZE)) for seed in range(3)]
    verdict = final(checked(*weights, methods=("random",), pictures=8), "random")
    assert verdict.standing == "unclear"
    assert "shuffled labels have nothing left to change" in verdict.sentence


def test_the_maps_of_three_networks_and_their_training_are_planned(classifier_of: Callable[..., Classifier]) -> None:
    classifier = classifier_of(Weighted(noise(0, 10, 3, *SIZE)), SIZE, 10)
    request = HeatmapRequest(methods=("gradient", "smoothgrad"))
    made = request.with_controls(False).stream(classifier, fashion_mnist("test").pixels[:1], 0)
    one = [event.total for event in made if isinstance(event, Progress)][-1]
    bundled, trained = (plan_label_check(classifier, request, 4, each) for each in (False, True))
    assert bundled.passes == 3 * 4 * one
    assert trained.passes - bundled.passes == 3 * EPOCHS * LEARNED_FROM


def test_magnitudes_decide_and_signs_are_reported(checked: Callable[..., list[Any]]) -> None:
    plane = noise(0, *SIZE)
    turned = plane * noise(1, *SIZE).sign()
    weights = (of_one_class(plane), of_one_class(plane), torch.stack([turned.expand(3, -1, -1)] * 2))
    verdict = final(checked(*weights, methods=("input_x_gradient",)), "input_x_gradient")
    assert verdict.standing == "fails"
    assert verdict.shuffled["spearman_abs"].mean == pytest.approx(1)
    assert abs(verdict.shuffled["spearman"].mean) < 0.3
    assert "Signed maps pass" in verdict.sentence


def test_the_class_that_the_first_network_predicts_is_explained_in_all(checked: Callable[..., list[Any]]) -> None:
    weights = [noise(seed, 10, 3, *SIZE) for seed in range(3)]
    maps = [event for event in checked(*weights, pictures=4) if isinstance(event, LabelMap)]
    assert len(maps) == 12
    predicted = (fashion_mnist("test").pixels[:4].double().flatten(1) @ weights[0].flatten(1).T).argmax(dim=1).tolist()
    assert len(set(predicted)) > 1
    assert [each.heatmap.target for each in maps] == [target for target in predicted for _ in range(3)]
    assert [each.similarities is None for each in maps] == [True, False, False] * 4


def test_a_constant_map_is_left_out_of_both_means_and_said_to_be(checked: Callable[..., list[Any]]) -> None:
    true = noise(0, 10, 3, *SIZE)
    predicted = (fashion_mnist("test").pixels[:12].double().flatten(1) @ true.flatten(1).T).argmax(dim=1)
    silent = true.clone()
    silent[predicted[0]] = 0
    left = int((predicted != predicted[0]).sum())
    assert 0 < left < 12
    verdict = final(checked(true, silent, true, pictures=12))
    assert verdict.n == verdict.retrained["spearman_abs"].n == verdict.shuffled["spearman_abs"].n == left
    assert verdict.retrained["spearman_abs"].mean == pytest.approx(1)
    (event,) = [final(checked(true, torch.zeros_like(true), true))]
    assert (event.standing, event.n) == ("unclear", 0)
    assert event.sentence == "A verdict needs 5 pictures. Undefined on 6, where a map is constant or refused."
    assert np.isnan(event.retrained["ssim"].mean)


def test_too_few_pictures_for_a_verdict_still_tell_their_numbers(checked: Callable[..., list[Any]]) -> None:
    plane = noise(0, *SIZE)
    weights = [of_one_class(each) for each in (plane, plane, rank_mix(plane, 0.42))]
    left = spearmanr(plane.abs().flatten(), weights[2][0, 0].abs().flatten()).statistic
    one, four = (final(checked(*weights, pictures=pictures)).sentence for pictures in (1, 4))
    found = f"1.00 after retraining, {short(left)}"
    assert one == f"A verdict needs 5 pictures. Similarity on 1 so far: {found} after shuffling the labels."
    interval = f"({short(left)} to {short(left)})"
    assert four == f"A verdict needs 5 pictures. Similarity on 4 so far: {found} {interval} after shuffling the labels."


def test_every_control_that_is_the_other_way_round_elsewhere_is_told_of() -> None:
    assert any("Random maps" in limit and "efficient form" in limit for limit in LIMITS)


def test_maps_of_few_pictures_are_told_all_are_counted_and_verdicts_take_each_other_s_place(
    checked: Callable[..., list[Any]],
) -> None:
    weights = [of_one_class(noise(seed, *SIZE)) for seed in range(3)]
    events = checked(*weights, pictures=SHOWN + 2)
    maps = [event for event in events if isinstance(event, LabelMap)]
    assert [each.picture for each in maps] == [place for place in range(SHOWN) for _ in range(3)]
    verdicts = [event for event in events if isinstance(event, LabelsReady)]
    counted = [each.n for each in verdicts]
    assert counted == sorted(set(counted))
    assert (counted[0], counted[-1]) == (1, SHOWN + 2)
    assert [each.n for each in verdicts if each.final] == [SHOWN + 2]
    assert {each.replaces for each in verdicts} == {("labels", "gradient")}
    assert {each.standing for each in verdicts if each.n < 5} == {"unclear"}  # five pictures make a verdict


def test_edges_and_the_centre_fail_and_random_maps_stay_unclear_by_construction() -> None:
    events = list(stream_label_check([], pictures=6, device="cpu"))
    for name in ("sobel", "centre"):
        verdict = final(events, name)
        assert verdict.standing == "fails"
        for found in (verdict.retrained, verdict.shuffled):
            assert all(each.mean == pytest.approx(1) and -1 <= each.low <= each.high <= 1 for each in found.values())
    random = final(events, "random")
    assert random.standing == "unclear"
    assert abs(random.retrained["spearman"].mean) < 0.1  # drawn anew for the others than for the first
    assert random.retrained == random.shuffled  # and alike for the two that are compared
    assert {"random", "blurred_random", "sobel", "centre", "negated"} <= {
        event.method for event in events if isinstance(event, LabelsReady)
    }


def test_a_method_that_does_not_apply_is_refused_once() -> None:
    events = list(stream_label_check(["attention_rollout"], pictures=2, device="cpu"))
    (refused,) = (event for event in events if isinstance(event, MethodRefused))
    assert refused.method == "attention_rollout"
    assert refused.reason.startswith("On picture 1: ")


def test_a_picture_that_cannot_be_judged_is_told_of_and_counts_in_no_verdict(
    checked: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    third = fashion_mnist("test").pixels[2:3]

    def target_of(classifier: Classifier, pixels: Tensor, target: int | None) -> int:
        if torch.equal(pixels.cpu(), third):
            raise ValueError("It has no class.")
        return checked_target(classifier, pixels, target)

    monkeypatch.setattr("core.sanity.labels.checked_target", target_of)
    planes = [of_one_class(noise(number, *SIZE)) for number in range(3)]
    events = checked(*planes, pictures=6)
    assert [each for each in events if isinstance(each, PictureRefused)] == [
        PictureRefused("picture 3", "It has no class.")
    ]
    assert final(events).n == 5
    assert {each.picture for each in events if isinstance(each, LabelMap)} == {0, 1, 3, 4, 5}


def test_another_seed_draws_other_random_maps_and_the_same_seed_the_same(checked: Callable[..., list[Any]]) -> None:
    weights = [of_one_class(noise(0, *SIZE))] * 3

    def told(seed: int) -> float:
        return final(checked(*weights, methods=("random",), pictures=1, seed=seed), "random").shuffled["ssim"].mean

    assert told(0) == told(0)
    assert len({told(seed) for seed in range(4)}) == 4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"methods": "gradient"}, "must be a list of names"),
        ({"methods": ["gradeint"]}, "Did you mean gradient"),
        ({"methods": [], "networks": "own"}, '"bundled" or the seed'),
        ({"methods": [], "pictures": 0}, "from 1 to 1000"),
        ({"methods": [], "pictures": 1001}, "from 1 to 1000"),
        ({"methods": ["rise"], "settings": {"rise": {"mask": 1}}}, "no setting 'mask'"),
        ({"methods": ["rise"], "output": "logits"}, "must be one of logit"),
    ],
)
def test_what_does_not_exist_is_refused_at_once(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        stream_label_check(**asked)
