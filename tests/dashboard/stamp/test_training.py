"""A stamp model of one's own, trained on the page without a browser."""

import io
import threading
import time
from dataclasses import replace

import pytest
from PIL import Image

from core.jobs.events import Progress
from core.models.trained import list_trained
from core.models.training import EpochDone
from core.pictures.stamps import Stamp
from core.stamping.gate import Gate, GateReady
from core.stamping.models import list_stamp_models
from core.stamping.task import Task
from core.stamping.training import RECIPES, ModelTrained
from dashboard.jobs.session import find
from dashboard.library.folders import folders, write_folder
from dashboard.library.models import shelf
from dashboard.stamp.benchmark.job import BENCHMARK
from dashboard.stamp.training.job import TRAINING
from dashboard.stamp.training.panel import LARGEST, largest_for

PASSED = Gate(1.0, 1.0, 1.0, 200, 100)
EPOCH = EpochDone(1, 2, 0.25, 0.875, 0.9375, 1.5)
STREAM = "dashboard.stamp.training.job.stream_stamp_training"


@pytest.fixture
def trained(monkeypatch, own_model):
    """Trainings that end at once; what they were asked for."""
    asked = []

    def stream(task, **rest):
        asked.append((task, rest))
        yield Progress(1, 2, "training")
        yield EPOCH
        yield GateReady(PASSED)
        yield ModelTrained(own_model(PASSED, "New one", rest["owner"]), "New one", PASSED)

    monkeypatch.setattr(STREAM, stream)
    return asked


@pytest.fixture
def endless(monkeypatch):
    """Trainings that never end."""

    def stream(*_, **__):
        while True:
            time.sleep(0.01)
            yield Progress(1, 2, "training")

    monkeypatch.setattr(STREAM, stream)


def close_expander(app):
    del app.query_params["train"]
    app.session_state["train"] = False
    app.run()


def open_other_tab(app):
    del app.query_params["tab"]
    app.session_state["tab"] = "Place a stamp"
    app.run()


def lead_back(app):
    next(button for button in app.button if button.label == "Back to Training").click().run()


def png(shade):
    written = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 0, 0)).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(("bases", "side"), [("patches", 48), ("fashion_mnist", 28), ("torchvision/CIFAR10", 32)])
