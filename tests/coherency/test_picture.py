"""One picture in every form: rank-equalised, degraded, changed, and with each choice made otherwise."""

import pytest
import torch

from core.coherency.equalised import rank_equalised
from core.coherency.events import PictureShown
from core.coherency.forms import CHOICE, DEGRADED, EQUALISED, STUDY, changed, choice
from core.coherency.picture import PictureStudy, best_of, explained, judges_values, scored, with_values
from core.jobs.events import Progress, Returning
from core.metrics.curve_plan import Perturbation
from core.metrics.registry import list_metrics

METRICS = ("fidelity", "deletion", "average_drop", "infidelity", "gini", "total_variation")
METHODS = ("gradient", "input_x_gradient", "random", "sobel")
PERTURBATION = Perturbation(steps=4, imputer="black")


def result_of(stream):
    running = Returning(stream)
    assert all(isinstance(event, Progress | PictureShown) for event in running)
    return running.result


@pytest.fixture
def forms(subject_of):
    checks = {
        changed("picture", "minor"): lambda subject: subject,
        changed("weights", "minor"): lambda subject: subject,
    }
    return result_of(PictureStudy(METRICS, PERTURBATION, checks).forms("cat", subject_of(*METHODS)))


def table(scores):
    return {(score.method, score.metric): score.score for score in scores}


def test_a_picture_that_is_not_checked_is_scored_as_it_is_and_rank_equalised(subject_of):
    found = result_of(PictureStudy(METRICS, PERTURBATION).forms("cat", subject_of(*METHODS)))
    assert list(found) == [STUDY, EQUALISED]
    assert set(table(found[STUDY])) == {(method, metric) for method in METHODS for metric in METRICS}
    assert {metric for _, metric in table(found[EQUALISED])} == {"fidelity", "deletion", "average_drop", "infidelity"}


def test_a_change_that_changes_nothing_leaves_every_score(forms):
    own = table(forms[STUDY])
    for change in ("picture", "weights"):
        found = table(forms[changed(change, "minor")])
        assert {method for method, _ in found} == {"gradient", "input_x_gradient"}
        for cell, score in found.items():
            assert score == pytest.approx(own[cell], abs=1e-6)


def test_metrics_that_read_curves_score_rank_equalised_maps_as_the_maps_themselves(subject_of):
    """They are not computed again, so the claim is tested on maps that are."""
    subject = subject_of("gradient", "input_x_gradient")
    reading = [each.name for each in list_metrics() if each.reads and judges_values(each.name) and not each.needs]
    run = result_of(explained(subject, reading, PERTURBATION))
    maps = {name: with_values(each, rank_equalised(each.values)) for name, each in run.heatmaps.items()}
    _, scores = result_of(scored(subject, maps, reading, PERTURBATION))
    assert len(reading) > 8
    for method, own in scores.items():
        assert own == pytest.approx(run.scores[method], nan_ok=True)


def test_a_metric_of_values_scores_rank_equalised_maps_anew(forms):
    own, equalised = table(forms[STUDY]), table(forms[EQUALISED])
    assert equalised["gradient", "fidelity"] == own["gradient", "fidelity"]
    assert equalised["sobel", "average_drop"] != pytest.approx(own["sobel", "average_drop"])


def test_degradation_begins_with_the_map_that_most_metrics_prefer(forms, subject_of):
    levels, own = table(forms[DEGRADED]), table(forms[STUDY])
    assert {level for level, _ in levels} == {"0.0", "0.25", "0.5", "0.75", "1.0"}
    run = result_of(explained(subject_of(*METHODS), METRICS, PERTURBATION))
    good = best_of(run, METHODS[:2])
    assert good == "input_x_gradient"  # exact for a linear network and black pixels
    for metric in ("fidelity", "deletion", "average_drop", "infidelity"):
        assert levels["0.0", metric] == own[good, metric]
    assert levels["0.0", "fidelity"] > levels["1.0", "fidelity"]


