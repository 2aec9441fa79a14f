"""The labels tab without a browser: its messages, its request, its sample and its jobs."""

import json
from math import nan
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, Passes
from core.metrics.similarity import SIMILARITIES, Similarities
from core.metrics.statistics import Estimate
from core.models.training import EpochDone
from core.sanity.label_networks import ROLES, Learned, NetworkLearning
from core.sanity.labels import LIMITS, SHOWN, LabelMap, LabelsReady, NetworksReady
from dashboard import labels
from dashboard.jobs import NotThere, find
from dashboard.labels import SAMPLE, LabelChecking, LiveLabels, find_labels, sample
from dashboard.messages import to_message
from dashboard.parts.label_check import shown_pictures, without_layers
from dashboard.requests import AskedOfLabels
from dashboard.runs import find_run
from dashboard.workshop import DEFAULT_MODEL, queue, shelf

PAGE = Path(__file__).resolve().parents[2] / "dashboard" / "views" / "sanity.py"
CLASSES = ("shirt", "shoe")
VALUES = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.25, -0.125]])
HEATMAP = Heatmap(VALUES, VALUES[None], "gradient", 1, "sum", 0.25, Passes(1, 1), ("A note.",))
ESTIMATE = Estimate(0.5, nan, nan, 1)
MEANS = dict.fromkeys(SIMILARITIES, ESTIMATE)
VERDICT = LabelsReady("gradient", "unclear", MEANS, {**MEANS, "ssim": Estimate(nan, nan, nan, 0)}, 1, "Too few.", False)


def asked(**told):
    common = {"model": "trained/labels_true", "methods": ("gradient",), "settings": {}, "output": "logit", "seed": 0}
    return AskedOfLabels(**{**common, "pictures": 2, "training": None, **told})


@pytest.fixture
def tab(wait):
    """The tab as the address asks for it, the model loaded; what it started is ended."""
    apps = []

    def run(**query):
        app = AppTest.from_file(str(PAGE), default_timeout=60)
        apps.append(app)
        for name, value in {"tab": "Labels", "methods": "gradient", **query}.items():
            app.query_params[name] = value
        app.run()
        wait(lambda: shelf.ask(DEFAULT_MODEL).settled)
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        job = queue().get(one(app, "labels")) if "labels" in app.query_params else None
        if job:
            queue().cancel(job.id)
            wait(lambda job=job: job.finished)


def one(app, name):
    """What the address says, which Streamlit keeps as a list."""
    value = app.query_params[name]
    return value[0] if isinstance(value, list) else value


def words(app):
    return " ".join(each.value for each in [*app.info, *app.error, *app.caption, *app.markdown])


@pytest.fixture
def no_work(monkeypatch):
    """Checks that were asked for; none of them is run."""
    seen = []

    def stream(request):
        seen.append(request)
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(labels, "stream_asked", stream)
    return seen


