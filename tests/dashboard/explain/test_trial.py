"""How heatmaps are judged: choices of the trial, the marked truth, and questions asked beside a run."""

import itertools
import json
import re
from dataclasses import replace

import pytest
import torch

import core
from core.methods.heatmap import Heatmap, HeatmapReady, Passes
from core.studies.scoring import ScoresReady
from core.studies.shifted_copies import MatchedReady
from dashboard.components.methods import best_of, described_finished
from dashboard.explain.ceiling.job import CEILING
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS
from dashboard.explain.location_test.job import LOCATION_TEST, LocationTestRequest
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.session import sample_of
from dashboard.library.marks import Mark, box, marks
from dashboard.library.models import shelf
from dashboard.library.queue import queue

SHORT = {"methods": "gradient", "steps": "10"}


def explained(app):
    app.button(key="start explanation").click().run()
    assert not app.exception
    return queue().get(app.query_params["explanation"])


@pytest.mark.parametrize("imputer", core.list_imputers(), ids=lambda imputer: imputer.name)
def test_every_imputer_is_a_choice(page, imputer, words):
    app = page(**SHORT, imputer=imputer.label)
    assert app.selectbox(key="imputer").value == imputer.name
    assert imputer.summary in words(app)


def test_unit_side_and_y_go_to_the_run_and_make_others_old(page, words):
    app = page(**SHORT)
    app.selectbox(key="unit").select("region").run()
    app.number_input(key="side").set_value(5).run()
    app.selectbox(key="y").select("accuracy").run()
    asked = explained(app).about.request
    assert (asked.unit, asked.side, asked.y) == ("region", 5, "accuracy")
    app.selectbox(key="unit").select("superpixel").run()
    assert "used another removal unit and another region size" in words(app)
    assert not [each for each in app.number_input if each.key == "side"]


def test_the_address_restores_how_a_trial_removes(page):
    app = page(**SHORT, unit="square region", side="7", y="relative logit")
    asked = explained(app).about.request
    assert (asked.unit, asked.side, asked.y) == ("region", 7, "relative_logit")


@pytest.mark.slow
def test_further_scores_are_chosen_by_group_and_come_with_the_run(page, wait):
    shelf.ask("fashion_cnn").wait(60)
    app = page(**SHORT, model="fashion_cnn", picture="fashion_boot", **{"metrics.faithfulness": "Deletion"})
    job = explained(app)
    assert job.about.request.metrics == ("deletion",)
    wait(lambda: any(isinstance(event, ScoresReady) for _, event in job.since(0)))
    told = {event.method: event.scores for _, event in job.since(0) if isinstance(event, ScoresReady)}
    assert 0 <= told["gradient"]["deletion"] <= 1


def test_a_contrast_waits_for_its_other_class_and_then_goes_to_the_run(page, words):
    shelf.ask("fashion_cnn").wait(60)
    app = page(**SHORT, model="fashion_cnn", picture="fashion_boot", output="contrast")
    assert "Until the other class is chosen, the logit of the class is explained." in words(app)
    assert "another output" not in words(app)
    app.selectbox(key="rather_than").select(7).run()
    assert "Explained: Ankle boot rather than Sneaker." in words(app)
    assert "another output to explain" in words(app)
    assert explained(app).about.request.output == core.Contrast(7)
    assert app.query_params["rather_than"] == "7"


def test_a_class_is_not_contrasted_with_itself(page, words):
    shelf.ask("fashion_cnn").wait(60)
    app = page(**SHORT, model="fashion_cnn", picture="fashion_boot", output="contrast", rather_than="9")
    assert "Ankle boot cannot be contrasted with itself. Choose another class" in words(app)
    assert app.button(key="start explanation").disabled


def test_other_scores_do_not_make_a_run_old(page, words):
    app = page()
    app.button_group(key="metrics.faithfulness").set_value(["deletion"]).run()
    assert "to update" not in words(app)
    assert "Other scores are selected now" in words(app)


@pytest.fixture
def mark():
    def on(picture, model="efficientnet_lite0"):
        return marks.add("somebody", Mark(model, picture, box(10, 20, 30, 40, (224, 224))))

    return on


def test_a_mark_goes_to_the_run(page, mark):
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea"))
    job = explained(app)
    assert job.about.request.truth == mark("chelsea")


