"""What methods will ask of a network is known before it is asked."""

import core
from core.jobs.events import Progress
from core.methods.heatmap import Passes
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import first_reason, list_methods
from core.methods.rehearsal import heatmaps_workload, planned_requests
from core.methods.workload import Workload

SHORT = {
    "integrated_gradients": {"steps": 3},
    "expected_gradients": {"samples": 4, "baselines": "noise"},
    "smoothgrad": {"samples": 2},
    "guided_grad_cam": {},
    "deeplift": {},
    "lrp": {},
    "occlusion": {"window": 0.5},
    "rise": {"samples": 10},
    "lime": {"samples": 30},
    "kernel_shap": {"samples": 30},
    "mask_search": {"chains": 2, "steps": 3},
    "extremal_perturbation": {"rounds": 1, "masks": 8},
    "negated": {},
}


def asked(*names: str) -> HeatmapRequest:
    return HeatmapRequest(methods=names, settings={name: SHORT[name] for name in names if name in SHORT})


def test_as_many_passes_are_planned_as_are_made(small_squeezenet, small_chelsea):
    for name in SHORT:
        events = list(asked(name).stream(small_squeezenet, small_chelsea))
        made = [event.done for event in events if isinstance(event, Progress)][-1]
        assert (name, heatmaps_workload(asked(name), small_squeezenet).passes) == (name, made)


def test_passes_that_methods_share_are_planned_once(squeezenet):
    shared = heatmaps_workload(asked("gradient", "input_x_gradient", "smoothgrad", "vargrad"), squeezenet)
    apart = [heatmaps_workload(asked(name), squeezenet) for name in ("gradient", "smoothgrad", "vargrad")]
    assert shared.passes == 1 + 2 + 15
    assert shared == sum(apart, Workload())
    assert shared.cost == Passes(forward=18, backward=18)


def test_of_every_method_that_applies_something_is_known_and_of_others_nothing(squeezenet):
    free = {"random", "blurred_random", "sobel", "centre", "oracle"}
    for method in list_methods():
        planned = planned_requests(asked(method.name), squeezenet)
        assert bool(planned) == (first_reason(method, squeezenet) is None and method.name not in free)


def test_planning_asks_nothing_of_the_network(squeezenet, monkeypatch):
    core.capability(squeezenet)
    monkeypatch.setattr(type(squeezenet), "__call__", None)
    monkeypatch.setattr("core.methods.rehearsal._KNOWN", {})
    assert heatmaps_workload(asked("rise", "score_cam", "guided_grad_cam"), squeezenet).passes == 10 + 1 + 512 + 1
