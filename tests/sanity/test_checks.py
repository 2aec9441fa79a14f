"""Quick checks on networks whose maps are known: what a class, a shift, a seed and random weights do to them."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import entropy, spearmanr
from torch import Tensor, nn

import core
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import list_controls
from core.models.classifier import Classifier
from core.models.randomising import find_groups, randomised
from core.randomness import picture_digest
from core.sanity import entropy_rise, input_shift, other_class, other_seed
from core.sanity.alterations import CONSTANT, Altered, Measured
from core.sanity.checks import CHECKS, CheckReady, find_check, in_turn, plan_checks, run_turn, stream_checks
from core.sanity.input_shift import SHIFTS, shifted
from core.studies.scoring import Subject

NAMES = [check.name for check in CHECKS]
BLIND = ("random", "blurred_random", "sobel", "centre")


class Weighted(nn.Module):
    """Logits are weighted sums of the pixels: the gradient is the weights, whatever the picture."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.double())

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", pixels, self.weight)


class Curved(Weighted):
    """Logits are squares of weighted sums, so that noise on the pixels changes the gradient."""

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nkhw", pixels, self.weight).pow(3).sum(dim=(2, 3))


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def weighted(classifier_of) -> Callable[..., Classifier]:
    """A linear classifier of such weights, with a mean colour of its own."""

    def make(weight: Tensor, kind: type[Weighted] = Weighted) -> Classifier:
        return classifier_of(kind(weight), classes=len(weight))

    return make


@pytest.fixture
def five(weighted) -> Classifier:
    return weighted(noise(1, 5, 3, 6, 8))


def run(classifier: Classifier, pixels: Tensor, methods: Iterable[str], **asked: object) -> dict:
    """What is said at last, by check and method."""
    events = stream_checks(classifier, pixels, list(methods), **asked)
    return {(each.check, each.method): each for each in events if isinstance(each, CheckReady) and each.final}


def explained(classifier: Classifier, pixels: Tensor, method: str, **asked: object) -> np.ndarray:
    return core.explain(classifier, pixels, [method], **asked)[method].values.numpy().ravel()


def ranked(classifier: Classifier, pixels: Tensor) -> list[int]:
    return classifier.logits(pixels)[0].argsort(descending=True).tolist()


# --- the stream


def test_every_check_says_its_last_word_on_every_map_once(five, pixels):
    events = list(stream_checks(five, pixels, ["gradient", "smoothgrad"]))
    shown = [event.heatmap.method for event in events if isinstance(event, HeatmapReady)]
    assert sorted(shown) == sorted({"gradient", "smoothgrad", *(entry.name for entry in list_controls(False))})
    assert all(event.final for event in events if isinstance(event, HeatmapReady))
    said = defaultdict(list)
    for event in events:
        if isinstance(event, CheckReady):
            said[event.check, event.method].append(event)
    assert sorted(said) == sorted((check, method) for check in NAMES for method in shown)
    for spoken in said.values():
        assert [each.final for each in spoken] == [False] * (len(spoken) - 1) + [True]
        assert len({each.replaces for each in spoken}) == 1
    assert len({event.replaces for spoken in said.values() for event in spoken}) == len(said)


def test_progress_never_goes_back_and_its_total_is_kept(five, pixels):
    events = stream_checks(five, pixels, ["gradient", "smoothgrad"])
    steps = [event for event in events if isinstance(event, Progress)]
    shares = [step.done / step.total for step in steps]
    first_run = next(place for place, step in enumerate(steps) if step.what.startswith(CHECKS[0].label))
    assert shares[first_run:] == sorted(shares[first_run:])
    assert max(shares) <= 1
    assert len({step.total for step in steps[first_run:]}) == 1


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_as_many_runs_are_planned_as_there_are_alterations(weighted, pixels, classes):
    classifier = weighted(noise(1, classes, 3, 6, 8))
    subject = Subject(classifier, pixels, target=1)
    assert [check.count(classifier) for check in CHECKS] == [len(check.alter(subject)) for check in CHECKS]


def test_the_passes_that_are_planned_are_those_of_the_progress(five, pixels):
    methods = ("gradient", "smoothgrad")
    steps = [event for event in stream_checks(five, pixels, methods) if isinstance(event, Progress)]
    assert plan_checks(five, HeatmapRequest(methods=methods), NAMES).passes == steps[-1].total


