"""The randomisation check on networks whose maps are known, and on a plain ReLU network whose outcome is published."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from PIL.Image import Image
from scipy.stats import spearmanr
from torch import Tensor, nn

import core
from core.jobs.events import Progress
from core.methods import registry
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.methods.passes import PassBank
from core.metrics.statistics import intervals
from core.models.classifier import Classifier
from core.models.randomising import find_groups, randomised
from core.randomness import generator, picture_digest
from core.sanity.many_pictures import PictureChecked
from core.sanity.network_maps import noisy, of_unit_length
from core.sanity.randomisation import (
    StageReady,
    StagesFound,
    check_randomisation,
    means_by_draw,
    plan_randomisation,
    stream_randomisation,
    verdict_of,
    visiting_plan,
)
from core.sanity.verdict import VerdictReady

SIZE = (24, 32)


@pytest.fixture
def small(classifier_of: Callable[..., Classifier]) -> Classifier:
    """Three convolutions that ReLUs part."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 3),
        )
    return classifier_of(network, size=SIZE)


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(4))


def stages_of(events: list[object]) -> list[StageReady]:
    return [event for event in events if isinstance(event, StageReady)]


def test_everything_is_randomised_first_then_the_middle_is() -> None:
    assert visiting_plan(8, 1) == [(8, 0), (4, 0), (2, 0), (6, 0), (1, 0), (3, 0), (5, 0), (7, 0)]
    assert visiting_plan(2, 3) == [(2, 0), (2, 1), (2, 2), (1, 0), (1, 1), (1, 2)]
    assert visiting_plan(1, 1) == [(1, 0)]


def test_the_stream_tells_its_stages_then_the_trained_maps_then_the_last_stage(
    small: Classifier, picture: Tensor
) -> None:
    events = list(stream_randomisation(small, picture, ["gradient"], draws=2))
    assert isinstance(events[0], StagesFound)
    told = [event for event in events if not isinstance(event, Progress)]
    firsts = [place for place, event in enumerate(told) if isinstance(event, StageReady)]
    assert all(isinstance(event, HeatmapReady) and event.final for event in told[1 : firsts[0]])
    number = len(events[0].stages)
    visited = list(dict.fromkeys((point.stage, point.draw) for point in stages_of(events)))
    assert visited == visiting_plan(number, 2)
    assert events[0].stages[-1].share == 1.0


def test_the_trained_network_is_no_stage_and_in_no_mean(small: Classifier, picture: Tensor) -> None:
    events = list(stream_randomisation(small, picture, ["gradient"], draws=1))
    own = [point for point in stages_of(events) if point.method == "gradient"]
    assert min(point.stage for point in own) == 1
    assert all(point.share_randomised > 0 for point in own)
    (verdict,) = [e for e in events if isinstance(e, VerdictReady) and e.method == "gradient" and e.final]
    told = [point.spearman_abs for point in own if point.spearman_abs is not None]
    assert verdict.mean.value == pytest.approx(sum(told) / len(told), abs=1e-12)
    (last,) = [point.spearman_abs for point in own if point.share_randomised == 1.0]
    assert verdict.last.value == pytest.approx(last)


def test_a_likeness_is_the_rank_correlation_with_the_map_of_the_network_that_forgot(
    small: Classifier, picture: Tensor
) -> None:
    points = check_randomisation(small, picture, ["gradient"], target=1, seed=3, draws=2)
    groups = find_groups(small)
    trained = core.explain(small, picture, ["gradient"], target=1, seed=3)["gradient"].values
    for point in (each for each in points if each.method == "gradient"):
        lost = randomised(small, groups[len(groups) - point.stage :], picture, 3, picture_digest(picture), point.draw)
        values = core.explain(lost, picture, ["gradient"], target=1, seed=3)["gradient"].values
        assert point.heatmap is not None
        assert torch.equal(point.heatmap.values, values)
        if values.amax() > values.amin():
            assert point.spearman_abs == pytest.approx(spearmanr(trained.abs().ravel(), values.abs().ravel())[0])


def test_maps_that_ignore_the_model_fail_by_construction(small: Classifier, picture: Tensor) -> None:
    points = check_randomisation(small, picture, [])
    for name in ("sobel", "centre"):
        own = [point for point in points if point.method == name]
        assert own
        for point in own:
            assert point.spearman == point.spearman_abs == pytest.approx(1)
            assert point.ssim == pytest.approx(1)
            assert point.hog == pytest.approx(1)
        assert verdict_at_the_end(small, picture, name).standing == "fails"