def test_each_choice_is_made_otherwise_alone(forms, subject_of):
    made = {form[1:] for form in forms if form[0] == CHOICE}
    names = {name for name, _ in made}
    assert names == {"imputer", "unit", "y", "sign", "target"}
    assert ("imputer", "black") not in made
    for name in ("dataset_mean", "blur"):
        again = PictureStudy(METRICS, Perturbation(steps=4, imputer=name)).forms("cat", subject_of(*METHODS))
        own = table(result_of(again)[STUDY])
        found = table(forms[choice("imputer", name)])
        assert found["gradient", "fidelity"] == pytest.approx(own["gradient", "fidelity"])


def test_the_choices_about_the_model_read_another_class_or_another_sign(forms, subject_of):
    own, second = table(forms[STUDY]), table(forms[choice("target", "second class")])
    assert second["gradient", "fidelity"] != pytest.approx(own["gradient", "fidelity"])
    run = result_of(explained(subject_of(*METHODS), METRICS, PERTURBATION))
    signs = {run.heatmaps[name].reduction for name in METHODS[:2]}
    for sign in ("sum", "abs_sum"):
        if signs != {sign}:
            assert choice("sign", sign) in forms


def test_what_cannot_be_judged_when_changed_is_left_out(subject_of):
    def broken(_):
        raise ValueError("The clean logit is negative.")

    study = PictureStudy(METRICS, PERTURBATION, {changed("weights", "disruptive"): broken})
    found = result_of(study.forms("cat", subject_of("gradient")))
    assert found[changed("weights", "disruptive")] == ()
    assert len(found[STUDY]) == len(METRICS)


def test_a_metric_of_how_a_method_repeats_itself_does_not_judge_the_values_of_a_map():
    judging = {each.name for each in list_metrics() if judges_values(each.name)}
    assert {"fidelity", "deletion", "infidelity", "pointing_game"} <= judging
    assert not judging & {"repeatability", "max_sensitivity", "completeness_delta", "gini", "ceiling_share"}


def test_only_controls_give_nothing_to_degrade(subject_of):
    found = result_of(PictureStudy(METRICS, PERTURBATION, {}).forms("cat", subject_of("random", "sobel")))
    assert list(found) == [STUDY, EQUALISED]
    assert torch.is_grad_enabled()


def test_each_check_can_be_left_out_and_takes_nothing_then(subject_of):
    checks = {changed("picture", "minor"): lambda subject: subject}
    subject, whole = subject_of(*METHODS), {STUDY, EQUALISED}
    planned = {}
    for name, kinds in {"degradation": {DEGRADED[0]}, "changes": {"changed"}, "choices": {CHOICE}}.items():
        study = PictureStudy(METRICS, PERTURBATION, checks, (name,))
        found = result_of(study.forms("cat", subject))
        assert {form[0] for form in found if form not in whole} == kinds
        planned[name] = sum(each.passes for each in study.planned(subject.classifier, subject.request))
    none, every = (
        sum(each.passes for each in PictureStudy(METRICS, PERTURBATION, checks, which).planned(
            subject.classifier, subject.request))
        for which in ((), ("degradation", "changes", "choices"))
    )  # fmt: skip
    assert all(passes > none for passes in planned.values())
    assert sum(planned.values()) - 2 * none == every


def test_a_picture_is_shown_small_with_the_maps_of_real_methods(subject_of):
    subject = subject_of(*METHODS)
    stream = PictureStudy(METRICS, PERTURBATION).forms("cat", subject)
    (shown,) = [event for event in stream if isinstance(event, PictureShown)]
    assert (shown.picture, set(shown.maps)) == ("cat", {"gradient", "input_x_gradient"})
    assert torch.equal(shown.pixels, subject.pixels[0].cpu())  # it is small already
    run = result_of(explained(subject, METRICS, PERTURBATION))
    assert torch.equal(shown.maps["gradient"], run.heatmaps["gradient"].values)