def test_each_check_says_something_before_any_has_said_all():
    assert in_turn([["a1", "a2", "a3"], [], ["b1"], ["c1", "c2"]]) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_only_what_is_asked_for_is_checked(five, pixels):
    assert {check for check, _ in run(five, pixels, ["gradient"], checks=["input_shift"])} == {"input_shift"}
    assert run(five, pixels, ["gradient"], checks=[]) == {}


def test_what_does_not_exist_or_fit_is_refused_at_once(five, pixels):
    with pytest.raises(ValueError, match="Did you mean other_class"):
        stream_checks(five, pixels, ["gradient"], checks=["other_clas"])
    with pytest.raises(ValueError, match="Did you mean gradient"):
        stream_checks(five, pixels, ["gradiend"])
    with pytest.raises(ValueError, match=r"needs pixels of shape \(1, 3, 6, 8\)"):
        stream_checks(five, pixels[:, :, 1:], ["gradient"])


def test_a_method_that_does_not_apply_is_refused_once_and_not_checked(five, pixels):
    events = list(stream_checks(five, pixels, ["guided_backprop", "gradient"]))
    assert [event.method for event in events if isinstance(event, MethodRefused)] == ["guided_backprop"]
    assert not [event for event in events if isinstance(event, CheckReady) and event.method == "guided_backprop"]


def test_a_method_that_does_not_apply_to_what_was_altered_says_why(five, pixels):
    altered = Altered("class 1", lambda: PassBank(five, pixels, Question(1), 0))
    made = {"guided_backprop": core.explain(five, pixels, ["gradient"])["gradient"]}
    *_, (method, measured) = run_turn(find_check("other_class"), altered, HeatmapRequest(), made)
    [reason] = [event.reason for event in stream_checks(five, pixels, [*made]) if isinstance(event, MethodRefused)]
    assert (method, measured) == ("guided_backprop", Measured("class 1", None, reason=reason))


def test_what_no_map_is_left_for_is_not_made_ready():
    def fail():
        raise AssertionError("The network was altered for nothing.")

    assert not list(run_turn(find_check("other_class"), Altered("class 1", fail), HeatmapRequest(), {}))


def test_a_constant_map_is_said_to_be_one(weighted, pixels):
    found = run(weighted(torch.ones(5, 3, 6, 8)), pixels, ["gradient"])
    for check in NAMES:
        said = found[check, "gradient"]
        assert (said.value, said.low, said.high, said.standing) == (None,) * 4
        assert "constant" in said.sentence


def test_two_runs_say_the_same_and_nothing_is_left_changed(five, pixels, fingerprint):
    before, chance = fingerprint(five), torch.get_rng_state()
    asked = five.dataset_mean, five.preprocessing, five._shift.clone()
    one, other = (run(five, pixels, ["gradient", "smoothgrad"]) for _ in range(2))
    assert one == other
    assert fingerprint(five) == before
    assert torch.equal(torch.get_rng_state(), chance)
    assert asked[:2] == (five.dataset_mean, five.preprocessing)
    assert torch.equal(asked[2], five._shift)


def test_each_check_says_what_passes_and_what_it_cannot_tell():
    assert len(set(NAMES)) == len(NAMES) == 4
    for check in CHECKS:
        assert all(word in check.criterion for word in ("Passes", "fails", "ours"))
        assert check.limits
        assert check.summary.endswith(".")
        assert check.paper


def length_of_change(one: np.ndarray, other: np.ndarray) -> float:
    return np.linalg.norm(other - one) / np.linalg.norm(one)


def rise_of_entropy(one: np.ndarray, other: np.ndarray) -> float:
    before, after = (entropy(np.histogram(each, bins=100)[0]) for each in (one, other))
    return after / before - 1


@pytest.mark.parametrize(
    ("words", "number", "checks"),
    [
        ("rank correlation", lambda *maps: spearmanr(*maps).statistic, ["other_class"]),
        ("Pearson's r", lambda *maps: np.corrcoef(*maps)[0, 1], ["repeatability"]),
        ("share of the map's norm", length_of_change, ["input_shift"]),
        ("relative rise of the map's entropy", rise_of_entropy, ["efficient"]),
    ],
)
def test_the_number_of_a_check_is_what_its_words_say(five, pixels, words, number, checks):
    assert [check.name for check in CHECKS if words in check.number] == checks
    made = core.explain(five, pixels, ["gradient"])["gradient"]
    skewed = replace(made, values=made.values.square() + 3 * noise(8, *made.values.shape).exp())
    found = find_check(checks[0]).compare(Altered("", lambda: None), made, skewed)
    maps = [heatmap.values.double().numpy().ravel() for heatmap in (made, skewed)]
    assert found.value == pytest.approx(number(*maps), abs=1e-6)


