"""A trial brings its controls, sharpens its scores, and ends with a verdict for every map."""

import core
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import FidelityReady

CONTROLS = {"random", "blurred_random", "sobel", "centre"}


def test_controls_are_always_there_and_every_map_gets_a_final_score(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=2))
    final = [event.fidelity for event in events if isinstance(event, FidelityReady) and event.final]
    assert {fidelity.method for fidelity in final} == {"gradient", *CONTROLS}
    assert [fidelity.value for fidelity in final] == sorted((fidelity.value for fidelity in final), reverse=True)
    assert {fidelity.method for fidelity in final if fidelity.verdict == "control"} == CONTROLS


def test_rough_scores_come_before_final_ones_and_the_last_points_before_those(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=1))
    scored = [event for event in events if isinstance(event, FidelityReady)]
    assert [event.final for event in scored] == [False] * 5 + [True] * 5
    points = [event for event in events if isinstance(event, CurvePoint)]
    assert len(points) == 9 * 3 * 5


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
