"""Scores of finished heatmaps: what a run has is used, and a slow metric lets others in."""

from dataclasses import replace

import pytest
import torch

import core
from core.metrics.curve_plan import Perturbation
from core.metrics.evidence import LIF, MIF
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


def test_a_metric_that_names_the_study_s_own_imputer_reads_the_curve_that_is_there(subject, heatmaps, listening):
    usual = replace(BLACK, imputer="dataset_mean")
    maps = {name: heatmap.values for name, heatmap in heatmaps.items()}
    curves = core.perturb(subject.classifier, subject.pixels, maps, 2, ("mif",), 4, "dataset_mean", "relative_logit")
    known = {name: {MIF: curves[name, "mif"]} for name in maps}
    listening.fed.clear()
    scores = scored(subject, heatmaps, ["deletion"], usual, known)
    assert len(listening.fed) == 1
    assert scores["gradient"]["deletion"] == curves["gradient", "mif"].area


def test_a_score_that_needs_truth_is_not_told_without(subject, heatmaps):
    marked = replace(subject, truth=torch.eye(6, 8, dtype=torch.bool))
    without, within = (scored(each, heatmaps, ["pointing_game"], BLACK).values() for each in (subject, marked))
    assert all(score["pointing_game"] is None for score in without)
    assert all(score["pointing_game"] is not None for score in within)


def test_channels_go_apart_by_their_own_share(heatmaps):
    signed = heatmaps["input_x_gradient"]
    assert torch.equal(importance(signed, "pixel"), signed.values)
    assert torch.equal(importance(signed, "feature"), signed.attribution)
    by_size = heatmaps["gradient"]
    assert by_size.reduction == "abs_sum"
    assert torch.equal(importance(by_size, "feature"), by_size.attribution.abs())