# --- another class


def test_another_class_of_a_linear_network_has_the_map_of_its_weights(five, pixels):
    target, near, _, middle, last = ranked(five, pixels)
    found = run(five, pixels, ["gradient", "input_x_gradient"], checks=["other_class"])
    weight = five.network.weight.detach()
    sizes = weight.abs().sum(dim=1).flatten(1)
    shares = (weight * pixels).sum(dim=1).flatten(1)
    expected = [spearmanr(sizes[target], sizes[other]).statistic for other in (middle, last)]
    said = found["other_class", "gradient"]
    assert [said.value, said.low, said.high] == pytest.approx([np.mean(expected), min(expected), max(expected)])
    either = [abs(spearmanr(shares[target], shares[other]).statistic) for other in (middle, last)]
    said = found["other_class", "input_x_gradient"]
    assert [said.value, said.low, said.high] == pytest.approx([np.mean(either), min(either), max(either)])
    assert said.standing == "passes"
    assert (
        f"{abs(spearmanr(shares[target], shares[near]).statistic):.2f} for the runner-up class {near}" in said.sentence
    )
    magnitudes = [spearmanr(shares[target].abs(), shares[other].abs()).statistic for other in (middle, last)]
    expected_range = f"{min(magnitudes):.2f} to {max(magnitudes):.2f}".replace("-", "−")
    assert f"Magnitudes alone: {expected_range}." in said.sentence


def test_the_classes_are_the_runner_up_the_middle_one_and_the_last(weighted, pixels):
    levels = torch.tensor([3.0, 7.0, 1.0, 5.0, 2.0, 6.0, 4.0]).double()
    classifier = weighted(levels[:, None, None, None].expand(7, 3, 6, 8))

    def names(target: int) -> list[str]:
        return [each.name for each in other_class.other_classes(Subject(classifier, pixels, target))]

    assert names(1) == ["class 5", "class 0", "class 2"]  # by level 6, 5, 4, 3, 2, 1
    assert names(2) == ["class 1", "class 6", "class 4"]  # by level 7, 6, 5, 4, 3, 2


def test_controls_that_look_at_no_model_fail_by_construction(five, pixels):
    found = run(five, pixels, [], checks=["other_class"])
    for control in BLIND:
        said = found["other_class", control]
        assert (said.value, said.low, said.high, said.standing) == (*[pytest.approx(1)] * 3, "fails")


def test_a_signed_map_upside_down_is_no_other_map(weighted, pixels):
    one = noise(3, 3, 6, 8)
    classifier = weighted(torch.stack([one, 0.5 * one, -0.5 * one, -one]))
    found = run(classifier, pixels, ["input_x_gradient", "gradient"], checks=["other_class"], target=0)
    for method in ("input_x_gradient", "gradient"):
        assert found["other_class", method].standing == "fails"
        assert found["other_class", method].low == pytest.approx(1)


def test_an_unsigned_map_that_lies_elsewhere_is_another_one(weighted, pixels):
    rising = torch.arange(1.0, 49.0).view(1, 1, 6, 8).expand(1, 3, 6, 8)
    classifier = weighted(torch.cat([rising, rising, 49 - rising, 49 - rising]))
    said = run(classifier, pixels, ["gradient"], checks=["other_class"], target=0)["other_class", "gradient"]
    # Two of the three others have weights that fall where these rise.
    assert said.low == pytest.approx(-1)
    shown = run(classifier, pixels, ["input_x_gradient"], checks=["other_class"], target=0, reduction="abs_sum")
    expected = spearmanr(
        *(explained(classifier, pixels, "input_x_gradient", target=k, reduction="abs_sum") for k in (0, 3))
    )
    assert shown["other_class", "input_x_gradient"].low <= expected.statistic < 0


