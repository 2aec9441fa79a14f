"""The first tab of the Retrain page: its sample, its request, its files, and what is said of it."""

import io
import json
import re

import pandas as pd
import pytest

from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.retraining.data_ready import DataReady
from core.retraining.directions import Direction
from core.retraining.fine_tune_events import FineTuned, FineTuneReady, RemovalAccuracy
from core.retraining.outcomes import FRACTIONS, Accuracy
from core.retraining.verdicts import Verdict
from dashboard.components.component import scripts
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.session import sample_of
from dashboard.library.folders import folders
from dashboard.library.inputs import Inputs
from dashboard.library.models import shelf
from dashboard.retrain.fine_tune import job as fine_tune_job
from dashboard.retrain.fine_tune.job import FINE_TUNE, FineTuneRequest
from dashboard.retrain.fine_tune.panel import MOST_PICTURES, NETWORK

SCRIPT = "retrain/fine_tune/fine_tune.js"
HALF = Accuracy(Estimate(0.5, 0.25, 0.75, 20), (0.25, 0.75))
GAP = Accuracy(Estimate(0.25, 0.125, 0.375, 20), (0.25, 0.25))


@pytest.fixture
def tab(page):
    """The Retrain page as the address asks for it, its network at rest."""
    assert shelf.ask(NETWORK.name).ended.wait(60)
    return lambda **query: page("retrain", **query)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which computes nothing."""
    heard = []

    def stream(**named):
        heard.append(named)
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(fine_tune_job, "stream_fine_tune", stream)
    return heard


def asked(**otherwise):
    usual = {"model": NETWORK.name, "methods": ("gradient", "centre", "random"), "pictures": 20, "networks": 2}
    return FineTuneRequest(**{**usual, **otherwise})


def shown(app):
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [data] = [data for data in told if data.get("script") == SCRIPT]
    return data


def test_the_page_opens_with_the_sample_of_one_fine_tune(tab, words):
    app = tab()
    assert "A precomputed sample" in words(app)
    assert app.button(key="start fine_tune").label == "Run"
    assert shown(app)["run"] == sample_of(FINE_TUNE).id


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab, started):
    assert started(tab(), FINE_TUNE).request == sample_of(FINE_TUNE).request


def test_the_sample_has_every_method_and_every_finding_and_names_the_centre_as_the_best_control():
    sample = sample_of(FINE_TUNE)
    [ready] = sample.messages(FineTuneReady)
    assert ready["final"]
    assert {each["method"] for each in ready["verdicts"]} == set(sample.request.methods)
    assert [each["name"] for each in ready["directions"]] == ["a", "b", "c", "d"]
    assert len(sample.messages(RemovalAccuracy)) == len(sample.request.methods) * 2 * len(FRACTIONS)
    controls = [each["method"] for each in ready["verdicts"] if each["standing"] == "control"]
    assert controls[0] == "centre"
    unbeaten = {each["unbeaten"] for each in ready["verdicts"] if each["standing"] == "edge"}
    assert unbeaten == {"centre"}


def test_what_is_chosen_is_asked_for(tab, started, asked_of_core, wait):
    chosen = {"pictures": "7", "networks": "2", "unit": "region", "side": "7"}
    app = tab(methods="gradient", seed="5", **{f"fine_tune.{name}": value for name, value in chosen.items()})
    job = started(app, FINE_TUNE)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    assert (heard["pictures"], heard["seeds"], heard["unit"], heard["side"], heard["seed"]) == (7, 2, "region", 7, 5)
    assert {"gradient", "random", "centre", "sobel"} <= set(heard["methods"])


@pytest.mark.parametrize("kind", ["fine_tune", "single_patch"])
def test_without_a_method_there_is_nothing_to_run(tab, words, kind):
    for methods, ready in (("", False), ("gradient", True)):
        app = tab(methods=methods, tab=kind)
        assert app.button(key=f"start {kind}").disabled is not ready
        assert ("Choose at least one method." in words(app)) is not ready


def test_the_side_is_asked_for_only_where_regions_are_removed(tab):
    assert "fine_tune.side" not in [each.key for each in tab().number_input]
    assert "fine_tune.side" in [each.key for each in tab(**{"fine_tune.unit": "region"}).number_input]


def test_the_passes_are_told_before(tab, words):
    few, many = (tab(**{"fine_tune.pictures": str(count)}) for count in (5, MOST_PICTURES))
    told = [int(re.search(r"([\d,]+) passes", words(app))[1].replace(",", "")) for app in (few, many)]
    assert told[0] < told[1]


def test_another_unit_makes_the_curves_stale_and_fewer_pictures_do_not(tab, words):
    assert "to update" not in words(tab(**{"fine_tune.pictures": "7"}))
    app = tab(**{"fine_tune.unit": "feature"})
    assert "These curves used another removal unit. Press Run to update them." in words(app)
    assert shown(app)["stale"]


def test_accuracies_verdicts_and_findings_are_saved_as_tables(client, ended):
    verdicts = (
        Verdict("gradient", GAP, GAP, "edge", "centre"),
        Verdict("centre", GAP, GAP, "control"),
    )
    direction = Direction("a", "Claimed.", "undecided", "Why.")
    events = [
        FineTuned(None, 0.5, 1000, 0.0),
        RemovalAccuracy("gradient", "roar", 0.1, HALF, GAP, 20),
        RemovalAccuracy("gradient", "kar", 0.1, HALF, GAP, 20),
        FineTuneReady(verdicts, (direction,), HALF, HALF, 20, True),
    ]
    job = ended(FINE_TUNE, asked(), Inputs(), events)

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    told = saved("accuracies")
    assert list(told["form"]) == ["roar", "kar"]
    assert list(told["adapted_over_pictures_low"]) == [0.25, 0.25]
    told = saved("verdicts")
    assert list(told["method"]) == ["gradient", "centre"]
    assert told["unbeaten"][0] == "centre"
    assert told["removal_over_pictures_mean"][0] == 0.25
    assert list(saved("directions")["finding"]) == ["undecided"]


def test_a_run_that_was_cancelled_before_its_first_curve_promises_none(ended):
    assert not came_to_something(ended(FINE_TUNE, asked(), Inputs(), [FineTuned(None, 0.5, 1000, 0.0)]))


def test_a_fine_tune_that_is_gone_says_so(tab, words):
    assert FINE_TUNE.gone in words(tab(fine_tune="never"))


def test_a_verdict_has_at_most_twelve_words():
    [body] = re.findall(r"^function fineTuneVerdict.*?^}", scripts()[SCRIPT], re.DOTALL | re.MULTILINE)
    templates = [words for pair in re.findall(r"`([^`]+)`|\"(No [^\"]+)\"", body) for words in pair if words]
    verdicts = [re.sub(r"\$\{[^}]*\}", "Integrated gradients", words) for words in templates]
    assert len(verdicts) == 4
    assert [words for words in verdicts if len(words.split()) > 12] == []


@pytest.fixture
def with_folder(tab, wait, words):
    """The tab with an uploaded folder, once its pictures are read."""

    def opened(name, **query):
        app = tab(data="folder", folder=name, **{"data.side": "8", "methods": "gradient", **query})
        wait(lambda: "Reading the pictures" not in words(app.run()))
        return app

    return opened


def test_a_folder_of_one_s_own_is_learned_from_and_its_chance_is_told(
    with_folder, upload, shades, words, started, wait
):
    name = upload(shades())
    app = with_folder(name, **{"fine_tune.networks": "1"})
    assert "36 training pictures and 6 test pictures of 3 classes, 8 × 8 pixels. One in seven" in words(app)
    job = started(app, FINE_TUNE)
    assert (job.request.folder, job.request.labels, job.request.picture_side) == (name, "folders", 8)
    wait(lambda: job.finished, 200)
    assert job.state()["state"] == "done", job.state()["error"]
    [told] = job.messages(DataReady)
    assert (told["title"], told["classes"], told["learned"], told["tested"]) == ("shop", 3, 36, 6)
    assert told["chance"] == pytest.approx(1 / 3)
    assert job.messages(FineTuned)[0]["accuracy"] == 1.0, "shades are easily told apart"
    assert job.messages(FineTuneReady)[-1]["final"]
    assert str(folders.get(name).path) not in json.dumps(job.messages())
    data = shown(app.run())
    assert (data["own"], data["chance"]) == (True, None)
    assert job.inputs().folder is None, "its files are needed no more"


def test_the_cost_of_a_folder_is_that_of_its_own_pictures(with_folder, upload, shades, words, wait):
    app = with_folder(upload(shades()))
    wait(lambda: "1 network trained, 3 copies fine-tuned, 36 heatmaps: " in words(app.run()), 200)
    assert " passes" not in words(app)


def test_another_folder_makes_the_curves_stale(with_folder, upload, shades, words):
    assert "These curves used other data" in words(with_folder(upload(shades())))


def test_a_folder_that_cannot_be_learned_from_says_so_before_a_run(with_folder, upload, shades, words):
    app = with_folder(upload(shades()[:14]))
    assert "at least two classes with 7 different pictures each; shop has one" in words(app)
    assert app.button(key="start fine_tune").disabled
    assert not app.exception


def test_without_a_folder_there_is_nothing_to_run(tab, words):
    app = tab(data="folder")
    assert "Choose a folder with a folder for each class." in words(app)
    assert app.button(key="start fine_tune").disabled
    gone = tab(data="folder", folder="gone")
    assert "no longer kept" in words(gone)
    assert gone.button(key="start fine_tune").disabled


def test_regions_too_large_for_the_pictures_are_refused_before_a_run(with_folder, upload, shades):
    app = with_folder(upload(shades()), **{"fine_tune.unit": "region", "fine_tune.side": "14"})
    assert app.error
    assert app.button(key="start fine_tune").disabled
