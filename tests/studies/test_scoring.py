"""Scores of finished heatmaps: what a run has is used, and a slow metric lets others in."""

from dataclasses import replace

import pytest
import torch

import core
from core.jobs.events import Progress
from core.metrics import registry
from core.metrics.evidence import LIF, MIF
from core.metrics.registry import metric
from core.metrics.tracing import Perturbation
from core.studies.scoring import ScoresReady, Subject, importance, stream_scores

BLACK = Perturbation("black", y="relative_logit", steps=4)


@pytest.fixture
def subject(classifier_of, listening, pixels):
    return Subject(classifier_of(listening), pixels, 2)


@pytest.fixture
def heatmaps(subject):
    return core.explain(subject.classifier, subject.pixels, ["gradient", "input_x_gradient"], 2)


def scored(*arguments):
    return {event.method: event.scores for event in stream_scores(*arguments) if isinstance(event, ScoresReady)}


def test_every_method_gets_every_score(subject, heatmaps):
    scores = scored(subject, heatmaps, ["fidelity", "average_drop"], BLACK)
    assert scores.keys() == heatmaps.keys()
    assert all(scores[name].keys() == {"fidelity", "average_drop"} for name in heatmaps)


def test_curves_that_a_run_has_are_not_made_again(subject, heatmaps, listening):
    maps = {name: heatmap.values for name, heatmap in heatmaps.items()}
    curves = core.perturb(subject.classifier, subject.pixels, maps, 2, ("mif", "lif"), 4, "black", "relative_logit")
    known = {name: {MIF: curves[name, "mif"], LIF: curves[name, "lif"]} for name in maps}
    listening.fed.clear()
    again = scored(subject, heatmaps, ["fidelity"], BLACK, known)
    assert not any((picture == 0).any() for picture in listening.fed)
    fresh = scored(subject, heatmaps, ["fidelity"], BLACK)
    assert {name: each["fidelity"] for name, each in again.items()} == pytest.approx(
        {name: each["fidelity"] for name, each in fresh.items()}
    )


def test_a_score_that_needs_truth_is_not_told_without(subject, heatmaps):
    marked = replace(subject, truth=torch.eye(6, 8, dtype=torch.bool))
    without, within = (scored(each, heatmaps, ["pointing_game"], BLACK).values() for each in (subject, marked))
    assert all(score["pointing_game"] is None for score in without)
    assert all(score["pointing_game"] is not None for score in within)


def test_a_slow_metric_yields_between_its_steps(subject, heatmaps, monkeypatch):
    monkeypatch.setattr(registry, "_METRICS", dict(registry._METRICS))

    @metric(label="Slow", group="complexity", direction="none", unit="", random="0", paper="none")
    def slow(evidence):
        """Takes its time."""
        yield
        yield
        return float(evidence.seed)

    events = list(stream_scores(replace(subject, seed=7), heatmaps, ["slow"], BLACK))
    waited = [event for event in events if isinstance(event, Progress) and event.what == "Slow"]
    assert len(waited) == 4
    assert [event.scores["slow"] for event in events if isinstance(event, ScoresReady)] == [7.0, 7.0]


def test_explaining_anew_is_the_same_method_with_the_same_settings(subject):
    asked = {"smoothgrad": {"samples": 3}}
    heatmap = core.explain(subject.classifier, subject.pixels, ["smoothgrad"], 2, 5, asked)["smoothgrad"]
    again = subject.explained_anew(heatmap)
    assert torch.equal(again(subject.pixels, 5).values, heatmap.values)
    assert again(subject.pixels, 5).settings["samples"] == 3


def test_channels_go_apart_by_their_own_share(heatmaps):
    signed = heatmaps["input_x_gradient"]
    assert torch.equal(importance(signed, "pixel"), signed.values)
    assert torch.equal(importance(signed, "feature"), signed.attribution)
    by_size = heatmaps["gradient"]
    assert by_size.reduction == "abs_sum"
    assert torch.equal(importance(by_size, "feature"), by_size.attribution.abs())