def test_messages_hold_all_that_the_tab_shows_and_nothing_that_json_has_not():
    told = to_message(VERDICT, CLASSES)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["kind"] == "labels"
    assert told["retrained"]["spearman"] == {"mean": 0.5, "low": None, "high": None, "n": 1}
    assert told["shuffled"]["ssim"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert (told["standing"], told["n"], told["sentence"], told["final"]) == ("unclear", 1, "Too few.", False)

    first, other = (
        to_message(LabelMap(3, role, HEATMAP, similar), CLASSES)
        for role, similar in (("true", None), ("shuffled", Similarities(0.5, 0.25, None, nan)))
    )
    assert [first[name] for name in SIMILARITIES] == [None] * 4
    assert [other[name] for name in SIMILARITIES] == [0.5, 0.25, None, None]
    known = {"kind": "label_map", "method": "gradient", "picture": 3, "role": "shuffled", "map": True}
    assert {**other, **known, "height": 2, "width": 3, "target": "shoe", "notes": ["A note."]} == other

    learned = tuple(Learned(role, 0.75, 0.5) for role in ROLES)
    networks = to_message(NetworksReady(learned, False, "Nothing is judged."), CLASSES)
    assert [each["title"] for each in networks["learned"]] == list(ROLES.values())
    assert (networks["sound"], networks["sentence"]) == (False, "Nothing is judged.")
    epoch = to_message(NetworkLearning("shuffled", EpochDone(1, 40, nan, 0.25, 0.125, 1.5)), CLASSES)
    assert epoch["kind"] == "network_epoch"
    assert (epoch["role"], epoch["loss"], epoch["accuracy"]) == ("shuffled", None, 0.25)


def test_maps_of_a_check_can_be_fetched_by_number_and_nothing_else_can(client, wait):
    events = (Progress(0, 1, "A network"), LabelMap(0, "true", HEATMAP, None), VERDICT)
    job = queue().submit(lambda: iter(events), owner="somebody", about=LabelChecking(asked()))
    wait(lambda: job.finished)
    found = find_labels(job.id)
    assert isinstance(found, LiveLabels)
    number = next(message["sequence"] for message in found.since(0)[1] if message["kind"] == "label_map")
    answer = client.get(f"/api/jobs/{job.id}/maps/{number}")
    assert answer.content == VALUES.numpy().astype("<f4").tobytes()
    for path in (f"maps/{number + 1}", f"maps/{number + 100}", "crop"):
        assert client.get(f"/api/jobs/{job.id}/{path}").status_code == 404


def test_a_check_is_not_found_under_the_name_of_another_job(finished_run):
    with pytest.raises(NotThere, match="not of a label check"):
        find_labels(finished_run.id)


def test_the_sample_of_a_check_is_no_run_of_one_picture():
    with pytest.raises(NotThere, match="not of a run of one picture"):
        find_run(SAMPLE)


def test_a_newcomer_sees_a_sample_with_every_verdict_and_the_maps_that_it_tells_of(client):
    shipped = sample()
    assert shipped is not None
    messages = shipped.since(0)[1]
    verdicts = {message["method"] for message in messages if message["kind"] == "labels" and message["final"]}
    assert verdicts == set(shipped.asked.methods)
    assert all(each["sound"] for each in messages if each["kind"] == "networks")
    maps = [message for message in messages if message["kind"] == "label_map"]
    assert {each["role"] for each in maps} == set(ROLES)
    last = maps[-1]
    answer = client.get(f"/api/jobs/{SAMPLE}/maps/{last['sequence']}")
    assert len(answer.content) == 4 * last["height"] * last["width"]
    assert client.get(f"/api/jobs/{SAMPLE}/crop").status_code == 404


def test_the_pictures_of_the_tab_are_one_of_each_kind_of_clothes():
    pictures = shown_pictures()
    assert len(pictures) == SHOWN == len({each["title"] for each in pictures})
    assert all(each["source"].startswith("data:image/png;base64,") for each in pictures)


def test_layers_of_the_model_at_the_left_are_not_asked_of_other_networks():
    told = {"grad_cam": {"layer": "blocks.6"}, "smoothgrad": {"samples": 3}, "guided_grad_cam": {"layer": "x"}}
    assert without_layers(told) == {"smoothgrad": {"samples": 3}}


def test_the_tab_opens_with_the_sample_and_says_what_the_check_can_t_tell(tab):
    told = words(tab())
    assert "A precomputed sample" in told
    assert all(limit in told for limit in LIMITS)


def test_what_is_chosen_is_asked_for_and_a_later_choice_makes_it_older(tab, no_work, wait):
    app = tab(**{"labels.pictures": "7"})
    app.button(key="run labels").click().run()
    assert not app.exception
    job = find(one(app, "labels"))
    wait(lambda: job.finished)
    (request,) = no_work
    assert (request.pictures, request.training, request.model) == (7, None, "trained/labels_true")
    assert {"gradient", "random", "sobel"} <= set(request.methods)
    app.number_input(key="labels.pictures").set_value(9).run()
    assert "the number of pictures changed since" in words(app)
    app.segmented_control(key="labels.networks").set_value("train them here").run()
    app.number_input(key="labels.seed").set_value(5).run()
    app.button(key="run labels").click().run()
    wait(lambda: find(one(app, "labels")).finished)
    assert (no_work[1].pictures, no_work[1].training) == (9, 5)


def test_networks_are_asked_for_as_they_were_chosen(monkeypatch):
    seen = []
    monkeypatch.setattr(labels, "stream_label_check", lambda methods, **told: seen.append((methods, told)) or iter(()))
    for training in (None, 0, 3):
        list(labels.stream_asked(asked(training=training, output="probability", reduction="sum")))
    assert [told["networks"] for _, told in seen] == ["bundled", 0, 3]
    methods, told = seen[0]
    assert (methods, told["pictures"], told["output"], told["reduction"]) == (["gradient"], 2, "probability", "sum")


def test_a_check_that_is_gone_says_so(tab):
    assert "no longer kept here" in words(tab(labels="never"))
