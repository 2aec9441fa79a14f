"""The tab of single-patch deletion: its sample, its request, its cost, its files, and what is said of it."""

import io
import json
import re
from functools import reduce

import pandas as pd
import pytest

from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.retraining.outcomes import Accuracy
from core.retraining.pace import Pace, Speed
from core.retraining.single_patch_events import NetworkAdapted, NetworkGap, PatchScore
from dashboard.components.component import scripts
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.session import sample_of
from dashboard.library.inputs import Inputs
from dashboard.library.models import shelf
from dashboard.retrain.fine_tune.panel import NETWORK
from dashboard.retrain.single_patch import job as single_patch_job
from dashboard.retrain.single_patch.cost_panel import in_words
from dashboard.retrain.single_patch.job import SINGLE_PATCH, SinglePatchRequest

SCRIPT = "retrain/single_patch/single_patch.js"
SCORE = Accuracy(Estimate(0.5, 0.25, 0.75, 20), (0.25, 0.75))
GAP = Accuracy(Estimate(0.25, 0.125, 0.375, 20), (0.25, 0.25))
SMALL, RESNET = "batch_norm_cnn", "resnet18_32"


@pytest.fixture
def tab(page):
    """The tab as the address asks for it, the first network at rest."""
    assert shelf.ask(NETWORK.name).ended.wait(60)
    return lambda **query: page("retrain", tab=SINGLE_PATCH.tab, **query)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which computes nothing."""
    heard = []

    def stream(**named):
        heard.append(named)
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(single_patch_job, "stream_single_patch", stream)
    return heard


def asked(**otherwise):
    usual = {"model": NETWORK.name, "methods": ("gradient", "random"), "networks": (SMALL, RESNET)}
    return SinglePatchRequest(**{**usual, "pictures": 20, "copies": 2, "across": 4, **otherwise})


def shown(app):
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [data] = [data for data in told if data.get("script") == SCRIPT]
    return data


def test_the_tab_opens_with_the_sample(tab, words):
    app = tab()
    assert "A precomputed sample" in words(app)
    assert app.button(key="start single_patch").label == "Run"
    assert shown(app)["run"] == sample_of(SINGLE_PATCH).id


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab, started):
    assert started(tab(), SINGLE_PATCH).request == sample_of(SINGLE_PATCH).request


def test_the_sample_has_a_score_for_every_method_with_random_at_0_and_networks_that_expect_deletions():
    sample = sample_of(SINGLE_PATCH)
    scores = {each["method"]: each for each in sample.messages(PatchScore)}
    assert set(scores) == set(sample.request.methods)
    assert scores["random"]["score"]["over_pictures"]["low"] < 0 < scores["random"]["score"]["over_pictures"]["high"]
    assert any(each["standing"] == "better" for each in scores.values())
    adapted = sample.messages(NetworkAdapted)
    assert len(adapted) == sample.request.copies
    assert all(each["after"] > each["before"] for each in adapted)


def test_what_is_chosen_is_asked_for(tab, started, asked_of_core, wait):
    chosen = {"pictures": "7", "copies": "3", "across": "5"}
    app = tab(methods="gradient", seed="5", **{f"single_patch.{name}": value for name, value in chosen.items()})
    app.button_group(key="single_patch.networks").set_value([RESNET, SMALL]).run()
    job = started(app, SINGLE_PATCH)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    assert (heard["pictures"], heard["seeds"], heard["across"], heard["seed"]) == (7, 3, 5, 5)
    assert heard["networks"] == (SMALL, RESNET)
    assert {"gradient", "random", "centre", "sobel"} <= set(heard["methods"])


def test_without_a_network_nothing_can_be_started(tab, words):
    app = tab()
    app.button_group(key="single_patch.networks").set_value([]).run()
    assert "Choose at least one network." in words(app)
    assert app.button(key="start single_patch").disabled


def test_other_networks_make_the_scores_stale_and_fewer_pictures_do_not(tab, words):
    app = tab(**{"single_patch.pictures": "7"})
    assert "to update" not in words(app)
    app.button_group(key="single_patch.networks").set_value([SMALL, RESNET]).run()
    assert "These scores used other networks" in words(app)
    assert shown(app)["stale"]


def test_the_cost_counts_trainings_copies_and_heatmaps():
    pace = Pace(Speed(1e-3, 1e-4), 0.05, 0.0, 0.0)
    small = in_words(asked(networks=(SMALL,)), {SMALL: pace})
    assert small.startswith("2 copies fine-tuned, 80 heatmaps: about ")
    both = in_words(asked(), {SMALL: pace, RESNET: pace})
    assert both.startswith("1 network trained, 4 copies fine-tuned, 160 heatmaps: about ")
    assert [int(re.search(r"about (\d+)", words)[1]) for words in (small, both)] == [14, 50]


def test_scores_differences_and_accuracies_are_saved_as_tables(client, ended):
    events = [
        NetworkAdapted(SMALL, 0, 0.875, 0.75, 0.8125, 1000),
        PatchScore(SMALL, "gradient", SCORE, GAP, "edge", "centre", "", 20),
        PatchScore(RESNET, "gradient", SCORE, GAP, "better", "", "", 20),
        NetworkGap("gradient", RESNET, SMALL, GAP, 20),
    ]
    job = ended(SINGLE_PATCH, asked(), Inputs(), events)

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    told = saved("scores")
    assert list(told["network"]) == [SMALL, RESNET]
    assert list(told["score_over_pictures_low"]) == [0.25, 0.25]
    assert told["unbeaten"][0] == "centre"
    assert list(saved("differences")["gap_over_pictures_mean"]) == [0.25]
    assert list(saved("accuracies")["after"]) == [0.8125]


def test_a_run_that_was_cancelled_before_its_first_score_promises_none(ended):
    assert not came_to_something(
        ended(SINGLE_PATCH, asked(), Inputs(), [NetworkAdapted(SMALL, 0, 0.875, 0.75, 0.8125, 1000)])
    )


def test_scores_that_are_gone_say_so(tab, words):
    assert SINGLE_PATCH.gone in words(tab(single_patch="never"))


def test_a_verdict_has_at_most_twelve_words():
    [body] = re.findall(r"^function singlePatchVerdict.*?^}", scripts()[SCRIPT], re.DOTALL | re.MULTILINE)
    templates = [words for pair in re.findall(r"`([^`]+)`|\"(No [^\"]+)\"", body) for words in pair if words]
    parts = {"${among}": " with every network", '${counted(judged.length, "method")}': "14 methods"}
    filled = [reduce(lambda words, part: words.replace(*part), parts.items(), each) for each in templates]
    verdicts = [re.sub(r"\$\{[^}]*\}", "Integrated gradients", words) for words in filled]
    assert len(verdicts) == 5
    assert [words for words in verdicts if len(words.split()) > 12] == []