def test_a_stamp_is_at_most_an_eighth_of_the_pictures(bases, side):
    assert largest_for(bases, "stamp_cnn") == max(3, side // 8)
    assert largest_for(bases, "head of squeezenet1_1") == 224 // 8
    assert set(LARGEST) >= {"patches", "fashion_mnist"}


def test_a_newcomer_s_training_is_a_cross_among_patches_with_a_distractor(benchmark_tab, trained, started, wait):
    job = started(benchmark_tab(train="true"), TRAINING)
    wait(lambda: job.finished)
    [(task, rest)] = trained
    assert task == Task("patches", (Stamp("cross", 6),), Stamp("saltire", 6))
    assert (rest["network"], rest["seed"], rest["title"]) == ("stamp_cnn", 0, "")


def test_a_training_is_what_was_chosen(benchmark_tab, trained, started, wait):
    app = benchmark_tab(train="true")
    app.selectbox(key="train.pictures").select("fashion_mnist")
    app.button_group(key="train.stamps").set_value(["cross", "ring"])
    app.selectbox(key="train.distractor").select("")
    app.button_group(key="train.labels").set_value("random")
    app.toggle(key="train.vary").set_value(True)
    app.number_input(key="train.opacity").set_value(0.8)
    app.color_picker(key="train.colour").set_value("#00ff00")
    app.number_input(key="train.seed").set_value(7)
    app.text_input(key="train.title").set_value("  Rings  ")
    app.run()
    job = started(app, TRAINING)
    wait(lambda: job.finished)
    [(task, rest)] = trained
    stamps = tuple(Stamp(design, 3, "#00ff00", 0.8) for design in ("cross", "ring"))
    assert task == Task("fashion_mnist", stamps, None, (3,), (0.48, 0.64, 0.8), labelled=False)
    assert (rest["seed"], rest["title"]) == (7, "Rings")


def test_no_stamp_is_no_training(benchmark_tab, words):
    app = benchmark_tab(train="true")
    app.button_group(key="train.stamps").set_value([]).run()
    assert app.button(key="start training").disabled
    assert "Choose at least one stamp." in words(app)


@pytest.mark.usefixtures("trained")
def test_a_training_stays_what_it_is_when_another_task_is_chosen(benchmark_tab, started, wait, words):
    app = benchmark_tab(train="true")
    job = started(app, TRAINING)
    wait(lambda: job.finished)
    app.button_group(key="train.stamps").set_value(["ring"]).run()
    assert not app.exception
    assert "half carry a cross" in words(app)
    assert "to update" not in words(app)


@pytest.mark.usefixtures("trained")
def test_a_model_that_was_trained_is_used_at_once_and_can_be_removed(benchmark_tab, started, wait):
    app = benchmark_tab(train="true")
    job = started(app, TRAINING)
    wait(lambda: job.finished)
    app.run()
    app.button(key="use trained").click().run()
    assert not app.exception
    [name] = [model.name for model in list_trained() if not model.bundled]
    assert app.selectbox(key="model").value == name
    wait(lambda: shelf.ask(name).settled)
    app.button(key=f"remove {name}").click().run()
    assert not app.exception
    assert not [model for model in list_trained() if not model.bundled]
    assert app.selectbox(key="model").value != name


def test_a_model_that_another_person_trained_is_not_offered(benchmark_tab, own_model, words):
    hers, everybodys = own_model(PASSED, "Hers", "anna"), own_model(PASSED, "Everybody's")
    here = benchmark_tab(train="true")
    assert {"Hers", "Everybody's"} & {*here.selectbox(key="model").options} == {"Everybody's"}
    assert "Trained here" not in words(here)
    here.session_state["owner"] = "anna"
    here.run()
    assert {"Hers", "Everybody's"} <= {*here.selectbox(key="model").options}
    assert [button.key for button in here.button if button.label == "Remove"] == [f"remove {hers}"]
    here.button(key=f"remove {hers}").click().run()
    assert not here.exception
    assert [model.name for model in list_trained() if not model.bundled] == [everybodys]


@pytest.mark.usefixtures("trained")
def test_who_follows_another_s_training_can_not_use_its_model(benchmark_tab, started, wait, words):
    job = started(benchmark_tab(train="true"), TRAINING)
    wait(lambda: job.finished)
    theirs = benchmark_tab(train="true", training=job.id)
    assert "Kept as “New one”." in words(theirs)
    assert not [button for button in theirs.button if button.key == "use trained"]


def test_a_folder_of_one_s_own_is_trained_on_and_held_until_the_end(benchmark_tab, started, wait, monkeypatch, words):
    learned, going_on = [], threading.Event()

    def stream(task, **rest):
        learned.append((task.bases, rest["title"]))
        while not going_on.is_set():
            yield Progress(0, 1, "Base pictures")

    monkeypatch.setattr(STREAM, stream)
    name = folders.add("somebody", write_folder((f"shop/{shade}.png", png(shade)) for shade in range(8)))
    place = folders.get(name).path
    app = benchmark_tab(train="true", folder=name, **{"train.pictures": "A folder of your own"})
    job = started(app, TRAINING)
    folders.remove(name, "somebody")
    wait(lambda: learned)
    assert learned == [(str(place), "shop: cross")]
    assert place.is_dir()
    assert "**shop: cross**" in words(app)
    assert str(place) not in words(app)
    going_on.set()
    wait(lambda: job.finished)
    wait(lambda: not place.exists())


@pytest.mark.usefixtures("endless")
def test_a_training_goes_on_when_reloaded_closed_or_looked_away_from_and_beside_a_score_table(
    benchmark_tab, started, follows, wait, monkeypatch
):
    monkeypatch.setattr("dashboard.stamp.benchmark.job.stream_stamp_benchmark", lambda *_, **__: iter(()))
    app = benchmark_tab(train="true")
    job = started(app, TRAINING)
    started(app, BENCHMARK)
    assert follows(app, "progress training 0")
    again = benchmark_tab(visitor=app, train="true", training=job.id)
    assert again.button(key="start training").label == "Cancel"
    assert follows(again, "progress training 0")
    for close in (close_expander, open_other_tab):
        close(app)
        assert not app.exception
        assert follows(app, "progress elsewhere 0")
        assert not follows(app, "progress training 0")
    lead_back(app)
    assert job.state()["state"] == "running"
    app.button(key="start training").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    assert find(job.id).request == job.request


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("away", ["closed", "another tab", "another page"])
def test_one_gets_back_to_a_training_from_anywhere(benchmark_tab, started, follows, away):
    app = benchmark_tab(train="true")
    job = started(app, TRAINING)
    close_expander(app)
    if away == "another tab":
        open_other_tab(app)
    if away == "another page":
        app.switch_page("views/explain.py").run()
    assert not app.exception
    lead_back(app)
    assert not app.exception
    assert app.button(key="start training").label == "Cancel"
    assert follows(app, "progress training 0")
    assert app.query_params["training"] == job.id


def test_a_training_that_is_gone_says_so(benchmark_tab, words):
    assert "That training is no longer kept here" in words(benchmark_tab(train="true", training="nobody"))


@pytest.mark.slow
def test_shuffled_labels_are_refused_by_the_gate_and_the_training_is_shown(benchmark_tab, started, wait, monkeypatch):
    """A real training; the engine's tests show that so few pictures do teach a network where labels follow stamps."""
    monkeypatch.setitem(RECIPES, "stamp_cnn", replace(RECIPES["stamp_cnn"], epochs=6, most=600))
    app = benchmark_tab(train="true", **{"train.pictures": "Fashion-MNIST", "train.labels": "random"})
    job = started(app, TRAINING)
    wait(lambda: job.finished, 200)
    assert job.state()["state"] == "done", job.state()["error"]
    [gate] = [event.gate for event in job.events(GateReady)]
    assert not gate.passed
    app.run()
    app.button(key="use trained").click().run()
    assert not app.exception
    [model] = [model for model in list_stamp_models() if not model.bundled]
    wait(lambda: shelf.ask(model.name).settled)
    assert [epoch.epoch for epoch in model.history] == list(range(1, model.history[0].epochs + 1))
