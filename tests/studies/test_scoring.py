"""Scores of finished heatmaps: what a run has is used, and a slow metric lets others in."""

from dataclasses import replace

import pytest
import torch

import core
from core.methods.rehearsal import heatmaps_workload
from core.metrics.curve_plan import Perturbation
from core.metrics.evidence import LIF, MIF
from core.metrics.search_plan import PASSES
from core.studies.scoring import ScoresReady, Subject, importance, plan_scores, stream_scores

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


def test_a_map_that_is_the_best_order_reaches_its_whole_ceiling_and_no_map_more(subject, heatmaps):
    """Input times gradient is what each pixel adds to a linear network, so no order has a larger F."""
    scores = scored(subject, heatmaps, ["fidelity", "ceiling", "ceiling_share"], BLACK)
    assert scores["input_x_gradient"]["ceiling_share"] == pytest.approx(1)
    assert scores["gradient"]["ceiling_share"] < 1
    for each in scores.values():
        assert each["ceiling"] == pytest.approx(scores["input_x_gradient"]["fidelity"])
        assert each["ceiling_share"] == pytest.approx(each["fidelity"] / each["ceiling"])


def test_the_ceiling_of_a_run_takes_the_curves_that_it_has_and_the_passes_that_were_planned(
    subject, heatmaps, listening
):
    maps = {name: heatmap.values for name, heatmap in heatmaps.items()}
    curves = core.perturb(subject.classifier, subject.pixels, maps, 2, ("mif", "lif"), 4, "black", "relative_logit")
    known = {name: {MIF: curves[name, "mif"], LIF: curves[name, "lif"]} for name in maps}
    made = heatmaps_workload(subject.request, subject.classifier)
    plan = plan_scores(["ceiling_share"], BLACK, (6, 8), 2, made, (MIF, LIF))
    listening.fed.clear()
    scored(subject, heatmaps, ["ceiling_share"], BLACK, known)
    assert PASSES - 10 < len(listening.fed) <= PASSES + 1  # the clean picture's besides
    assert [part.passes for part in plan if part.passes] == [PASSES]


def test_a_ceiling_is_refused_where_no_single_pixels_go(subject, heatmaps):
    with pytest.raises(ValueError, match="Use pixel, or leave out ceiling_share"):
        scored(subject, heatmaps, ["ceiling_share"], replace(BLACK, unit="region", side=2))


def test_channels_go_apart_by_their_own_share(heatmaps):
    signed = heatmaps["input_x_gradient"]
    assert torch.equal(importance(signed, "pixel"), signed.values)
    assert torch.equal(importance(signed, "feature"), signed.attribution)
    by_size = heatmaps["gradient"]
    assert by_size.reduction == "abs_sum"
    assert torch.equal(importance(by_size, "feature"), by_size.attribution.abs())
