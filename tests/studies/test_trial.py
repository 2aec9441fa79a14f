"""A trial brings its controls, sharpens its scores, and ends with a verdict for every map."""

import pytest

import core
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import CurvePoint, collect
from core.metrics.fidelity import FidelityReady
from core.pictures.datasets import fashion_mnist
from core.studies.scoring import ScoresReady
from core.studies.trial import plan_trial


@pytest.fixture
def fashion_trial():
    """A short trial on the first picture of Fashion-MNIST."""
    classifier = core.load_classifier("fashion_cnn", device="cpu")

    def run(**asked):
        pixels = fashion_mnist("test").pixels[:1].contiguous()
        return list(core.stream_trial(classifier, pixels, ["gradient"], steps=4, randoms=2, **asked))

    return run


CONTROLS = {"random", "blurred_random", "sobel", "centre", "negated"}


def test_controls_are_always_there_and_every_map_gets_a_final_score(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=2))
    final = [event.fidelity for event in events if isinstance(event, FidelityReady) and event.final]
    assert {fidelity.method for fidelity in final} == {"gradient", *CONTROLS}
    scores = {fidelity.method: fidelity.value for fidelity in final}
    assert scores["negated"] == pytest.approx(-scores["gradient"], abs=0.05)  # equal pixels fall otherwise
    assert [fidelity.value for fidelity in final] == sorted((fidelity.value for fidelity in final), reverse=True)
    assert {fidelity.method for fidelity in final if fidelity.verdict == "control"} == CONTROLS


def test_rough_scores_come_before_final_ones_and_the_last_points_before_those(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=1))
    scored = [event for event in events if isinstance(event, FidelityReady)]
    assert [event.final for event in scored] == [False] * 6 + [True] * 6
    points = [event for event in events if isinstance(event, CurvePoint)]
    assert len(points) == 9 * 3 * 6


@pytest.mark.parametrize(("steps", "unit"), [(48, "pixel"), (49, "pixel"), (500, "pixel"), (200, "feature")])
def test_scores_are_final_once_every_count_is_visited_also_where_there_are_more_steps_than_places(
    classifier_of, linear, pixels, steps, unit
):
    asked = {"methods": ["gradient"], "steps": steps, "randoms": 1, "unit": unit, "y": "accuracy"}
    events = list(core.stream_trial(classifier_of(linear, batch=64), pixels, **asked))
    final = [event.fidelity for event in events if isinstance(event, FidelityReady) and event.final]
    assert sorted(fidelity.method for fidelity in final) == sorted({"gradient", *CONTROLS})
    last = max(place for place, event in enumerate(events) if isinstance(event, CurvePoint))
    assert last < min(place for place, event in enumerate(events) if isinstance(event, FidelityReady) and event.final)
    visited = {event.fraction for event in events if isinstance(event, CurvePoint)}
    places = 48 if unit == "pixel" else 144
    assert len(visited) == 1 + min(steps, places)


def test_scores_are_those_of_the_finished_curves(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=4, randoms=1))
    heatmap = next(
        event.heatmap for event in events if isinstance(event, core.HeatmapReady) and event.heatmap.method == "gradient"
    )
    curves = core.perturb(
        squeezenet, chelsea_for_squeezenet, {"gradient": heatmap.values}, heatmap.target, steps=4, randoms=1
    )
    (score,) = [
        event.fidelity
        for event in events
        if isinstance(event, FidelityReady) and event.final and event.fidelity.method == "gradient"
    ]
    assert abs(score.value - (curves["gradient", "lif"].area - curves["gradient", "mif"].area)) < 1e-5


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"imputer": "gray"}, "Did you mean grey"),
        ({"y": "loss"}, "y must be one of"),
        ({"target": 1000}, "no class 1000"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(squeezenet, chelsea_for_squeezenet, asked, message):
    with pytest.raises(ValueError, match=message):
        next(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], **asked))


def test_further_metrics_come_after_the_curves_and_those_of_every_trial_are_not_told_twice(fashion_trial):
    events = fashion_trial(metrics=["fidelity", "deletion", "mif_area"])
    scores = {event.method: event.scores for event in events if isinstance(event, ScoresReady)}
    heatmaps = {event.heatmap.method for event in events if isinstance(event, HeatmapReady)}
    assert scores.keys() == heatmaps
    assert all(each.keys() == {"deletion", "mif_area"} for each in scores.values())
    points = [event for event in events if isinstance(event, CurvePoint) and event.order == "mif"]
    for name, each in scores.items():
        assert each["mif_area"] == pytest.approx(collect(points, name, "mif").area)


@pytest.mark.parametrize("unit", ["region", "superpixel", "feature"])
def test_any_unit_makes_a_whole_trial(fashion_trial, unit):
    final = [event for event in fashion_trial(unit=unit, side=4) if isinstance(event, FidelityReady) and event.final]
    assert {event.fidelity.method for event in final} >= {"gradient", "random", "negated"}


def test_a_unit_or_metric_that_does_not_exist_is_refused_before_any_work(fashion_trial):
    with pytest.raises(ValueError, match="pixel, region, superpixel, feature"):
        fashion_trial(unit="patch")
    with pytest.raises(ValueError, match="Did you mean deletion"):
        fashion_trial(metrics=["deltion"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"settings": {"gradient": {"samples": 1}}}, "gradient has no setting"),
        ({"output": "logits"}, "must be one of logit"),
        ({"steps": 0}, "at least 1 step"),
        ({"imputer": "gray"}, "Did you mean grey"),
    ],
)
def test_a_trial_is_refused_when_it_is_asked_for_and_not_when_it_runs(asked, message):
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    with pytest.raises(ValueError, match=message):
        core.stream_trial(classifier, fashion_mnist("test").pixels[:1].contiguous(), ["gradient"], **asked)


def test_progress_counts_every_pass_of_the_run_once_and_ends_where_it_was_planned(fashion_trial):
    metrics = ("average_drop", "infidelity", "insertion", "repeatability")
    told = [event for event in fashion_trial(metrics=metrics) if isinstance(event, Progress)]
    assert [event.done for event in told] == sorted(event.done for event in told)
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    planned = plan_trial(classifier, HeatmapRequest(methods=("gradient",)), Perturbation(steps=4, randoms=2), metrics)
    assert told[0].total == sum(part.passes for part in planned)
    without_a_positive_place = 1  # a map that the picture is not multiplied by
    assert 0 <= told[0].total - told[-1].done <= without_a_positive_place
    assert {event.unit for event in told} == {"pass"}
