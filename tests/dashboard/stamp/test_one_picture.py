"""The Stamp page's first tab: the model answers at once, and heatmaps are made when somebody asks for them."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

import core
from core.metrics.distance import stamp_distance
from core.pictures.stamps import Placed, Stamp
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from core.studies.scoring import ScoresReady
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.session import find, sample_of
from dashboard.library.absence import NotThere
from dashboard.library.models import DEFAULT_MODEL, shelf
from dashboard.library.pictures import bases_for, open_choice
from dashboard.library.queue import queue
from dashboard.stamp.one_picture.job import STAMPED_PICTURE, StampedPicture
from dashboard.stamp.one_picture.panel import FOLLOWING

FEW = {"methods": "gradient"}
SLOW = {"methods": "smoothgrad", "smoothgrad.samples": "200"}
AGAIN = "start stamped_picture"
Page = Callable[..., AppTest]
Words = Callable[[AppTest], str]
Wait = Callable[..., None]
Explained = Callable[..., tuple[AppTest, StampedPicture]]


def shown(app: AppTest) -> StampedPicture:
    return find(app.query_params["stamped_picture"])


def cancelled(job: StampedPicture) -> bool:
    return queue().get(job.id).cancelled


def put_at(app: AppTest, left: int) -> None:
    app.number_input(key="place left 48").set_value(left)
    next(button for button in app.button if button.label == "Set position").click().run()


def leading_back(app: AppTest) -> list[Any]:
    return [button for button in app.button if button.label.startswith("Back to")]


def scores_of(job: StampedPicture) -> dict[str, Any]:
    return {event.method: event.scores for event in job.events(ScoresReady)}


def running(app: AppTest) -> list[Any]:
    return queue().running(app.session_state["owner"])


def test_a_newcomer_sees_the_sample_and_nothing_is_started(
    stamp_page: Page, cross: ListedStampModel, words: Words
) -> None:
    app = stamp_page()
    assert "A precomputed sample" in words(app)
    assert "stamped_picture" not in app.query_params
    assert running(app) == []
    assert cross.gate.sentence in words(app)
    assert "ground truth" not in "".join(each.value for each in app.info)


def test_the_sample_is_what_explain_would_make(explained: Explained) -> None:
    _, job = explained()
    assert job.request.model == DEFAULT
    assert job.request.stamp.stamp == Stamp("cross", 6, "#ff00ff", 1.0)
    assert job.request == sample_of(STAMPED_PICTURE).request


def test_the_ideal_is_the_first_card_and_controls_the_last(explained: Explained) -> None:
    request = explained(methods="occlusion,gradient")[1].request
    controls = [method.name for method in core.list_methods() if method.control and method.name != "oracle"]
    assert request.methods == ("oracle", "gradient", "occlusion", *controls)


def test_what_is_scored_is_the_stamped_picture_against_the_stamp(explained: Explained, wait: Wait) -> None:
    _, job = explained(left="7", top="30", **FEW)
    wait(lambda: job.finished)
    placed = Placed(Stamp("cross", 6), 7, 30)
    classifier = shelf.held(DEFAULT)
    clean = classifier.prepare(open_choice(job.request.picture))
    assert torch.equal(job.inputs().pixels, placed.on(clean))
    heatmap = core.explain(classifier, placed.on(clean), ["gradient"], target=1)["gradient"]
    distance = stamp_distance(heatmap.values, placed.mask((48, 48)))
    assert scores_of(job)["gradient"]["stamp_distance"] == pytest.approx(distance, abs=1e-5)


def test_the_stamp_s_own_class_is_explained_whatever_the_model_says(explained: Explained) -> None:
    assert explained(opacity="0.05", **FEW)[1].request.target == 1


def test_a_moved_stamp_starts_nothing_and_dims_what_was_made_before(
    explained: Explained, words: Words, wait: Wait
) -> None:
    app, first = explained(**FEW)
    wait(lambda: first.finished)
    put_at(app, 3)
    assert shown(app).id == first.id
    assert running(app) == []
    assert "These maps used another stamp." in words(app)


def test_maps_that_follow_the_stamp_are_made_anew_when_it_moves_and_the_older_end(explained: Explained) -> None:
    app, first = explained(**SLOW)
    app.toggle(key=FOLLOWING).set_value(True).run()
    assert shown(app).id == first.id
    put_at(app, 3)
    assert shown(app).id != first.id
    assert cancelled(first)
    assert shown(app).request.stamp.left == 3


def test_what_was_cancelled_stays_so_until_it_is_asked_for_again(explained: Explained, wait: Wait) -> None:
    app, first = explained(**SLOW)
    app.toggle(key=FOLLOWING).set_value(True).run()
    assert app.button(key=AGAIN).label == "Cancel"
    app.button(key=AGAIN).click().run()
    wait(lambda: first.finished)
    assert first.state()["state"] == "cancelled"
    app.run()
    assert shown(app).id == first.id
    assert app.button(key=AGAIN).label == "Explain"
    app.button(key=AGAIN).click().run()
    assert shown(app).id != first.id
    assert shown(app).request == first.request


def test_a_click_on_the_button_together_with_another_choice_starts_one_job(explained: Explained, wait: Wait) -> None:
    app, first = explained(**FEW)
    wait(lambda: first.finished)
    app.run()
    app.slider(key="opacity").set_value(0.5)
    app.button(key=AGAIN).click().run()
    second = shown(app)
    assert second.request.stamp.stamp.opacity == 0.5
    app.run()
    assert shown(app).id == second.id


def test_the_address_restores_what_was_seen(explained: Explained, stamp_page: Page, cross: ListedStampModel) -> None:
    picture = bases_for(cross)[3].name
    address = {
        "picture": picture, "design": "ring", "size": "4", "colour": "#00ff00", "opacity": "0.5", "left": "9",
        "top": "11", "seed": "3", "distractor": "true", "left2": "30", "top2": "31", "methods": "gradient",
    }  # fmt: skip
    _, first = explained(**address)
    assert (first.request.picture, first.request.seed) == (picture, 3)
    assert first.request.stamp == Placed(Stamp("ring", 4, "#00ff00", 0.5), 9, 11)
    assert first.request.distractor == Placed(replace(cross.task.distractor, size=4, opacity=0.5), 30, 31)
    assert shown(stamp_page(**address, stamped_picture=first.id)).id == first.id


def test_an_address_from_before_kinds_had_names_opens_the_same_job(
    explained: Explained, stamp_page: Page, follows: Callable[[AppTest, str], bool]
) -> None:
    _, first = explained(left="7", top="30", **FEW)
    assert follows(stamp_page(left="7", top="30", job=first.id, **FEW), "progress stamped_picture 0")


def test_a_link_to_maps_of_other_choices_shows_them_as_such_and_starts_nothing(
    explained: Explained, stamp_page: Page, words: Words, wait: Wait
) -> None:
    _, first = explained(left="7", top="30", **FEW)
    wait(lambda: first.finished)
    again = stamp_page(left="8", top="30", stamped_picture=first.id, **FEW)
    assert shown(again).id == first.id
    assert running(again) == []
    assert "These maps used another stamp." in words(again)


def test_what_cannot_be_started_says_why(stamp_page: Page, monkeypatch: pytest.MonkeyPatch, words: Words) -> None:
    app = stamp_page(**FEW)

    def unavailable(*_: Any) -> Any:
        raise NotThere("The model is not there yet.")

    monkeypatch.setattr("dashboard.stamp.one_picture.job.find_subject", unavailable)
    app.button(key=AGAIN).click().run()
    assert not app.exception
    assert "The model is not there yet." in words(app)


def test_a_photo_model_is_asked_about_a_photo_and_the_class_that_one_chooses(explained: Explained) -> None:
    app, job = explained(model="EfficientNet-Lite0", **FEW)
    request = job.request
    assert request.stamp.stamp.size == 224 // 4
    assert (request.target, request.picture) == (None, "komodo_dragon")
    assert any(box.key == "class" for box in app.selectbox)


def test_a_picture_that_is_gone_says_what_to_do(stamp_page: Page, words: Words) -> None:
    app = stamp_page(picture="base-00000000-1")
    assert "Upload it again, or choose another" in words(app)
    assert "stamped_picture" not in app.query_params


def test_trained_models_stand_on_this_page_and_not_on_explain(stamp_page: Page, page: Page) -> None:
    offered = stamp_page(**FEW).selectbox(key="model").options
    titles = [model.title for model in list_stamp_models()]
    assert offered[: len(titles)] == titles
    assert not set(titles) & set(page().selectbox(key="model").options)


def test_each_page_is_as_it_was_left_but_for_the_model_which_is_taken_along(explained: Explained) -> None:
    assert shelf.ask("trained/stamp_patches_designs").ended.wait(60)
    app, _ = explained(model="Cross, ring or bars on patches of photos", left="5", top="6", **FEW)
    job = app.query_params["stamped_picture"]
    app.switch_page("views/explain.py").run()
    assert not app.exception
    assert app.selectbox(key="model").value == DEFAULT_MODEL
    assert not {"left", "stamped_picture", "model"} & set(app.query_params)
    app.switch_page("views/stamp.py").run()
    assert app.selectbox(key="model").value == "trained/stamp_patches_designs"
    app.switch_page("views/explain.py").run()
    app.selectbox(key="model").select("squeezenet1_1").run()
    app.switch_page("views/stamp.py").run()
    assert app.selectbox(key="model").value == "squeezenet1_1"
    assert [app.query_params[name] for name in ("stamped_picture", "left", "top")] == [job, "5", "6"]
    app.switch_page("views/explain.py").run()
    assert app.selectbox(key="model").value == "squeezenet1_1"


def test_what_of_the_stamp_is_used_is_asked_of_those_that_learned_it(explained: Explained, wait: Wait) -> None:
    assert shelf.ask("fashion_cnn").ended.wait(60)
    for model, asks in (("Cross on patches of photos", True), ("Small CNN (Fashion-MNIST)", False)):
        _, job = explained(model=model, **FEW)
        wait(lambda job=job: job.finished)
        scores = scores_of(job).values()
        assert len(scores) > 2
        assert all(("causal_distance" in each) == asks for each in scores)


def test_a_stamped_run_is_shown_by_its_maps_and_its_picture(
    explained: Explained, client: TestClient, wait: Wait
) -> None:
    _, job = explained(left="7", top="30", **FEW)
    wait(lambda: job.finished)
    crop = np.asarray(Image.open(io.BytesIO(client.get(f"/api/jobs/{job.id}/crop").content)))
    assert (crop[33, 10] == (255, 0, 255)).all()
    [number, *_] = [
        message["sequence"] for message in job.messages(core.HeatmapReady) if message["heatmap"]["method"] == "oracle"
    ]
    values = np.frombuffer(client.get(f"/api/jobs/{job.id}/maps/{number}").content, "<f4").reshape(48, 48)
    assert (values == Placed(Stamp("cross", 6), 7, 30).mask((48, 48)).numpy()).all()
    assert client.get(f"/api/jobs/{job.id}/scores.csv").text.startswith("method,")


def test_maps_go_on_where_another_tab_shows_how_far_they_are_and_leads_back(
    explained: Explained, follows: Callable[[AppTest, str], bool]
) -> None:
    app, first = explained(**SLOW)
    assert leading_back(app) == []
    app.session_state["tab"] = "Benchmark"
    app.run()
    assert not app.exception
    [back] = leading_back(app)
    assert back.label == "Back to Stamped picture"
    assert follows(app, "progress elsewhere 0")
    back.click().run()
    assert shown(app).id == first.id
    assert leading_back(app) == []
    assert app.button(key=AGAIN).label == "Cancel"


def test_every_kind_of_job_of_this_page_lies_on_a_tab_of_it(stamp_page: Page) -> None:
    tabs = {tab.label for tab in stamp_page(**FEW).tabs}
    assert {kind.tab for kind in KINDS.values() if kind.page == "stamp"} == tabs
