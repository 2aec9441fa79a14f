"""The toy tab of the Retrain page: its sample, its run, its files, and what is said of it."""

import io
import json
import re

import pandas as pd
import pytest

from core.retraining.toy import FEATURES, INFORMATIVE, RANKINGS, ToyReady, stream_retraining_toy
from dashboard.components.component import scripts
from dashboard.jobs.messages import to_message
from dashboard.jobs.session import sample_of
from dashboard.retrain.toy.job import RETRAINING_TOY
from dashboard.retrain.toy.panel import MOST, SEEDS

SCRIPT = "retrain/toy/toy.js"
DIGITS = 1e-5


@pytest.fixture
def toy_tab(page):
    """The tab as the address asks for it."""
    return lambda **query: page("retrain", tab=RETRAINING_TOY.tab, **query)


def points(message):
    return {(point["ranking"], point["removed"]): point for point in message["points"]}


def test_the_tab_opens_with_the_sample(toy_tab, words):
    app = toy_tab()
    assert "A precomputed sample" in words(app)
    assert app.button(key="start retraining_toy").label == "Run"
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [shown] = [data for data in told if data.get("script") == SCRIPT]
    assert shown["run"] == sample_of(RETRAINING_TOY).id


def test_the_sample_is_what_the_page_would_compute():
    sample, now = sample_of(RETRAINING_TOY), to_message([*stream_retraining_toy(SEEDS)][-2], ())
    [stored] = sample.messages(ToyReady)
    assert sample.request.seeds == stored["seeds"] == now["seeds"] == SEEDS
    for cell, point in points(now).items():
        for name in ("without", "retrained", "gain"):
            assert points(stored)[cell][name] == pytest.approx(point[name], abs=DIGITS)


def test_the_sample_teaches_that_uninformative_features_matter_only_without_retraining():
    [message] = sample_of(RETRAINING_TOY).messages(ToyReady)
    left, whole = (points(message)["worst_first", removed] for removed in (FEATURES - INFORMATIVE, 0))
    assert left["gain"]["low"] > 0
    assert left["without"]["high"] < whole["without"]["low"]
    assert left["retrained"]["high"] > whole["retrained"]["low"]


def test_a_run_tells_every_accuracy_and_is_saved_as_a_table(toy_tab, started, wait, client):
    job = started(toy_tab(**{"toy.seeds": "6"}), RETRAINING_TOY)
    assert job.request.seeds == 6
    wait(lambda: job.finished)
    table = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/accuracies.csv").content))
    assert set(table["ranking"]) == set(RANKINGS)
    assert len(table) == len(RANKINGS) * (FEATURES + 1)
    assert (table["gain_mean"] - (table["retrained_mean"] - table["without_mean"])).abs().max() < DIGITS
    assert set(table["retrained_n"]) == {6}


def test_another_number_of_seeds_makes_the_curves_stale(toy_tab, words):
    app = toy_tab()
    app.number_input(key="toy.seeds").set_value(40).run()
    assert "These curves used another number of seeds. Press Run to update them." in words(app)


def test_it_is_cancelled_and_keeps_the_seeds_so_far(toy_tab, started, wait):
    app = toy_tab(**{"toy.seeds": str(MOST)})
    job = started(app, RETRAINING_TOY)
    wait(lambda: job.messages(ToyReady))
    app.button(key="start retraining_toy").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    [kept] = job.messages(ToyReady)
    assert 1 <= kept["seeds"] < MOST


def test_a_verdict_has_at_most_twelve_words():
    script = scripts()[SCRIPT]
    [body] = re.findall(r"^function toyVerdict.*?^}", script, re.DOTALL | re.MULTILINE)
    constants = re.findall(r'const NO_DIFFERENCE = "([^"]+)"', script)
    verdicts = [re.sub(r"\$\{.*?\}", "19", words) for words in re.findall("`(.*?)`", body)] + constants
    assert len(verdicts) == 3
    assert [words for words in verdicts if len(words.split()) > 12] == []