def test_a_random_map_passes_by_construction_since_it_is_drawn_anew(small: Classifier, picture: Tensor) -> None:
    points = [point for point in check_randomisation(small, picture, [], draws=2) if point.method == "random"]
    maps = [tuple(point.heatmap.values.flatten().tolist()) for point in points if point.heatmap]
    assert len(set(maps)) == len(points) > 2
    assert all(abs(point.spearman_abs or 1.0) < 0.15 for point in points)
    assert verdict_at_the_end(small, picture, "random").standing == "passes"


def verdict_at_the_end(classifier: Classifier, picture: Tensor, method: str) -> VerdictReady:
    events = stream_randomisation(classifier, picture, [], draws=2)
    (found,) = [e for e in events if isinstance(e, VerdictReady) and e.method == method and e.final]
    return found


def test_nothing_but_the_weights_changes_for_methods_that_draw(small: Classifier, picture: Tensor) -> None:
    """SmoothGrad's noise at every stage is that of the trained network."""
    (point,) = [
        each
        for each in check_randomisation(small, picture, ["smoothgrad"], target=0, seed=5)
        if each.method == "smoothgrad" and each.share_randomised == 1.0
    ]
    lost = randomised(small, find_groups(small), picture, 5, picture_digest(picture), 0)
    assert point.heatmap is not None
    alone = core.explain(lost, picture, ["smoothgrad"], 0, 5)["smoothgrad"].values
    assert torch.allclose(point.heatmap.values, alone, rtol=1e-4, atol=0)


def test_methods_of_one_stage_share_their_passes(small: Classifier, picture: Tensor) -> None:
    points = check_randomisation(small, picture, ["smoothgrad", "smoothgrad_squared", "vargrad"])
    for stage in {point.stage for point in points}:
        ensemble = [
            p.heatmap for p in points if p.stage == stage and p.method.endswith(("smoothgrad", "_squared", "vargrad"))
        ]
        assert sum(heatmap.passes.backward for heatmap in ensemble if heatmap) == 15


@pytest.mark.parametrize("mode", ["cascading", "bottom_up"])
def test_both_cascades_end_in_the_same_network(small: Classifier, picture: Tensor, mode: str) -> None:
    points = check_randomisation(small, picture, ["gradient"], mode=mode)  # type: ignore[arg-type]
    last = [point for point in points if point.method == "gradient"][-1]
    other = [p for p in check_randomisation(small, picture, ["gradient"], mode="cascading") if p.method == "gradient"][
        -1
    ]
    assert last.share_randomised == 1.0
    assert last.spearman == other.spearman


def test_shares_of_single_groups_make_one_together(small: Classifier, picture: Tensor) -> None:
    points = check_randomisation(small, picture, ["gradient"], mode="independent")
    assert sum(p.share_randomised for p in points if p.method == "gradient") == pytest.approx(1)
    verdicts = [e for e in stream_randomisation(small, picture, [], mode="independent") if isinstance(e, VerdictReady)]
    assert all(each.last.value != each.last.value for each in verdicts)  # nothing there is randomised wholly


def test_two_runs_are_bit_identical_and_another_seed_is_not(small: Classifier, picture: Tensor) -> None:
    def told(seed: int) -> list[tuple[object, ...]]:
        points = check_randomisation(small, picture, ["gradient"], seed=seed)
        return [(p.method, p.stage, p.spearman, p.ssim, p.hog) for p in points]

    assert told(0) == told(0)
    assert told(0) != told(1)


def test_the_smooth_form_is_the_mean_over_noisy_copies_of_maps_of_one_length(
    classifier_of: Callable[..., Classifier], linear: nn.Module, pixels: Tensor
) -> None:
    """A linear network has one gradient everywhere, so its mean is that gradient at length one."""
    classifier = classifier_of(linear)
    events = stream_randomisation(classifier, pixels, ["gradient"], smooth=3, draws=1)
    (smooth,) = [e.heatmap for e in events if isinstance(e, HeatmapReady) and e.heatmap.method == "gradient"]
    plain = core.explain(classifier, pixels, ["gradient"])["gradient"].values
    assert torch.allclose(smooth.values, of_unit_length(plain))
    assert any("3 noisy copies" in note for note in smooth.notes)