def test_four_numbers_mark_a_box_and_plausibility_is_wished_for(page):
    app = page(**SHORT, picture="chelsea", below="Mark the object")
    for name, value in {"left": 3, "top": 5, "width": 7, "height": 11}.items():
        app.number_input(key=f"box {name} 224").set_value(value)
    next(button for button in app.button if button.label == "Mark this box").click().run()
    assert not app.exception
    kept = marks.get(app.query_params["truth"])
    assert torch.equal(kept.mask, box(3, 5, 7, 11, (224, 224)))
    assert (kept.model, kept.picture) == ("efficientnet_lite0", "chelsea")
    asked = explained(app).about.request
    needing = {metric.name for metric in core.list_metrics() if metric.needs_truth and not metric.needs_stamp}
    assert needing <= set(asked.metrics)


SEEDS = itertools.count(1000)


@pytest.fixture
def run_with(ended, wait):
    """A finished run of the sample's maps by its own requests, which differ in these fields; nothing is computed.

    Its seed is nobody else's: an equal request joins a run of another test, which may be forgotten before it is shown.
    """
    sample = sample_of(EXPLANATION)
    own = replace(sample.request, seed=next(SEEDS))
    wait(lambda: shelf.ask(own.model).settled)  # tests before may have made others take its place

    def run(**otherwise):
        job = ended(EXPLANATION, replace(own, **otherwise), sample.inputs(), told_of(sample))
        assert job.state()["state"] == "done"
        return job

    return run


def told_of(sample):
    """The finished heatmap of one method."""
    final = next(each for each in sample.messages(HeatmapReady) if each["final"])
    values = sample.heatmap(final["sequence"])
    return [HeatmapReady(Heatmap(values, values[None], final["heatmap"]["method"], 1, "sum", 0.25, Passes(1, 1)), True)]


@pytest.fixture
def tested(ended):
    """A finished location test of the first map of that run."""

    def ask(run):
        method = next(run.events(HeatmapReady)).heatmap.method
        request = LocationTestRequest(about=run.id, method=method)
        return ended(LOCATION_TEST, request, LOCATION_TEST.inputs(request), [MatchedReady(0.4, (0.1, 0.2), 1, True)])

    return ask


def shown_test(app):
    """What the component of the location test is told; what is there instead where it is not."""
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    said = [each.value for each in (*app.info, *app.warning, *app.caption)]
    return next((each for each in told if {"run", "label", "stale"} <= {*each}), {"run": said})


def test_how_likely_the_class_is_is_known_whatever_the_curves_show(page, run_with):
    run = run_with(y="relative_logit")
    app = page(explanation=run.id)
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    (shown,) = next(each["runs"] for each in told if {"runs", "tests"} <= {*each})
    (said,) = (each.probability for each in run.answers if each.index == run.request.target)
    assert shown["probability"] == said > 0


def test_an_answer_stays_when_only_the_mark_was_added(page, run_with, tested, mark, words, wait):
    test, marked = tested(run_with()), run_with(truth=mark("komodo_dragon"))
    asked = {"truth": mark("komodo_dragon"), "seed": str(marked.request.seed)}
    app = page(explanation=marked.id, location_test=test.id, **asked)
    wait(lambda: shown_test(app.run()).get("stale") is False)  # once the model has seen the picture
    assert shown_test(app)["run"] == test.id
    assert "about another run" not in words(app)


def test_an_answer_about_another_run_is_stale_and_says_what_to_press(page, run_with, tested, words, wait):
    test, other = tested(run_with()), run_with(imputer="black", seed=5)
    app = page(explanation=other.id, location_test=test.id)
    wait(lambda: shown_test(app.run()).get("stale"))
    assert shown_test(app)["run"] == test.id
    assert "This result is about another run, which used another imputer and another seed." in words(app)
    assert "Press Test the location to update it." in words(app)
    assert app.button(key="start location_test").label == "Test the location"


def test_an_answer_that_was_cancelled_does_not_come_back_below_another_run(page, run_with, tested, words, monkeypatch):
    test, other = tested(run_with()), run_with(seed=5)
    monkeypatch.setattr(queue().get(test.id).run, "state", "cancelled")
    app = page(explanation=other.id, location_test=test.id)
    assert "stale" not in shown_test(app)
    assert "about another run" not in words(app)


def test_the_mark_says_whether_the_run_that_is_shown_has_scored_it(page, run_with, mark, words):
    truth = mark("komodo_dragon")
    before, after = run_with(), run_with(truth=truth, metrics=("pointing_game",))
    app = page(explanation=before.id, truth=truth, below="Mark the object")
    assert "Marked: the next run scores plausibility." in words(app)
    app = page(explanation=after.id, truth=truth, below="Mark the object")
    assert "Marked, and scored by this run: see Scores." in words(app)
    assert "next run" not in words(app)


def test_another_picture_has_no_mark_and_the_mark_is_back_with_its_own(page, mark):
    app = page(**SHORT, picture="rocket", truth=mark("chelsea"))
    assert "truth" not in app.query_params
    app.query_params["picture"] = "chelsea"
    app.run()
    assert app.query_params["truth"] == mark("chelsea")


