"""The benchmark of stamps without a browser: its messages, its words, its jobs, and the page around them."""

import io
import json
import threading
import time
from dataclasses import asdict, replace
from math import nan
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.models.small import stamp_cnn
from core.models.trained import Description, list_trained, save_trained
from core.models.training import EpochDone
from core.pictures.stamps import Stamp, anywhere
from core.stamping.benchmark import SweepPoint, usual_metrics
from core.stamping.gate import Gate, GateReady
from core.stamping.models import list_stamp_models
from core.stamping.task import Task
from core.stamping.training import ModelTrained
from core.studies.evaluation import PictureScored, SummaryReady
from dashboard import benchmarks
from dashboard.benchmarks import sample, stamped_share
from dashboard.folders import folders
from dashboard.jobs import find
from dashboard.messages import to_message
from dashboard.parts.stamp_training import LARGEST, largest_for
from dashboard.parts.stamp_words import task_in_words
from dashboard.workshop import queue, shelf

PAGE = Path(__file__).resolve().parents[2] / "dashboard" / "views" / "stamp.py"
MODEL = "Cross on patches of photos"
FILTER_NAME = "trained/matched_filter"
FILTER = "Matched filter for a cross, with known weights"
GATE = Gate(1.0, 0.5, nan, 30, 0)
PASSED = Gate(1.0, 1.0, 1.0, 200, 100)
EPOCH = EpochDone(1, 2, 0.25, 0.875, 0.9375, 1.5)
TASK = Task("patches", (Stamp(),))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A place of its own for what is trained here."""
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def benchmark(wait):
    """The tab as the address asks for it, its model loaded; what it started is ended."""
    apps = []

    def run(**query):
        app = AppTest.from_file(str(PAGE), default_timeout=60)
        apps.append(app)
        for name, value in {"tab": "Benchmark", "methods": "gradient", **query}.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return at_rest(app)

    def at_rest(app):
        titles = {model.title: model.name for model in list_stamp_models()}
        name = app.session_state["model"]
        wait(lambda: shelf.ask(titles.get(name, name)).settled)
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        for address in ("training", "benchmark", "sweep"):
            job = queue().get(app.query_params.get(address, ""))
            if job:
                queue().cancel(job.id)
                wait(lambda job=job: job.finished)


def one(app, name):
    """What the address says, which Streamlit keeps as a list."""
    value = app.query_params[name]
    return value[0] if isinstance(value, list) else value


def words(app):
    told = [*app.info, *app.warning, *app.error, *app.caption, *app.markdown]
    return " ".join(element.value for element in told)


def png(shade):
    written = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 0, 0)).save(written, "PNG")
    return written.getvalue()


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception


def own_model(gate, title="Mine", **task):
    """A network that was never trained, kept as one that was."""
    about = {
        "task": replace(TASK, **task).told(),
        "gate": gate.told(),
        "seed": 0,
        "bases": 90,
        "history": [asdict(EPOCH)],
    }
    grey = (0.5, 0.5, 0.5)
    described = Description("stamp_cnn", TASK.labels, (48, 48), grey, grey, grey, title, "stamps", about)
    torch.manual_seed(0)
    return save_trained(described, stamp_cnn(2, (48, 48)))


def follows(app, place):
    """Whether a component of that name is on the page; a job that none follows is ended after a while."""
    return any(element.proto.id.endswith(f"-{place}") for element in app.get("bidi_component"))


# What the browser is told


def test_an_epoch_is_told_as_it_is():
    told = to_message(EPOCH, ())
    assert told == {
        "kind": "epoch", "epoch": 1, "epochs": 2, "loss": 0.25, "accuracy": 0.875, "held_out": 0.9375, "seconds": 1.5,
    }  # fmt: skip


def test_a_gate_tells_three_shares_of_their_own_pictures_with_exact_intervals():
    told = to_message(GateReady(Gate(1.0, 0.5, 1.0, 30, 10)), ())
    accuracy, flips, returns = told["figures"]
    assert [figure["n"] for figure in (accuracy, flips, returns)] == [30, 20, 10]
    assert [figure["value"] for figure in (accuracy, flips, returns)] == [1.0, 0.5, 1.0]
    for figure in (accuracy, returns):  # all of n right: the lower end is the n-th root of half of 5 %
        assert figure["low"] == pytest.approx(0.025 ** (1 / figure["n"]), abs=1e-12)
        assert figure["high"] == 1.0
    assert flips["low"] == pytest.approx(1 - flips["high"], abs=1e-12)
    assert told["passed"] is False
    assert told["least"] == 0.99


def test_what_no_picture_tells_is_none_and_still_json():
    told = to_message(GateReady(GATE), ())
    assert json.loads(json.dumps(told, allow_nan=False))["figures"][2]["value"] is None
    assert told["passed"] is False
    point = SweepPoint(3, 0.5, PASSED, {"gradient": Estimate(1.5, nan, nan, 1)}, 1, 4)
    told = json.loads(json.dumps(to_message(point, ()), allow_nan=False))
    assert told["distances"] == {"gradient": {"mean": 1.5, "low": None, "high": None, "n": 1}}
    assert (told["size"], told["opacity"], told["passed"], told["done"], told["total"]) == (3, 0.5, True, 1, 4)


def test_a_sweep_says_why_a_point_has_no_distances():
    told = to_message(SweepPoint(3, 0.5, Gate(0.9, 1.0, 1.0, 200, 100), {}, 1, 4), ())
    assert (told["passed"], told["distances"]) == (False, {})
    assert "90.0" in told["sentence"]


def test_a_trained_model_is_told_by_name():
    told = to_message(ModelTrained("trained/mine", "Mine", GATE), ())
    assert told == {"kind": "trained", "name": "trained/mine", "title": "Mine", "passed": False}


# What a task is called


def test_a_task_is_told_with_all_that_its_pictures_show():
    told = task_in_words(Task("torchvision/CIFAR10", (Stamp("ring", 4), Stamp("bars", 4)), Stamp("saltire", 4)))
    for part in ("which of several stamps", "a ring or bars", "4 px", "CIFAR10", "A saltire lies on half"):
        assert part in told
    assert "tossed" not in told
    assert "tossed" in task_in_words(replace(TASK, labelled=False))
    assert "distractor" not in task_in_words(TASK)
    assert "saltire" not in task_in_words(TASK)


def test_a_folder_s_place_on_this_server_is_not_told():
    assert "/tmp" not in task_in_words(replace(TASK, bases="/tmp/heatcheck-1234/shop"))


def test_the_share_by_chance_is_what_stamps_cover_on_average():
    model = next(model for model in list_stamp_models() if model.title == MODEL)
    draw = torch.Generator().manual_seed(3)
    stamps = [replace(stamp, size=size) for stamp in model.task.stamps for size in model.task.sizes or (stamp.size,)]
    covered = [anywhere(stamp, model.size, draw).mask(model.size).double().mean() for stamp in stamps]
    assert stamped_share(model) == pytest.approx(float(sum(covered) / len(covered)), abs=1e-12)


@pytest.mark.parametrize(("bases", "side"), [("patches", 48), ("fashion_mnist", 28), ("torchvision/CIFAR10", 32)])
def test_a_stamp_is_at_most_an_eighth_of_the_pictures(bases, side):
    assert largest_for(bases, "stamp_cnn") == max(3, side // 8)
    assert largest_for(bases, "head of squeezenet1_1") == 224 // 8
    assert set(LARGEST) >= {"patches", "fashion_mnist"}


# The page


def test_the_model_its_task_and_a_sample_are_there_at_once(benchmark):
    app = benchmark()
    assert MODEL in words(app)
    assert "half carry a cross" in words(app)
    assert "A precomputed sample" in words(app)
    assert app.button(key="run").label == "Run"


def test_the_sample_is_what_run_would_score_on_more_pictures(benchmark, monkeypatch):
    monkeypatch.setattr(benchmarks, "stream_benchmark", lambda _: iter(()))
    app = benchmark(methods="")
    app.session_state["wished methods"] = list(sample().asked.methods)
    app.run()
    press(app, "run")
    asked = queue().get(one(app, "benchmark")).about.asked
    assert replace(asked, pictures=sample().asked.pictures) == sample().asked
    assert (asked.pictures, sample().asked.pictures) == (200, 60)


def test_a_photo_model_is_told_to_need_a_stamp_and_offers_models_that_know_one(benchmark):
    app = benchmark(model="SqueezeNet 1.1")
    assert "never learned what a stamp means" in words(app)
    assert app.button(key="run").disabled
    press(app, "choose trained/stamp_fashion")
    assert app.selectbox(key="model").value == "trained/stamp_fashion"


def test_run_scores_every_picture_with_the_controls_and_the_oracle(benchmark, wait, client):
    app = benchmark(model=FILTER, stamped="3", methods="gradient,input_x_gradient")
    press(app, "run")
    job = queue().get(one(app, "benchmark"))
    wait(lambda: job.finished)
    assert job.state == "done", job.error
    kinds = [type(event) for _, event in job.since(0)]
    assert kinds.index(GateReady) < kinds.index(PictureScored)
    [summary] = [event for _, event in job.since(0) if isinstance(event, SummaryReady)]
    means = {(row.metric, row.method): row.mean for row in summary.summary}
    assert means["stamp_distance", "oracle"] == pytest.approx(0, abs=1e-6)
    assert means["stamp_distance", "input_x_gradient"] == pytest.approx(0, abs=1e-3)
    assert {method for _, method in means} >= {"random", "sobel", "negated"}
    scores = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/scores.csv").content))
    assert scores["picture"].nunique() == 3
    told = client.get(f"/api/jobs/{job.id}/ranking?metric=stamp_distance").json()
    ranks = {row["method"]: row["rank"] for row in told["ranks"]}
    assert ranks["oracle"] < ranks["random"] < ranks["negated"]
    again = benchmark(model=FILTER, stamped="3", methods="gradient,input_x_gradient", benchmark=job.id)
    assert "older than your choices" not in words(again)
    other = benchmark(model=FILTER, stamped="4", methods="gradient,input_x_gradient", benchmark=job.id)
    assert "the number of pictures changed since" in words(other)


def test_specificity_needs_a_distractor():
    [model] = [model for model in list_stamp_models() if model.title == MODEL]
    without = replace(model, task=replace(model.task, distractor=None))
    assert set(usual_metrics(model.task)) - set(usual_metrics(without.task)) == {"specificity"}
    assert usual_metrics(model.task)[0] == "stamp_distance"


def test_below_the_gate_there_are_no_scores(benchmark, wait):
    name = own_model(Gate(0.5, 0.0, 0.0, 30, 15))
    app = benchmark(model="Mine", stamped="3")
    assert app.selectbox(key="model").value == name
    press(app, "run")
    job = queue().get(one(app, "benchmark"))
    wait(lambda: job.finished)
    assert job.state == "done", job.error
    assert not [event for _, event in job.since(0) if isinstance(event, PictureScored | SummaryReady)]
    app.run()
    assert not app.exception
    assert not [element for element in app.expander if element.label == "Means as a chart"]
    assert follows(app, "course of the model's training")
    app.selectbox(key="model").select(FILTER_NAME).run()
    assert not app.exception
    assert follows(app, "course of the benchmark's training")
    assert not follows(app, "course of the model's training")


def test_a_model_whose_folder_is_gone_says_so_and_is_asked_nothing(benchmark, tmp_path):
    own_model(PASSED, "Here", bases=str(tmp_path))
    own_model(PASSED, "Gone", bases=str(tmp_path / "nowhere"))
    here, gone = benchmark(model="Here"), benchmark(model="Gone")
    assert "no longer on this server" not in words(here)
    assert "no longer on this server" in words(gone)
    assert "nowhere" not in words(gone)
    for key in ("run", "start sweep"):
        assert not here.button(key=key).disabled
        assert gone.button(key=key).disabled


def test_a_folder_of_one_s_own_is_trained_on_and_held_until_the_end(benchmark, wait, monkeypatch):
    learned, going_on = [], threading.Event()

    def stream(task, **asked):
        learned.append((task.bases, asked["title"]))
        while not going_on.is_set():
            yield Progress(0, 1, "Base pictures")

    monkeypatch.setattr(benchmarks, "stream_stamp_training", stream)
    name = folders.add((f"shop/{shade}.png", png(shade)) for shade in range(8))
    place = folders.get(name).path
    app = benchmark(train="true", folder=name, **{"train.pictures": "A folder of your own"})
    press(app, "start training")
    folders.remove(name)
    job = queue().get(one(app, "training"))
    wait(lambda: learned)
    assert learned == [(str(place), "shop: cross")]
    assert place.is_dir()
    assert str(place) not in words(app)
    going_on.set()
    wait(lambda: job.finished)
    wait(lambda: not place.exists())


def test_a_benchmark_is_no_study_of_many_pictures(benchmark, page, wait, monkeypatch):
    monkeypatch.setattr(benchmarks, "stream_benchmark", lambda _: iter(()))
    app = benchmark()
    press(app, "run")
    assert "That study is no longer kept" in words(page(tab="Many pictures", study=one(app, "benchmark")))
    wait(lambda: queue().get(one(app, "benchmark")).finished)
    press(app, "start sweep")
    assert "That score table is no longer kept" in words(benchmark(benchmark=one(app, "sweep")))
    assert "That sweep is no longer kept" in words(benchmark(sweep=one(app, "benchmark")))


@pytest.mark.slow
def test_a_sweep_asks_for_few_methods_and_all_sizes(benchmark, wait):
    app = benchmark(**{"sweep.pictures": "2"})
    press(app, "start sweep")
    job = queue().get(one(app, "sweep"))
    asked = job.about.asked
    assert (asked.sizes, asked.opacities, asked.pictures) == ((3, 4, 5, 6), (0.6, 0.8, 1.0), 2)
    assert asked.methods == ("gradient",)
    assert app.button(key="start sweep").label == "Cancel"
    wait(lambda: [event for _, event in job.since(0) if isinstance(event, SweepPoint)])
    app.session_state["launched"] = 0.0
    press(app, "start sweep")
    wait(lambda: job.finished)
    assert job.state == "cancelled"
    [first, *_] = [event for _, event in job.since(0) if isinstance(event, SweepPoint)]
    assert (first.size, first.opacity, first.total) == (6, 1.0, 12)
    assert first.distances["oracle"].mean == pytest.approx(0, abs=1e-6)


# Training


@pytest.fixture
def trained(monkeypatch):
    """Trainings that end at once; what they were asked for."""
    asked = []

    def stream(request, _):
        asked.append(request)
        yield Progress(1, 2, "training")
        yield EPOCH
        yield GateReady(PASSED)
        yield ModelTrained(own_model(PASSED, "New one"), "New one", PASSED)

    monkeypatch.setattr(benchmarks, "stream_training", stream)
    return asked


def test_a_newcomer_s_training_is_a_cross_among_patches_with_a_distractor(benchmark, trained, wait):
    app = benchmark(train="true")
    press(app, "start training")
    wait(lambda: queue().get(one(app, "training")).finished)
    [asked] = trained
    assert asked.task == Task("patches", (Stamp("cross", 6),), Stamp("saltire", 6))
    assert (asked.network, asked.seed, asked.title) == ("stamp_cnn", 0, "")


def test_a_training_is_what_was_chosen(benchmark, trained, wait):
    app = benchmark(train="true")
    app.selectbox(key="train.pictures").select("fashion_mnist")
    app.button_group(key="train.stamps").set_value(["cross", "ring"])
    app.selectbox(key="train.distractor").select("")
    app.button_group(key="train.labels").set_value("tossed")
    app.toggle(key="train.vary").set_value(True)
    app.number_input(key="train.opacity").set_value(0.8)
    app.color_picker(key="train.colour").set_value("#00ff00")
    app.number_input(key="train.seed").set_value(7)
    app.text_input(key="train.title").set_value("  Rings  ")
    app.run()
    press(app, "start training")
    wait(lambda: queue().get(one(app, "training")).finished)
    [asked] = trained
    stamps = tuple(Stamp(design, 3, "#00ff00", 0.8) for design in ("cross", "ring"))
    assert asked.task == Task("fashion_mnist", stamps, None, (3,), (0.48, 0.64, 0.8), labelled=False)
    assert (asked.seed, asked.title) == (7, "Rings")


def test_no_stamp_is_no_training(benchmark):
    app = benchmark(train="true")
    app.button_group(key="train.stamps").set_value([]).run()
    assert app.button(key="start training").disabled
    assert "Choose at least one stamp." in words(app)


@pytest.mark.usefixtures("trained")
def test_a_model_that_was_trained_is_used_at_once_and_can_be_removed(benchmark, wait):
    app = benchmark(train="true")
    press(app, "start training")
    wait(lambda: queue().get(one(app, "training")).finished)
    app.run()
    press(app, "use trained")
    [name] = [model.name for model in list_trained() if not model.bundled]
    assert app.selectbox(key="model").value == name
    wait(lambda: shelf.ask(name).settled)
    press(app, f"remove {name}")
    assert not [model for model in list_trained() if not model.bundled]
    assert app.selectbox(key="model").value != name


def test_a_training_goes_on_when_reloaded_closed_or_looked_away_from_and_beside_a_score_table(
    benchmark, wait, monkeypatch
):
    def endless(*_):
        while True:
            time.sleep(0.01)
            yield Progress(1, 2, "training")

    monkeypatch.setattr(benchmarks, "stream_training", endless)
    monkeypatch.setattr(benchmarks, "stream_benchmark", lambda _: iter(()))
    app = benchmark(train="true")
    press(app, "start training")
    job = queue().get(one(app, "training"))
    again = benchmark(train="true", training=job.id)
    assert again.button(key="start training").label == "Cancel"
    assert follows(benchmark(training=job.id), "progress training")
    assert follows(benchmark(training=job.id, tab="Place a stamp"), "progress of the benchmark tab: training")
    press(app, "run")
    assert not job.cancelled
    app.session_state["launched"] = 0.0
    press(app, "start training")
    wait(lambda: job.finished)
    assert job.state == "cancelled"
    assert find(job.id).asked == job.about.asked


def test_a_training_that_is_gone_says_so(benchmark):
    assert "That training is no longer kept here" in words(benchmark(training="nobody"))


@pytest.mark.slow
def test_tossed_labels_are_refused_by_the_gate_and_the_training_is_shown(benchmark, wait):
    app = benchmark(train="true", **{"train.pictures": "Fashion-MNIST", "train.labels": "tossed"})
    press(app, "start training")
    job = queue().get(one(app, "training"))
    wait(lambda: job.finished, 200)
    assert job.state == "done", job.error
    [gate] = [event.gate for _, event in job.since(0) if isinstance(event, GateReady)]
    assert not gate.passed
    app.run()
    press(app, "use trained")
    [model] = [model for model in list_stamp_models() if not model.bundled]
    assert [epoch.epoch for epoch in model.history] == list(range(1, model.history[0].epochs + 1))