def test_the_smooth_form_meets_the_same_noise_at_every_stage(small: Classifier, picture: Tensor) -> None:
    for name in ("sobel", "centre"):  # these see the noisy pictures, and no model
        points = [p for p in check_randomisation(small, picture, [], smooth=2) if p.method == name]
        assert all(point.spearman_abs == pytest.approx(1) for point in points)


def test_zeros_stay_zeros_at_any_length() -> None:
    assert not of_unit_length(torch.zeros(2, 2)).any()


def test_a_blank_map_has_no_likeness_and_is_counted() -> None:
    points = [stage_ready(1, 0, None), stage_ready(2, 0, 0.5), stage_ready(1, 1, 0.25), stage_ready(2, 1, None)]
    assert means_by_draw(points) == [0.5, 0.25]
    verdict = verdict_of("gradient", points, 2, "cascading", None, final=True)
    assert (verdict.blank, verdict.mean.value, verdict.last.value) == (2, 0.375, 0.5)
    assert "2 of 4 maps" in verdict.sentence


def stage_ready(stage: int, draw: int, spearman_abs: float | None) -> StageReady:
    return StageReady("gradient", stage, "layer", stage / 2, draw, None, spearman_abs=spearman_abs)


def test_a_dead_network_gives_blank_maps_and_no_zero(classifier_of: Callable[..., Classifier], picture: Tensor) -> None:
    class Dying(nn.Module):
        """Answers as long as its weight is what it was."""

        def __init__(self) -> None:
            super().__init__()
            self.alive = nn.Parameter(torch.ones(1))

        def forward(self, pixels: Tensor) -> Tensor:
            return (self.alive == 1) * pixels.square().mean(dim=(2, 3))

    points = check_randomisation(classifier_of(Dying(), size=SIZE), picture, ["gradient"])
    own = [point for point in points if point.method == "gradient"]
    assert own
    assert all((p.spearman, p.spearman_abs, p.ssim, p.hog) == (None, None, None, None) for p in own)


def test_the_model_and_the_global_state_are_untouched_even_by_a_check_that_is_cancelled(
    squeezenet: Classifier, chelsea_for_squeezenet: Tensor, fingerprint: Callable[[Classifier], str]
) -> None:
    before, state = fingerprint(squeezenet), torch.get_rng_state()
    stream = stream_randomisation(squeezenet, chelsea_for_squeezenet, ["gradient", "guided_backprop"], draws=1)
    for event in stream:
        if isinstance(event, StageReady):
            break
    stream.close()  # type: ignore[attr-defined]
    assert fingerprint(squeezenet) == before
    assert torch.equal(torch.get_rng_state(), state)