def test_a_runner_up_with_the_same_map_is_told_and_not_judged(weighted, pixels):
    weight = noise(4, 4, 3, 6, 8) * 0.1
    weight[0] = weight[0].abs()
    weight[1] = 0.9 * weight[0]
    classifier = weighted(weight)
    assert ranked(classifier, pixels)[:2] == [0, 1]
    said = run(classifier, pixels, ["gradient"], checks=["other_class"])["other_class", "gradient"]
    assert said.standing == "passes"
    assert "1.00 for the runner-up class 1" in said.sentence


def test_what_is_explained_is_explained_of_the_other_class_too(five, pixels):
    target, _, _, middle, last = ranked(five, pixels)
    asked = {"output": "probability", "reduction": "max_abs"}
    said = run(five, pixels, ["gradient"], checks=["other_class"], **asked)["other_class", "gradient"]
    one, *others = (explained(five, pixels, "gradient", target=each, **asked) for each in (target, middle, last))
    assert said.value == pytest.approx(np.mean([spearmanr(one, other).statistic for other in others]))


@pytest.mark.parametrize("classes", [1, 2])
def test_without_an_unrelated_class_nothing_is_said(weighted, pixels, classes):
    said = run(weighted(noise(1, classes, 3, 6, 8)), pixels, ["gradient"], checks=["other_class"])
    assert {each.value for each in said.values()} == {None}
    assert {each.standing for each in said.values()} == {None}
    assert all("fewer than three classes" in each.sentence for each in said.values())


def test_a_class_whose_map_is_constant_is_named(weighted, pixels):
    weight = noise(1, 5, 3, 6, 8)
    weight[[0, 1, 3]] = weight[[0, 1, 3]].abs()
    weight[2], weight[4] = 0.0, -weight[4].abs()
    classifier = weighted(weight)
    target = ranked(classifier, pixels)[0]
    assert ranked(classifier, pixels)[3:] == [2, 4]
    said = run(classifier, pixels, ["gradient"], checks=["other_class"])["other_class", "gradient"]
    sizes = weight.abs().sum(dim=1).flatten(1)
    assert said.value == said.low == said.high == pytest.approx(spearmanr(sizes[target], sizes[4]).statistic)
    assert "Undefined for class 2: that map is constant." in said.sentence


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ((0.69, -0.9), "passes"),
        ((0.69, 0.70), "unclear"),
        ((0.1, 0.95), "unclear"),
        ((0.90, 0.99), "unclear"),
        ((0.91, 0.99), "fails"),
        ((None, 0.99), "fails"),
    ],
)
def test_the_standing_of_a_class_is_by_its_most_and_its_least_similar_map(values, standing):
    found = [Measured("near", 0.5), *(Measured("far", value, reason="" if value else CONSTANT) for value in values)]
    assert other_class.judge(found).standing == standing


def test_nothing_is_said_while_only_the_runner_up_is_known():
    assert other_class.judge([Measured("near", 0.99)])[:4] == (None,) * 4
    assert other_class.judge([Measured("near", None, reason=CONSTANT)])[:4] == (None,) * 4
    assert CONSTANT in other_class.judge([Measured("near", 0.9), Measured("far", None, reason=CONSTANT)]).sentence


# --- shifted input


def test_the_shifted_network_says_the_very_same_of_shifted_pixels(lite0, chelsea):
    moved = shifted(lite0, 0.25)
    assert torch.allclose(moved.logits(chelsea + 0.25), lite0.logits(chelsea), atol=1e-3)
    assert (moved.logits(chelsea) - lite0.logits(chelsea)).abs().max() > 0.1
    assert moved.dataset_mean == pytest.approx([level + 0.25 for level in lite0.dataset_mean])
    assert moved.preprocessing.mean == pytest.approx([level + 0.25 for level in lite0.preprocessing.mean])
    grey = Image.new("RGB", (300, 300), (51, 51, 51))
    assert torch.allclose(moved.prepare(grey), lite0.prepare(grey) + 0.25)


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("gradient", {}),
        ("smoothgrad", {}),
        ("integrated_gradients", {"baseline": "dataset_mean"}),
        *((control, {}) for control in BLIND),
    ],
)
def test_what_goes_by_differences_stays_as_it_is(five, pixels, method, settings):
    said = run(five, pixels, [method], checks=["input_shift"], settings={method: settings})["input_shift", method]
    assert [said.value, said.low, said.high] == pytest.approx([0, 0, 0], abs=1e-6)
    assert said.standing == "passes"


