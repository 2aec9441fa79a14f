"""The Stamp page's first tab, and the route that answers while a stamp is dragged."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

import core
from core.metrics.ideal import stamp_distance
from core.pictures.bases import collect_bases
from core.pictures.stamps import Placed, Stamp
from core.stamping.agreement import SpreadReady
from core.stamping.models import DEFAULT, list_stamp_models
from core.stamping.task import Task
from core.studies.scoring import ScoresReady
from dashboard.messages import to_message
from dashboard.parts.stamp_scores import chance
from dashboard.parts.stamp_truth import BELOW, UNPROVEN, unlike, why_no_truth
from dashboard.pictures import PictureGone, bases_for, find_choice, open_choice
from dashboard.stamping import classes_told, inside, read_placed, tell_stamp
from dashboard.workshop import DEFAULT_MODEL, look, queue, shelf

SCRIPT = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
FEW = {"methods": "gradient"}
Wait = Callable[..., None]


def known(name: str = DEFAULT) -> Any:
    return next(model for model in list_stamp_models() if model.name == name)


@pytest.fixture(scope="module", autouse=True)
def _stamp_model() -> None:
    assert shelf.ask(DEFAULT).ended.wait(120)


@pytest.fixture
def stamp_page() -> Iterator[Callable[..., AppTest]]:
    """The Stamp page as the address asks for it, at rest; what it started is ended."""
    apps: list[AppTest] = []

    def run(**query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        apps.append(app)
        app.switch_page("views/stamp.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        if job := queue().get(app.query_params.get("job", "")):
            queue().cancel(job.id)


def job_of(app: AppTest) -> Any:
    return queue().get(app.query_params["job"])


def put_at(app: AppTest, left: int) -> None:
    app.number_input(key="place left 48").set_value(left)
    next(button for button in app.button if button.label == "Put it there").click().run()


def words(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption, *app.header])


def test_a_newcomer_need_not_press_anything(stamp_page: Callable[..., AppTest], wait: Wait) -> None:
    app = stamp_page()
    asked = job_of(app).about.asked
    assert asked.model == DEFAULT
    assert asked.stamp.stamp == Stamp("cross", 6, "#ff00ff", 1.0)
    assert known().gate.sentence in words(app)
    assert "no ground truth" not in words(app)
    wait(lambda: job_of(app).finished)
    assert job_of(app).state == "done"


def test_the_ideal_is_the_first_card_and_controls_the_last(stamp_page: Callable[..., AppTest]) -> None:
    asked = job_of(stamp_page(methods="occlusion,gradient")).about.asked
    controls = [method.name for method in core.list_methods() if method.control and method.name != "oracle"]
    assert asked.methods == ("oracle", "gradient", "occlusion", *controls)


def test_what_is_scored_is_the_stamped_picture_against_the_stamp(
    stamp_page: Callable[..., AppTest], wait: Wait
) -> None:
    app = stamp_page(left="7", top="30", **FEW)
    job = job_of(app)
    wait(lambda: job.finished)
    placed = Placed(Stamp("cross", 6), 7, 30)
    classifier = shelf.held(DEFAULT)
    clean = classifier.prepare(open_choice(job.about.asked.picture))
    assert torch.equal(job.about.subject.pixels, placed.on(clean))
    [scores] = [
        event.scores for _, event in job.since(0) if isinstance(event, ScoresReady) and event.method == "gradient"
    ]
    heatmap = core.explain(classifier, placed.on(clean), ["gradient"], target=1)["gradient"]
    assert scores["stamp_distance"] == pytest.approx(stamp_distance(heatmap.values, placed.mask((48, 48))), abs=1e-5)


def test_the_stamp_s_own_class_is_explained_whatever_the_model_says(stamp_page: Callable[..., AppTest]) -> None:
    assert job_of(stamp_page(opacity="0.05", **FEW)).about.asked.target == 1


def test_nothing_starts_anew_until_something_changes_and_then_the_older_ends(
    stamp_page: Callable[..., AppTest],
) -> None:
    app = stamp_page(methods="smoothgrad", **{"smoothgrad.samples": "200"})
    first = job_of(app)
    app.run()
    assert job_of(app) is first
    put_at(app, 3)
    assert job_of(app) is not first
    assert first.cancelled
    assert job_of(app).about.asked.stamp.left == 3


def test_what_was_cancelled_stays_so_until_it_is_asked_for_again(
    stamp_page: Callable[..., AppTest], wait: Wait
) -> None:
    app = stamp_page(methods="smoothgrad", **{"smoothgrad.samples": "200"})
    first = job_of(app)
    queue().cancel(first.id)
    wait(lambda: first.finished)
    app.run()
    assert job_of(app) is first
    app.button(key="run").click().run()
    assert job_of(app) is not first


def test_a_moving_stamp_ends_no_job_of_another_kind(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(**FEW)
    benchmark = queue().submit(lambda: iter(range(10**9)), owner=app.session_state["owner"])
    put_at(app, 3)
    assert not benchmark.cancelled
    queue().cancel(benchmark.id)


def test_the_address_restores_what_was_seen(stamp_page: Callable[..., AppTest]) -> None:
    picture = bases_for(known())[3].name
    told = {
        "picture": picture, "design": "ring", "size": "4", "colour": "#00ff00", "opacity": "0.5", "left": "9",
        "top": "11", "seed": "3", "distractor": "true", "left2": "30", "top2": "31", "methods": "gradient",
    }  # fmt: skip
    asked = job_of(stamp_page(**told)).about.asked
    assert (asked.picture, asked.seed) == (picture, 3)
    assert asked.stamp == Placed(Stamp("ring", 4, "#00ff00", 0.5), 9, 11)
    assert asked.distractor == Placed(replace(known().task.distractor, size=4, opacity=0.5), 30, 31)


def test_numbers_put_the_stamp_and_follow_it(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(left="9", top="11", **FEW)
    assert [app.number_input(key=f"place {edge} 48").value for edge in ("left", "top")] == [9, 11]
    put_at(app, 20)
    assert (app.query_params["left"], app.query_params["top"]) == ("20", "11")
    assert job_of(app).about.asked.stamp.left == 20


def test_an_address_that_the_browser_sends_late_undoes_no_slider(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(opacity="0.7", size="4", **FEW)
    app.slider(key="opacity").set_value(0.2).run()
    app.query_params["opacity"] = "0.7"  # a browser's address may be older than its last request
    app.slider(key="size of 6").set_value(5).run()
    assert (app.query_params["opacity"], app.query_params["size"]) == ("0.2", "5")
    stamp = job_of(app).about.asked.stamp.stamp
    assert (stamp.opacity, stamp.size) == (0.2, 5)


@pytest.mark.parametrize(
    "told",
    [
        {"opacity": "thin"},
        {"opacity": "nan"},
        {"opacity": "7"},
        {"size": "99"},
        {"size": "big"},
        {"colour": "nocolour"},
        {"design": "../ring"},
    ],
)
def test_an_address_that_tells_no_stamp_is_passed_over(stamp_page: Callable[..., AppTest], told: Any) -> None:
    stamp = job_of(stamp_page(**told, **FEW)).about.asked.stamp.stamp
    assert stamp == Stamp("cross", 6, "#ff00ff", 1.0)


def test_each_size_of_pictures_has_a_size_of_stamps(stamp_page: Callable[..., AppTest], wait: Wait) -> None:
    wait(lambda: shelf.ask("trained/stamp_fashion").settled)
    app = stamp_page(model="Cross on clothes (Fashion-MNIST)", **FEW)
    assert job_of(app).about.asked.stamp.stamp.size == 3
    app.selectbox(key="model").set_value(DEFAULT_MODEL).run()
    assert job_of(app).about.asked.stamp.stamp.size == 224 // 4


def test_an_address_that_the_browser_sends_late_moves_nothing_back(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(left="9", top="11", **FEW)
    late = dict(app.query_params)
    put_at(app, 20)
    job = job_of(app)
    for name, value in late.items():
        app.query_params[name] = value
    app.run()
    assert job_of(app) is job
    assert app.query_params["left"] == "20"


def test_on_a_picture_of_another_size_the_stamp_lies_where_it_lies_at_first(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(left="0", top="0", **FEW)
    app.selectbox(key="model").select("fashion_cnn").run()
    assert shelf.ask("fashion_cnn").ended.wait(60)
    app.run()
    stamp = job_of(app).about.asked.stamp
    assert (stamp.left, stamp.top) == (18, 6)
    assert "left" not in app.query_params


@pytest.mark.parametrize("told", [{"left": "9999", "top": "9999"}, {"left": "47", "top": "47"}])
def test_a_place_outside_the_picture_becomes_the_nearest_inside(
    stamp_page: Callable[..., AppTest], told: dict[str, str]
) -> None:
    stamp = job_of(stamp_page(**told, **FEW)).about.asked.stamp
    assert (stamp.left, stamp.top) == (42, 42)


def test_a_photo_model_says_that_the_stamp_is_no_truth(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(model="EfficientNet-Lite0", **FEW)
    assert UNPROVEN in words(app)
    assert "Agreement with the stamp, not truth" in words(app)
    asked = job_of(app).about.asked
    assert asked.stamp.stamp.size == 224 // 4
    assert (asked.target, asked.picture) == (None, "coffee")
    assert any(box.key == "class" for box in app.selectbox)


def test_where_a_model_sees_a_stamp_that_is_not_there_its_place_is_no_truth(
    stamp_page: Callable[..., AppTest], wait: Wait
) -> None:
    """A photo is nothing that the network for clothes knows: colours alone look like a stamp to it."""
    wait(lambda: shelf.ask("trained/stamp_fashion").settled)
    app = stamp_page(model="Cross on clothes (Fashion-MNIST)", picture="flower", **FEW)
    assert "without any stamp" in words(app)
    assert "Agreement with the stamp, not truth" in words(app)


def test_a_picture_that_is_gone_says_what_to_do(stamp_page: Callable[..., AppTest]) -> None:
    app = stamp_page(picture="base-00000000-1")
    assert "Upload it again, or choose another" in words(app)
    assert "job" not in app.query_params


def test_trained_models_stand_on_this_page_and_not_on_explain(
    stamp_page: Callable[..., AppTest], page: Callable[..., AppTest]
) -> None:
    offered = stamp_page(**FEW).selectbox(key="model").options
    titles = [model.title for model in list_stamp_models()]
    assert offered[: len(titles)] == titles
    assert not set(titles) & set(page().selectbox(key="model").options)


def test_each_page_is_as_it_was_left(stamp_page: Callable[..., AppTest]) -> None:
    assert shelf.ask("trained/stamp_patches_designs").ended.wait(60)
    app = stamp_page(model="Cross, ring or bars on patches of photos", left="5", top="6", **FEW)
    job = app.query_params["job"]
    app.switch_page("views/explain.py").run()
    assert not app.exception
    assert app.selectbox(key="model").value == DEFAULT_MODEL
    assert not {"left", "job", "model"} & set(app.query_params)
    app.selectbox(key="model").select("squeezenet1_1").run()
    app.switch_page("views/stamp.py").run()
    assert app.selectbox(key="model").value == "trained/stamp_patches_designs"
    assert [app.query_params[name] for name in ("job", "left", "top")] == [job, "5", "6"]
    app.switch_page("views/explain.py").run()
    assert app.selectbox(key="model").value == "squeezenet1_1"


def told_truth(stamp: Stamp, **changes: Any) -> str:
    return why_no_truth(replace(known(), **changes), stamp, (0, 1))


def test_the_place_is_the_truth_only_behind_the_gate_and_for_what_was_learned() -> None:
    learned = Stamp("cross", 5, "#ff00ff", 0.8)
    assert why_no_truth(None, learned, (0, 0)) == UNPROVEN
    assert "says “stamped” without any stamp" in why_no_truth(known(), learned, (1, 1))
    assert "still says “regular”" in why_no_truth(known(), learned, (0, 0))
    assert told_truth(learned) == ""
    assert told_truth(learned, gate=None) == BELOW
    assert told_truth(learned, gate=replace(known().gate, flips=0.98)) == BELOW
    assert "of this size and opacity: the model learned a cross, 4, 5 or 6 px wide" in told_truth(
        replace(learned, size=3, opacity=0.45)
    )


def test_what_of_the_stamp_is_used_is_asked_of_those_that_learned_it(
    stamp_page: Callable[..., AppTest], wait: Wait
) -> None:
    assert shelf.ask("fashion_cnn").ended.wait(60)
    for model, asks in (("Cross on patches of photos", True), ("Small CNN (Fashion-MNIST)", False)):
        job = job_of(stamp_page(model=model, **FEW))
        wait(lambda job=job: job.finished)
        scores = [event.scores for _, event in job.since(0) if isinstance(event, ScoresReady)]
        assert len(scores) > 2
        assert all(("causal_distance" in each) == asks for each in scores)


def test_the_truth_is_asked_about_with_the_stamp_above_the_distractor(
    stamp_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def named(_model: str, _picture: str, placed: Any) -> tuple[int, int]:
        asked.append([each.stamp.design for each in placed])
        return 0, 1

    monkeypatch.setattr("dashboard.parts.one_stamp.named", named)
    stamp_page(distractor="true", **FEW)
    assert asked == [["saltire", "cross"]]


def test_how_far_seeds_move_scores_is_told_after_them() -> None:
    told = to_message(SpreadReady("random", {"stamp_distance": 0.25, "auroc": None}, 5), ())
    assert told == {"kind": "spread", "method": "random", "spread": {"stamp_distance": 0.25, "auroc": None}, "seeds": 5}


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (Stamp("cross", 6), []),
        (Stamp("cross", 6, "magenta"), []),
        (Stamp("ring", 3, "red", 0.1), ["design"]),
        (Stamp("cross", 5), ["size"]),
        (Stamp("cross", 6, "red", 0.9), ["colour", "opacity"]),
    ],
)
def test_without_sizes_a_task_knows_its_stamp_as_it_is(stamp: Stamp, words: list[str]) -> None:
    assert unlike(Task("patches", (Stamp("cross", 6),)), stamp) == words


def ask(client: TestClient, *stamps: str, model: str = DEFAULT, picture: str = "") -> Any:
    told = {"model": model, "picture": picture or bases_for(known())[0].name, "stamp": list(stamps)}
    return client.get("/api/stamp/answer", params=told)


def test_the_answer_is_that_of_the_stamps_one_upon_the_other_and_of_the_clean_picture(client: TestClient) -> None:
    picture = bases_for(known())[0].name
    classifier = shelf.held(DEFAULT)
    clean = look(DEFAULT, picture).pixels
    told = ask(client, "saltire,5,#00c8ff,0.75,29,19", "cross,4,#ff00ff,0.5,30,20").json()["classes"]
    under = Placed(Stamp("saltire", 5, "#00c8ff", 0.75), 29, 19).on(clean)
    stamped = Placed(Stamp("cross", 4, "#ff00ff", 0.5), 30, 20).on(under)
    before, after = (classifier.logits(pixels)[0].softmax(dim=0).tolist() for pixels in (clean, stamped))
    assert [each["label"] for each in told] == ["regular", "stamped"]
    assert [each["before"] for each in told] == pytest.approx(before, abs=1e-5)
    assert [each["after"] for each in told] == pytest.approx(after, abs=1e-5)


def test_the_answer_comes_between_the_steps_of_a_job(client: TestClient, wait: Wait) -> None:
    endless = queue().submit(lambda: iter(lambda: 0, 1), owner="somebody")
    wait(lambda: endless.state == "running")
    assert ask(client, "cross,6,#ff00ff,1,20,20").status_code == 200
    assert not endless.finished
    queue().cancel(endless.id)


@pytest.mark.parametrize(
    "stamp",
    ["", "cross", "cross,6,#ff00ff,1,20", "crss,6,#ff00ff,1,20,20", "cross,2,#ff00ff,1,20,20", "cross,6,nocolour,1,2,2",
     "cross,6,#ff00ff,1.5,2,2", "cross,6,#ff00ff,nan,2,2", "cross,7,#ff00ff,1,2,2", "cross,6000000,#ff00ff,1,2,2"],
)  # fmt: skip
def test_what_is_no_stamp_for_this_picture_is_a_bad_request(client: TestClient, stamp: str) -> None:
    assert ask(client, stamp).status_code == 400


@pytest.mark.parametrize("told", [{"model": "trained/nobody"}, {"picture": "nobody"}, {"picture": "base-0-0"}])
def test_what_is_not_there_is_said(client: TestClient, told: dict[str, str]) -> None:
    answer = ask(client, "cross,6,#ff00ff,1,20,20", **told)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_a_photo_model_tells_the_likeliest_before_and_after(client: TestClient) -> None:
    told = ask(client, "cross,28,#ff00ff,1,90,90", model=DEFAULT_MODEL, picture="coffee").json()["classes"]
    before = [answer.label for answer in look(DEFAULT_MODEL, "coffee").answers[:4]]
    assert [each["label"] for each in told][:4] == before
    assert max(told, key=lambda each: each["after"])["after"] > 0.05


def test_classes_that_came_with_the_stamp_stand_below_those_that_were_there() -> None:
    before = {index: 10 - index for index in range(10)}
    after = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    assert classes_told(before, after) == [0, 1, 2, 3, 9, 8, 7, 6]


def test_a_stamp_s_colour_comes_back_from_its_address() -> None:
    stamp = Stamp("ring", 5, "teal", 0.35)
    assert read_placed(f"{tell_stamp(stamp)},-1,4") == Placed(Stamp("ring", 5, "#008080", 0.35), -1, 4)


@pytest.mark.parametrize(("place", "found"), [((-3, 99), (0, 34)), ((99, -3), (22, 0)), ((5, 6), (5, 6))])
def test_a_stamp_stays_whole_inside_a_picture_that_is_not_square(
    place: tuple[int, int], found: tuple[int, int]
) -> None:
    placed = inside(Placed(Stamp("cross", 6), *place), (40, 28))
    assert (placed.left, placed.top) == found


def test_base_pictures_show_nothing_that_was_learned_from() -> None:
    widths = {entry.name: core.open_picture(entry.path).width for entry in core.gallery()}
    parts = [re.search(r"(\w+)\[\d+:\d+, (\d+):", choice.credit) for choice in bases_for(known())]
    cuts = [(part[1], int(part[2])) for part in parts if part]
    assert len(cuts) > 5
    assert all(left >= 0.7 * widths[name] - 1 for name, left in cuts)


def test_base_pictures_come_to_the_model_to_the_bit_and_small_to_the_strip(client: TestClient) -> None:
    choices = bases_for(known())
    assert len({choice.name for choice in choices}) == len({choice.title for choice in choices}) == 10
    name = choices[2].name
    assert find_choice(name) == choices[2]
    pixels = np.asarray(open_choice(name))
    tested = collect_bases("patches", 48, known().seed, 30).test
    assert (pixels == (tested[int(name.rpartition("-")[2])].permute(1, 2, 0) * 255).round().byte().numpy()).all()
    crop = client.get(f"/api/pictures/{name}/crop", params={"model": DEFAULT})
    assert (np.asarray(Image.open(io.BytesIO(crop.content))) == pixels).all()
    assert Image.open(io.BytesIO(client.get(f"/api/pictures/{name}/thumbnail").content)).size == (128, 128)


@pytest.mark.parametrize("name", ["base-", "base-00000000-0", "base-../../etc-0"])
def test_a_name_that_is_of_no_known_base_is_gone(name: str) -> None:
    with pytest.raises(PictureGone):
        find_choice(name)


def test_a_stamped_run_is_shown_by_its_maps_and_its_picture(
    stamp_page: Callable[..., AppTest], client: TestClient, wait: Wait
) -> None:
    app = stamp_page(left="7", top="30", **FEW)
    job = job_of(app)
    wait(lambda: job.finished)
    crop = np.asarray(Image.open(io.BytesIO(client.get(f"/api/jobs/{job.id}/crop").content)))
    assert (crop[33, 10] == (255, 0, 255)).all()
    number = next(n for n, event in job.since(0) if getattr(getattr(event, "heatmap", None), "method", "") == "oracle")
    values = np.frombuffer(client.get(f"/api/jobs/{job.id}/maps/{number}").content, "<f4").reshape(48, 48)
    assert (values == Placed(Stamp("cross", 6), 7, 30).mask((48, 48)).numpy()).all()
    assert client.get(f"/api/jobs/{job.id}/scores.csv").status_code == 404


def test_a_random_map_gets_the_share_that_the_stamp_covers() -> None:
    known_metrics = {metric.name: metric for metric in core.list_metrics()}
    assert chance(known_metrics["relevance_mass"], 20 / 2304) == "0.87 %"
    assert chance(known_metrics["stamp_distance"], 20 / 2304) == "2"
    assert chance(known_metrics["auroc"], 20 / 2304) == "0.5"
    assert chance(known_metrics["specificity"], 20 / 2304) == "0.5"