def test_a_method_that_does_not_apply_is_refused_once_and_has_no_stage(small: Classifier, picture: Tensor) -> None:
    events = list(stream_randomisation(small, picture, ["attention_rollout", "gradient"], draws=2))
    assert [event.method for event in events if isinstance(event, MethodRefused)] == ["attention_rollout"]
    assert not any(point.method == "attention_rollout" for point in stages_of(events))
    with pytest.raises(core.Unfit, match="attention_rollout"):
        check_randomisation(small, picture, ["attention_rollout"])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"mode": "sideways"}, "The mode must be one of cascading, bottom_up, independent, not 'sideways'."),
        ({"draws": 0}, "draws must be a whole number from 1 on, not 0."),
        ({"smooth": 0}, "smooth must be a whole number from 1 on, not 0."),
        ({"groups": 1}, "at least 2 groups"),
        ({"target": 7}, "there is no class 7"),
        ({"methods": ["gradeint"]}, "gradient"),
        ({"settings": {"gradient": {"samples": 3}}}, "has no setting"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_runs(
    small: Classifier, picture: Tensor, wrong: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        stream_randomisation(small, picture, **{"methods": ["gradient"], **wrong})  # type: ignore[arg-type]


@pytest.mark.slow
def test_gradient_passes_and_guided_backprop_fails_on_a_plain_relu_network(small_squeezenet: Classifier) -> None:
    """Adebayo et al. 2018 in direction, over two opposite corners of the first six photos.

    Guided backprop hardly notices what upper layers forget.
    """
    photos = [core.open_picture(each.path) for each in core.gallery()[:6]]
    crops = [crop for photo in photos for crop in opposite_corners(photo)]
    events = list(core.stream_sanity_study(small_squeezenet, crops, ["gradient", "guided_backprop"]))
    checked = [event for event in events if isinstance(event, PictureChecked)]
    likeness = {
        method: [means_by_draw([p for p in each.points if p.method == method])[0] for each in checked]
        for method in ("gradient", "guided_backprop")
    }
    assert len(checked) == len({picture_digest(small_squeezenet.prepare(crop)) for crop in crops}) == 12
    verdicts = {event.method: event for event in events if isinstance(event, VerdictReady) and event.final}
    assert verdicts["gradient"].standing == "passes"
    assert verdicts["guided_backprop"].standing == "fails"
    paired = np.array(likeness["guided_backprop"]) - np.array(likeness["gradient"])
    assert intervals(paired[:, None], 0)[1, 0] > 0


def opposite_corners(photo: Image) -> tuple[Image, Image]:
    """Squares of three quarters of the shorter side."""
    side = 3 * min(photo.size) // 4
    return photo.crop((0, 0, side, side)), photo.crop((photo.width - side, photo.height - side, *photo.size))


def test_records_hold_maps_for_looking_at(small: Classifier, picture: Tensor) -> None:
    points = check_randomisation(small, picture, ["gradient"])
    assert all(isinstance(point.heatmap, Heatmap) for point in points if point.method == "gradient")


def test_the_smooth_form_is_recomputed_by_hand(small: Classifier, picture: Tensor) -> None:
    """Noise of 15 % of the picture's range, new for each copy, and maps of one length."""
    events = stream_randomisation(small, picture, ["gradient"], target=1, seed=3, smooth=2, draws=1)
    (smooth,) = [e.heatmap for e in events if isinstance(e, HeatmapReady) and e.heatmap.method == "gradient"]
    digest, expected = picture_digest(picture), torch.zeros(SIZE)
    for copy in range(2):
        noise = torch.randn(picture.shape, generator=generator(3, digest, "smooth", copy))
        seen = picture + 0.15 * (picture.max() - picture.min()) * noise
        values = core.explain(small, seen, ["gradient"], target=1, seed=3)["gradient"].values
        expected += values / values.norm() / 2
    assert torch.allclose(smooth.values, expected, atol=1e-6)


@pytest.fixture
def moody() -> Iterator[dict[str, float]]:
    """A method that refuses pictures whose first value is below what it was told."""
    limit = {"value": float("-inf")}

    def moody(passes: PassBank) -> Tensor:
        """Refuses some pictures."""
        if passes.pixels.flatten()[0] < limit["value"]:
            raise registry.Unfit("It is in no mood for this picture.")
        return passes.gradient()

    registry.method(label="Moody", family="gradient", signed=True, paper="")(moody)
    yield limit
    del registry._METHODS["moody"]


@pytest.mark.parametrize("refused_copy", [0, 1])
def test_a_method_that_refuses_a_noisy_copy_is_refused_once_and_has_no_map(
    small: Classifier, picture: Tensor, moody: dict[str, float], refused_copy: int
) -> None:
    def first_values(seed: int) -> list[float]:
        return [float(noisy(picture, seed, picture_digest(picture), copy).flatten()[0]) for copy in range(2)]

    seed = next(seed for seed in range(100) if first_values(seed)[refused_copy] < first_values(seed)[1 - refused_copy])
    moody["value"] = sum(first_values(seed)) / 2
    events = list(stream_randomisation(small, picture, ["moody"], seed=seed, smooth=2, draws=1))
    assert [e.method for e in events if isinstance(e, MethodRefused)] == ["moody"]
    assert not any(e.heatmap.method == "moody" for e in events if isinstance(e, HeatmapReady))
    assert not any(point.method == "moody" for point in stages_of(events))


def test_a_method_that_refuses_a_random_network_says_why_at_that_stage(
    classifier_of: Callable[..., Classifier], picture: Tensor
) -> None:
    """Completeness of LRP and the like is checked anew on each network."""

    def fussy(passes: PassBank) -> Tensor:
        """Applies to the trained network only."""
        if passes.classifier.network[2].weight[0, 0] != 1:
            raise registry.Unfit("These are not my weights.")
        return passes.gradient()

    registry.method(label="Fussy", family="gradient", signed=True, paper="")(fussy)
    try:
        network = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 3))
        with torch.no_grad():
            network[2].weight[0, 0] = 1
        points = check_randomisation(classifier_of(network, size=SIZE), picture, ["fussy"])
    finally:
        del registry._METHODS["fussy"]
    own = [point for point in points if point.method == "fussy"]
    assert own
    assert all(point.heatmap is None and point.reason == "These are not my weights." for point in own)
    assert all(point.spearman_abs is None for point in own)


