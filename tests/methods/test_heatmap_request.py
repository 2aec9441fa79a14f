"""A request for heatmaps: what it stands for, and that the public functions ask the same."""

import pytest
import torch

import core
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import list_controls

SETTINGS = {"smoothgrad": {"samples": 3}}


def maps_of(events):
    return {event.heatmap.method: event.heatmap for event in events if isinstance(event, HeatmapReady) and event.final}


def test_a_request_streams_what_the_public_function_explains(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    request = HeatmapRequest(methods=("smoothgrad", "oracle"), settings=SETTINGS, reduction="max_abs", seed=3)
    truth = torch.eye(6, 8, dtype=torch.bool)
    maps = maps_of(request.stream(classifier, pixels, 1, truth))
    told = core.explain(classifier, pixels, ["smoothgrad", "oracle"], 1, 3, SETTINGS, reduction="max_abs", truth=truth)
    assert maps.keys() == told.keys()
    for name, heatmap in maps.items():
        assert torch.equal(heatmap.values, told[name].values)
        assert (heatmap.target, heatmap.reduction, heatmap.settings) == (1, told[name].reduction, told[name].settings)


def test_finished_heatmaps_alone_are_the_same(classifier_of, linear, pixels):
    request = HeatmapRequest(methods=("gradient", "smoothgrad", "occlusion"), seed=3).with_controls(truth_known=False)
    events = list(request.stream(classifier_of(linear), pixels, 1))
    finished = list(request.stream(classifier_of(linear), pixels, 1, rough=False))
    assert any(isinstance(event, HeatmapReady) and not event.final for event in events)
    assert all(event.final for event in finished if isinstance(event, HeatmapReady))
    both = maps_of(events), maps_of(finished)
    assert [*both[0]] == [*both[1]]
    for one, other in zip(*(maps.values() for maps in both), strict=True):
        assert torch.equal(one.attribution, other.attribution)
        assert (one.passes, one.notes) == (other.passes, other.notes)


def test_a_method_that_is_named_twice_runs_once(classifier_of, linear, pixels):
    events = HeatmapRequest(methods=("gradient", "gradient")).stream(classifier_of(linear), pixels)
    assert sum(isinstance(event, HeatmapReady) for event in events) == 1


def test_controls_come_after_the_methods_and_none_comes_twice():
    asked = HeatmapRequest(methods=("sobel", "gradient"), seed=2).with_controls(truth_known=True)
    assert asked.methods[:2] == ("sobel", "gradient")
    assert set(asked.methods) == {"gradient", *(entry.name for entry in list_controls(truth_known=True))}
    assert len(set(asked.methods)) == len(asked.methods)
    assert asked.seed == 2
    assert "oracle" not in HeatmapRequest().with_controls(truth_known=False).methods


def test_heatmaps_are_asked_for_again_as_they_were_set(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    first = core.explain(classifier, pixels, ["smoothgrad"], 0, settings=SETTINGS)
    again = HeatmapRequest(methods=("gradient",), reduction="sum").as_made(first)
    assert again.methods == ("smoothgrad",)
    assert again.settings["smoothgrad"]["samples"] == 3
    assert again.reduction == "sum"
    bank = PassBank(classifier, pixels, Question(0))
    events = list(again.stream_from(bank))
    assert torch.equal(maps_of(events)["smoothgrad"].attribution, first["smoothgrad"].attribution)
    assert sum(isinstance(event, Progress) for event in events) > 0


@pytest.mark.parametrize(
    ("request_", "target", "message"),
    [
        (HeatmapRequest(methods=("gradeint",)), None, "Did you mean gradient"),
        (HeatmapRequest(methods=("rise",), settings={"rise": {"mask": 1}}), None, "no setting 'mask'"),
        (HeatmapRequest(methods=("rise",), settings={"gradeint": {}}), None, "Did you mean gradient"),
        (HeatmapRequest(methods=("rise",), settings={"smoothgrad": {"mask": 1}}), None, "no setting 'mask'"),
        (HeatmapRequest(methods=("rise",)), 9, "classes 0 to 2"),
        (HeatmapRequest(methods=("rise",), output="logits"), None, "must be one of logit"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_runs(classifier_of, linear, pixels, request_, target, message):
    with pytest.raises(ValueError, match=message):
        request_.stream(classifier_of(linear), pixels, target)


def test_one_name_is_no_list_of_methods():
    with pytest.raises(ValueError, match=r"methods must be a list of names; write \['gradient'\]"):
        requested("gradient", 0, None, "logit", None)