def test_another_model_sees_another_crop_and_says_that_the_mark_is_not_on_it(page, mark, words):
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea", model="squeezenet1_1"))
    assert "truth" not in app.query_params
    assert "Your mark is on the crop of SqueezeNet 1.1. EfficientNet-Lite0 sees another crop" in words(app)


def test_a_mark_that_is_gone_says_so(page, words):
    app = page(**SHORT, truth="0123456789")
    assert "Mark it again" in words(app)
    assert "truth" not in app.query_params


def test_a_first_mark_does_not_make_a_run_old_and_another_does(page, mark, words):
    app = page(truth=mark("komodo_dragon"))
    assert "to update" not in words(app)
    job = explained(app)
    other = marks.add("somebody", Mark("efficientnet_lite0", "komodo_dragon", box(0, 0, 5, 5, (224, 224))))
    again = page(explanation=job.id, truth=other)
    assert "used another marked object" in words(again)


def test_the_other_model_of_a_pair_is_not_judged_by_the_first_ones_mark(page, mark, wait):
    wait(lambda: shelf.ask("squeezenet1_1").settled)
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea"), compare="true", **{"with": "SqueezeNet 1.1"})
    app.button(key="start explanation").click().run()
    asked = [queue().get(name).about.request for name in app.query_params["explanation"].split(",")]
    assert [each.truth for each in asked] == [mark("chelsea"), ""]


@pytest.mark.parametrize("kind", [CEILING, IMPUTER_RANKS, LOCATION_TEST], ids=lambda kind: kind.name)
def test_a_question_about_the_sample_is_answered_before_it_is_asked_and_about_no_other_run(page, run_with, words, kind):
    about, sample = sample_of(EXPLANATION), sample_of(kind)
    assert sample.request.about == about.id
    names = [method["name"] for method in described_finished(about) if not method["control"]]
    assert getattr(sample.request, "method", None) in (None, best_of(about, names))
    assert "Below: the sample's answer." in words(page(below=kind.below))
    app = page(below=kind.below, explanation=run_with().id)
    assert "the sample's answer" not in words(app)
    assert "about another run" not in words(app)


def test_the_ceiling_says_what_it_takes_before_it_is_asked_for_and_that_it_is_of_single_pixels(page, run_with, words):
    told = words(page(below="Ceiling", explanation=run_with().id))
    assert re.search(r"1,500 passes, (about \d+\xa0\w+|under a second)\.", told)
    app = page(below="Ceiling", explanation=run_with(unit="superpixel").id)
    assert "The ceiling is known for single pixels only" in words(app)
    assert not [button for button in app.button if button.key == "start ceiling"]


def test_a_question_runs_beside_the_run_and_beside_the_other_question(page, started, wait):
    app = page(**SHORT)
    ranks, located = (started(app, kind) for kind in (IMPUTER_RANKS, LOCATION_TEST))
    assert {job.request.about for job in (ranks, located)} == {sample_of(EXPLANATION).id}
    assert not any(queue().get(job.id).cancelled for job in (ranks, located))
    wait(lambda: ranks.state()["state"] == "running")
    app.run()
    app.button(key="start imputer_ranks").click().run()
    wait(lambda: ranks.finished)
    assert ranks.state()["state"] == "cancelled"
    assert not queue().get(located.id).cancelled


def test_a_new_explanation_ends_what_was_asked_about_the_one_before(page, started):
    app = page(**SHORT)
    located = started(app, LOCATION_TEST)
    assert app.button(key="start location_test").label == "Cancel"
    started(app, EXPLANATION)
    assert queue().get(located.id).cancelled
    shown = [button for button in app.button if button.key == "start location_test"]
    assert all(button.label != "Cancel" for button in shown)
    assert located.request.about != app.query_params["explanation"]


@pytest.mark.parametrize(("former", "kind"), [("imputers", IMPUTER_RANKS), ("shape", LOCATION_TEST)])
def test_an_old_link_opens_the_same_answer(page, started, former, kind):
    app = page(**SHORT)
    job = started(app, kind)
    again = page(**SHORT, visitor=app, **{former: job.id})
    assert again.button(key=f"start {kind.name}").label == "Cancel"


def test_the_oldest_link_of_all_opens_the_same_explanation(page, started, words):
    app = page(**SHORT)
    job = started(app, EXPLANATION)
    again = page(**SHORT, visitor=app, job=job.id)
    assert again.button(key="start explanation").label == "Cancel"
    assert "no longer kept" not in words(again)