def test_a_network_without_gradients_can_be_checked(classifier_of: Callable[..., Classifier], picture: Tensor) -> None:
    """The control that turns a gradient round does not apply there, and nobody asked for it."""

    class Detached(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 3)

        def forward(self, pixels: Tensor) -> Tensor:
            return self.head(pixels.detach().square().mean(dim=(2, 3)))

    points = check_randomisation(classifier_of(Detached(), size=SIZE), picture, ["occlusion"])
    assert {point.method for point in points} >= {"occlusion", "sobel", "random"}
    assert "negated" not in {point.method for point in points}


def test_what_is_asked_is_asked_of_random_networks_too(small: Classifier, picture: Tensor) -> None:
    asked = {"settings": {"smoothgrad": {"samples": 2}}, "output": "probability", "reduction": "max_abs"}
    points = check_randomisation(small, picture, ["smoothgrad"], target=2, **asked)  # type: ignore[arg-type]
    own = next(each for each in points if each.method == "smoothgrad" and each.share_randomised == 1.0)
    lost = randomised(small, find_groups(small), picture, 0, picture_digest(picture), 0)
    alone = core.explain(lost, picture, ["smoothgrad"], target=2, **asked)["smoothgrad"]  # type: ignore[arg-type]
    assert own.heatmap is not None
    assert torch.allclose(own.heatmap.values, alone.values, rtol=1e-4, atol=0)


def test_unrelated_maps_hang_on_the_seed(small: Classifier, picture: Tensor) -> None:
    one, other = (
        [p.spearman for p in check_randomisation(small, picture, [], seed=seed) if p.method == "random"]
        for seed in (0, 1)
    )
    assert one != other


def test_a_verdict_on_one_picture_looks_at_the_last_stage_too() -> None:
    points = [stage_ready(1, draw, 0.1) for draw in (0, 1)] + [stage_ready(2, draw, 0.8) for draw in (0, 1)]
    assert verdict_of("gradient", points, 2, "cascading", None, final=True).standing == "fails"
    assert verdict_of("gradient", points, 2, "independent", None, final=True).standing == "passes"


def test_no_verdict_before_every_stage_has_been_seen() -> None:
    """The last stage comes first, and by itself lets nearly every method pass."""
    early = verdict_of("gradient", [stage_ready(2, draw, 0.1) for draw in (0, 1)], 2, "cascading", None, final=False)
    assert early.standing == "unclear"
    assert early.sentence.startswith("So far")


def test_a_verdict_counts_the_draws_that_gave_a_map() -> None:
    points = [stage_ready(stage, draw, 0.1) for stage in (1, 2) for draw in (0, 1)]
    blank = [stage_ready(stage, 2, None) for stage in (1, 2)]
    verdict = verdict_of("gradient", points + blank, 2, "cascading", None, final=True)
    assert (verdict.n, verdict.blank) == (2, 2)
    assert "2 draws" in verdict.sentence


def test_the_passes_that_were_planned_are_the_passes_that_are_made(small: Classifier, picture: Tensor) -> None:
    methods = ("gradient", "smoothgrad")
    events = list(stream_randomisation(small, picture, methods, draws=2, groups=3))
    maps = [event.heatmap for event in events if isinstance(event, HeatmapReady | StageReady) and event.heatmap]
    planned = plan_randomisation(small, HeatmapRequest(methods=methods), "cascading", draws=2, groups=3, smooth=1)
    assert planned.passes == sum(each.passes.backward for each in maps) > 0
    smooth = plan_randomisation(small, HeatmapRequest(methods=methods), "cascading", draws=2, groups=3, smooth=4)
    assert smooth.passes == 4 * planned.passes
