"""How heatmaps are judged: choices of the trial, the marked truth, and questions asked beside a run."""

import pytest
import torch

import core
from core.studies.scoring import ScoresReady
from dashboard.marks import Mark, box, marks
from dashboard.requests import Asked, AskedOfMany, restored
from dashboard.runs import sample
from dashboard.workshop import queue, shelf

SHORT = {"methods": "gradient", "steps": "10"}


def words(app):
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption])


def explained(app):
    app.button(key="run").click().run()
    assert not app.exception
    return queue().get(app.query_params["job"])


@pytest.mark.parametrize("imputer", core.list_imputers(), ids=lambda imputer: imputer.name)
def test_every_imputer_is_a_choice(page, imputer):
    app = page(**SHORT, imputer=imputer.label)
    assert app.selectbox(key="imputer").value == imputer.name
    assert imputer.summary in words(app)


def test_unit_side_and_y_go_to_the_run_and_make_others_old(page):
    app = page(**SHORT)
    app.selectbox(key="unit").select("region").run()
    app.number_input(key="side").set_value(5).run()
    app.selectbox(key="y").select("accuracy").run()
    asked = explained(app).about.asked
    assert (asked.unit, asked.side, asked.y) == ("region", 5, "accuracy")
    app.selectbox(key="unit").select("superpixel").run()
    assert "the unit of removal and side of the regions changed since" in words(app)
    assert not [each for each in app.number_input if each.key == "side"]


def test_the_address_restores_how_a_trial_removes(page):
    app = page(**SHORT, unit="square region", side="7", y="relative logit")
    asked = explained(app).about.asked
    assert (asked.unit, asked.side, asked.y) == ("region", 7, "relative_logit")


@pytest.mark.slow
def test_further_scores_are_chosen_by_group_and_come_with_the_run(page, wait):
    app = page(**SHORT, **{"metrics.faithfulness": "Deletion"})
    job = explained(app)
    assert job.about.asked.metrics == ("deletion",)
    wait(lambda: any(isinstance(event, ScoresReady) for _, event in job.since(0)))
    told = {event.method: event.scores for _, event in job.since(0) if isinstance(event, ScoresReady)}
    assert 0 <= told["gradient"]["deletion"] <= 1


def test_other_scores_do_not_make_a_run_old(page):
    app = page()
    app.button_group(key="metrics.faithfulness").set_value(["deletion"]).run()
    assert "older than your choices" not in words(app)
    assert "You chose other scores since" in words(app)


@pytest.fixture
def mark():
    def on(picture, model="efficientnet_lite0"):
        return marks.add(Mark(model, picture, box(10, 20, 30, 40, (224, 224))))

    return on


def test_a_mark_goes_to_the_run(page, mark):
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea"))
    job = explained(app)
    assert job.about.asked.truth == mark("chelsea")


def test_four_numbers_mark_a_box_and_plausibility_is_wished_for(page):
    app = page(**SHORT, picture="chelsea")
    app.session_state["mark"] = True
    app.run()
    for name, value in {"left": 3, "top": 5, "width": 7, "height": 11}.items():
        app.number_input(key=f"box {name} 224").set_value(value)
    next(button for button in app.button if button.label == "Mark this box").click().run()
    assert not app.exception
    kept = marks.get(app.query_params["truth"])
    assert torch.equal(kept.mask, box(3, 5, 7, 11, (224, 224)))
    assert (kept.model, kept.picture) == ("efficientnet_lite0", "chelsea")
    asked = explained(app).about.asked
    needing = {metric.name for metric in core.list_metrics() if metric.needs_truth and not metric.needs_stamp}
    assert needing <= set(asked.metrics)


def test_another_picture_or_model_has_another_crop_and_no_mark(page, mark):
    app = page(**SHORT, picture="rocket", truth=mark("chelsea"))
    assert "truth" not in app.query_params
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea", model="squeezenet1_1"))
    assert "truth" not in app.query_params


def test_a_mark_that_is_gone_says_so(page):
    app = page(**SHORT, truth="0123456789")
    assert "Mark it again" in words(app)
    assert "truth" not in app.query_params


def test_a_first_mark_does_not_make_a_run_old_and_another_does(page, mark):
    app = page(truth=mark("coffee"))
    assert "older than your choices" not in words(app)
    job = explained(app)
    other = marks.add(Mark("efficientnet_lite0", "coffee", box(0, 0, 5, 5, (224, 224))))
    again = page(job=job.id, truth=other)
    assert "the marked truth changed since" in words(again)


def test_the_other_model_of_a_pair_is_not_judged_by_the_first_ones_mark(page, mark, wait):
    wait(lambda: shelf.ask("squeezenet1_1").settled)
    app = page(**SHORT, picture="chelsea", truth=mark("chelsea"), compare="true", **{"with": "SqueezeNet 1.1"})
    app.button(key="run").click().run()
    asked = [queue().get(name).about.asked for name in app.query_params["job"].split(",")]
    assert [each.truth for each in asked] == [mark("chelsea"), ""]


def test_a_question_runs_beside_the_run_and_beside_the_other_question(page, wait):
    app = page(**SHORT)
    for name in ("imputers", "shape"):
        app.button(key=f"ask {name}").click().run()
        assert not app.exception
    jobs = {name: queue().get(app.query_params[name]) for name in ("imputers", "shape")}
    assert {job.about.run for job in jobs.values()} == {sample().id}
    assert not any(job.cancelled for job in jobs.values())
    wait(lambda: jobs["imputers"].state == "running")
    app.run()
    app.button(key="ask imputers").click().run()
    wait(lambda: jobs["imputers"].finished)
    assert jobs["imputers"].state == "cancelled"
    assert not jobs["shape"].cancelled
    queue().cancel(jobs["shape"].id)


def test_a_new_run_has_no_answers_of_the_one_before(page):
    app = page(**SHORT)
    app.button(key="ask shape").click().run()
    asked = queue().get(app.query_params["shape"])
    job = explained(app)
    assert asked.cancelled
    assert job.about.shown is not asked.about.shown


@pytest.mark.parametrize("kind", [Asked, AskedOfMany])
def test_a_request_comes_back_from_json(kind):
    import json
    from dataclasses import asdict

    own = {"picture": "p", "target": 1} if kind is Asked else {"source": "gallery", "limit": 3}
    asked = kind(model="m", methods=("a", "b"), settings={}, output="logit", seed=0, metrics=("c",), **own)
    assert restored(kind, json.loads(json.dumps(asdict(asked)))) == asked