def test_noise_is_the_same_for_the_shifted_picture(weighted, pixels):
    settings = {"smoothgrad": {"level": 1.0, "samples": 3}}
    asked = {"checks": ["input_shift", "repeatability"], "settings": settings}
    found = run(weighted(noise(1, 5, 3, 6, 8), Curved), pixels, ["smoothgrad"], **asked)
    assert found["repeatability", "smoothgrad"].value < 0.9
    assert found["input_shift", "smoothgrad"].value == pytest.approx(0, abs=1e-6)


def test_input_times_gradient_moves_by_the_shift_times_the_gradient(five, pixels):
    target = ranked(five, pixels)[0]
    weight = five.network.weight.detach()[target]
    per_unit = float(weight.sum(dim=0).norm() / (weight * pixels[0]).sum(dim=0).norm())
    found = run(five, pixels, ["input_x_gradient", "integrated_gradients"], checks=["input_shift"])
    for method in ("input_x_gradient", "integrated_gradients"):  # from black, which does not go along
        said = found["input_shift", method]
        sizes = sorted(abs(shift) * per_unit for shift in SHIFTS)
        assert [said.low, said.high, said.value] == pytest.approx([sizes[0], sizes[-1], sizes[-1]], rel=1e-5)
        assert said.standing == "fails"


@pytest.mark.parametrize(
    ("values", "standing"),
    [((0.0, 0.0099), "passes"), ((0.0, 0.01), "unclear"), ((0.1, 0.0), "unclear"), ((0.0, 0.11), "fails")],
)
def test_the_standing_of_a_shift_is_by_the_one_that_moves_the_map_furthest(values, standing):
    assert input_shift.judge([Measured("a shift", value) for value in values]).standing == standing


# --- another seed


def test_what_draws_nothing_is_not_run_again(classifier_of, listening, pixels):
    classifier, fed = classifier_of(listening), []
    for checks in ([], [], ["repeatability"]):  # at first it is examined
        listening.fed.clear()
        found = run(classifier, pixels, ["gradient"], checks=checks)
        fed.append(len(listening.fed))
    said = found["repeatability", "gradient"]
    assert (said.value, said.low, said.high, said.standing) == (1, 1, 1, "passes")
    assert fed[1] == fed[2]


@pytest.mark.parametrize(
    ("method", "settings"),
    [("smoothgrad", {}), ("random", {}), ("integrated_gradients", {"baseline": "uniform_noise"})],
)
def test_repeatability_is_the_correlation_with_the_maps_of_the_next_seeds(weighted, pixels, method, settings):
    classifier = weighted(noise(1, 5, 3, 6, 8), Curved)
    asked = {"settings": {method: settings}}
    said = run(classifier, pixels, [method], checks=["repeatability"], seed=7, **asked)["repeatability", method]
    one, *others = (explained(classifier, pixels, method, seed=seed, **asked) for seed in (7, 8, 9))
    expected = [np.corrcoef(one, other)[0, 1] for other in others]
    assert [said.value, said.low, said.high] == pytest.approx(
        [np.mean(expected), min(expected), max(expected)], abs=1e-5
    )
    assert said.high < 1


def test_random_maps_are_not_repeated(five, pixels):
    found = run(five, pixels, [], checks=["repeatability"])
    assert found["repeatability", "random"].standing == "fails"
    assert found["repeatability", "sobel"].standing == "passes"


@pytest.mark.parametrize(
    ("values", "standing"),
    [((0.9, 0.95), "passes"), ((0.89, 0.95), "unclear"), ((0.2, 0.5), "unclear"), ((0.2, 0.49), "fails")],
)
def test_the_standing_of_a_seed_is_by_its_most_and_its_least_similar_map(values, standing):
    assert other_seed.judge([Measured("a seed", value) for value in values]).standing == standing


# --- random weights


def test_the_rise_is_that_of_the_entropy_of_random_weights(five, pixels):
    target = ranked(five, pixels)[0]

    def amount(weight: Tensor) -> float:
        counts, _ = np.histogram(weight[target].detach().abs().sum(dim=0).numpy(), bins=100)
        return float(entropy(counts))

    lost = [
        randomised(five, find_groups(five), pixels, 3, picture_digest(pixels), "draw", draw).network.weight
        for draw in range(entropy_rise.DRAWS)
    ]
    rises = [amount(weight) / amount(five.network.weight) - 1 for weight in lost]
    said = run(five, pixels, ["gradient"], checks=["efficient"], seed=3)["efficient", "gradient"]
    assert said.value == pytest.approx(np.mean(rises), abs=1e-6)
    assert said.low < said.value < said.high
    assert len(set(rises)) == entropy_rise.DRAWS


def test_every_picture_meets_random_networks_of_its_own(five, pixels):
    def weights(picture: Tensor, seed: int = 3) -> list[float]:
        lost = entropy_rise.random_weights(Subject(five, picture, 0, HeatmapRequest(seed=seed)))
        return [float(altered.bank().classifier.network.weight.sum()) for altered in lost]

    assert weights(pixels) == weights(pixels.clone())
    assert len({*weights(pixels), *weights(1 - pixels), *weights(pixels, seed=4)}) == 3 * entropy_rise.DRAWS


def test_a_map_of_one_pixel_comes_nearer_to_noise_and_one_of_many_values_becomes_simpler(weighted, pixels):
    single, many = torch.zeros(3, 3, 6, 8), torch.linspace(0.1, 1, 48).view(6, 8).expand(3, 3, 6, 8)
    single[:, :, 2, 3] = 1
    standings = [
        run(weighted(weight), pixels, ["gradient"], checks=["efficient"])["efficient", "gradient"]
        for weight in (single, many)
    ]
    assert [each.standing for each in standings] == ["passes", "unclear"]
    assert standings[0].low > 0 > standings[1].high
    assert "simpler" in standings[1].sentence


@pytest.mark.parametrize(
    ("ends", "standing"),
    [
        ((-0.009, 0.009), "fails"),
        ((0.001, 0.009), "fails"),
        ((0.001, 0.01), "passes"),
        ((0.0, 0.1), "unclear"),
        ((-0.01, 0.0), "unclear"),
        ((-0.3, -0.1), "unclear"),
    ],
)
def test_only_an_entropy_that_stays_fails(ends, standing):
    assert entropy_rise.standing_of(*ends)[0] == standing


def test_maps_that_look_at_no_model_do_not_rise(five, pixels):
    found = run(five, pixels, [], checks=["efficient"])
    for control in BLIND:
        said = found["efficient", control]
        assert (said.value, said.low, said.high, said.standing) == (0, 0, 0, "fails")


def test_draws_that_gave_a_constant_map_are_left_out_and_named():
    known = [Measured(f"draw {draw}", value) for draw, value in enumerate([0.2, 0.21, 0.19])]
    said = entropy_rise.judge([*known, Measured("draw 3", None, reason=CONSTANT)])
    assert said[:4] == entropy_rise.judge(known)[:4]
    assert said.standing == "passes"
    assert said.value == pytest.approx(0.2)
    assert said.sentence.endswith("Undefined for draw 3: that map is constant.")


def test_one_draw_is_too_few_to_judge():
    said = entropy_rise.judge([Measured("draw 0", 0.2)])
    assert said[:4] == (0.2, None, None, "unclear")
    assert not math.isnan(said.value)
    assert entropy_rise.judge([Measured("draw 0", None, reason=CONSTANT)])[:4] == (None,) * 4


def test_a_function_has_no_weights_to_draw_anew(pixels):
    classifier = core.as_classifier(lambda batch: batch.mean(dim=(2, 3)), (6, 8), ("red", "green", "blue"))
    said = run(classifier, pixels.float(), ["occlusion"], checks=["efficient"])["efficient", "occlusion"]
    assert (said.value, said.standing) == (None, None)
    assert "no parameters" in said.sentence


# --- a trained network


@pytest.mark.slow
def test_guided_backprop_draws_one_map_for_all_classes_and_the_gradient_does_not(squeezenet, chelsea_for_squeezenet):
    asked = {"checks": ["other_class", "input_shift"]}
    found = run(squeezenet, chelsea_for_squeezenet, ["gradient", "guided_backprop", "input_x_gradient"], **asked)
    assert found["other_class", "guided_backprop"].standing == "fails"
    assert found["other_class", "guided_backprop"].low > found["other_class", "gradient"].high
    assert found["input_shift", "gradient"].standing == "passes"
    assert found["input_shift", "input_x_gradient"].standing == "fails"
