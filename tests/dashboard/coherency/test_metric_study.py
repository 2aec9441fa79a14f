"""The Coherency page: its sample, its request, its messages and tables, and what is said of it."""

import base64
import io
import json
import re
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch

import core
from core.coherency.anchor import Anchor
from core.coherency.choices import Flip
from core.coherency.correlation import Correlation, Form
from core.coherency.degradation import Fall
from core.coherency.events import AnchorsReady, CorrelationsReady, FlipsReady, PictureShown, StatusesReady
from core.coherency.picture import CHECKS
from core.coherency.status import Status, Verdict
from core.jobs.events import Progress
from core.metrics.statistics import Score
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from core.studies.evaluation import PictureScored, SummaryReady
from dashboard.coherency.metric_study.job import (
    ALL_CHECKS,
    ANCHOR,
    METRIC_STUDY,
    MetricStudyRequest,
    PictureJudged,
    short,
    small_map,
)
from dashboard.coherency.metric_study.panel import CHECK_TITLES, CHECKS_MEAN, choices_in_words
from dashboard.components.component import scripts
from dashboard.jobs.messages import to_message
from dashboard.jobs.session import sample_of
from dashboard.library.folders import folders, write_folder
from dashboard.library.models import shelf
from dashboard.library.sources import Source

HERE = "coherency/metric_study"
MODEL = "fashion_cnn"
THREE = ("gradient", "input_x_gradient", "grad_cam")
NAN = float("nan")


@pytest.fixture
def study_page(page):
    """The page as the address asks for it, its network at rest."""
    assert shelf.ask(MODEL).ended.wait(60)
    return lambda **query: page("coherency", **{"model": MODEL} | query)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked; the truth anchor finds one agreement, and the study nothing."""
    heard = {}

    def stream_truth_anchor(model, methods, **named):
        heard["anchor"] = {"model": model, "methods": methods, **named}
        yield PictureScored("base picture 0001", (), 0.1, 1, 1)
        yield SummaryReady((), 1)
        yield AnchorsReady((Anchor("fidelity", "auroc", 0.5, 0.25, 0.75, 3, 1),))

    def stream_coherency(classifier, source, **named):
        heard["study"] = {"classifier": classifier, "source": source, **named}
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(core, "stream_truth_anchor", stream_truth_anchor)
    monkeypatch.setattr(core, "stream_coherency", stream_coherency)
    return heard


def asked(**otherwise):
    usual = {"model": MODEL, "methods": THREE, "metrics": ("fidelity", "deletion"), "source": "gallery", "limit": 4}
    return MetricStudyRequest(**usual | otherwise)


def told_browser(app):
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [data] = [data for data in told if data.get("script") == f"{HERE}/metric_study.js"]
    return data


def entries(script, table):
    """The names that a table of a script has words for."""
    [body] = re.findall(rf"const {table} = {{(.*?)\n?}};", scripts()[f"{HERE}/{script}.js"], re.DOTALL)
    return re.findall(r"(\w+): [\[\"]", body)


def test_the_page_opens_with_a_sample_that_is_what_run_would_ask_for(page, words, asked_of_core, started, wait):
    sample = sample_of(METRIC_STUDY)
    assert shelf.ask(sample.request.model).ended.wait(60)
    app = page("coherency")
    assert "A precomputed sample" in words(app)
    assert "to update" not in words(app)
    job = started(app, METRIC_STUDY)
    assert job.request == sample.request
    wait(lambda: job.finished)
    assert set(asked_of_core["study"]["checking"]) == set(CHECKS)


def test_the_sample_gives_every_metric_a_status_that_its_tables_repeat():
    sample = sample_of(METRIC_STUDY)
    [told] = sample.messages(StatusesReady)
    assert {row["metric"] for row in told["rows"]} == set(sample.request.metrics)
    assert told["pictures"] >= 20
    table = sample.table("statuses")
    assert dict(zip(table["metric"], table["status"], strict=True)) == {
        row["metric"]: row["verdict"] for row in told["rows"]
    }
    for name in METRIC_STUDY.saved:
        assert len(sample.table(name)), name


def test_the_sample_shows_every_picture_that_a_cell_names():
    sample = sample_of(METRIC_STUDY)
    shown = {told["picture"] for told in sample.messages(PictureJudged)}
    opposed = sample.table("correlations").query("form == 'raw' and opposed_first.notna()")
    assert len(opposed) > 50
    assert set(opposed["opposed_first"]) | set(opposed["opposed_second"]) <= shown


def test_a_correlation_of_the_sample_is_that_of_the_scores_that_the_browser_draws():
    from scipy.stats import spearmanr

    sample = sample_of(METRIC_STUDY)
    scores = sample.table("scores").query("method == 'gradient'").pivot(index="picture", columns="metric")["score"]
    [told] = [each for each in sample.messages(CorrelationsReady) if each["form"] == "raw"]
    [pair] = [each for each in told["pairs"] if (each["first"], each["second"]) == ("deletion", "fidelity")]
    expected = spearmanr(-scores["deletion"], scores["fidelity"]).statistic
    assert pair["methods"]["gradient"][0] == pytest.approx(expected, abs=1e-3)


def test_each_check_can_be_left_out_and_the_truth_anchor_belongs_to_the_statuses(asked_of_core, classifier_of_names):
    source = Source(classifier_of_names, "gallery", None)
    told = list(METRIC_STUDY.stream(asked(checks=("choices", ANCHOR)), source))
    assert [type(event) for event in told] == [AnchorsReady, Progress]  # the stamped pictures are none of the study's
    assert asked_of_core["study"]["anchors"] == told[0].rows
    assert asked_of_core["study"]["checking"] == ("choices",)
    assert set(asked_of_core["anchor"]["methods"]) == set(THREE)
    asked_of_core.clear()
    list(METRIC_STUDY.stream(asked(checks=()), source))
    assert set(asked_of_core) == {"study"}
    assert (asked_of_core["study"]["checking"], asked_of_core["study"]["anchors"]) == ((), ())


def test_the_truth_anchor_is_left_out_where_too_few_methods_fit_the_stamp_network(asked_of_core, classifier_of_names):
    few = asked(methods=("attention_rollout", "gradient_rollout", "gradient"))
    list(METRIC_STUDY.stream(few, Source(classifier_of_names, "gallery", None)))
    assert set(asked_of_core) == {"study"}


def test_a_picture_comes_to_the_browser_with_its_maps_and_scores(monkeypatch, classifier_of_names):
    maps = {"gradient": torch.tensor([[0.5, -1.0], [0.25, 0.0]])}
    scores = tuple(
        Score("coffee", method, metric, value)
        for method, metric, value in (
            ("gradient", "fidelity", 0.123456), ("gradient", "gini", NAN), ("random", "fidelity", 0.5),
            ("random", "gini", 0.25),
        )
    )  # fmt: skip
    events = [PictureShown("coffee", torch.zeros(3, 2, 2), maps), PictureScored("coffee", scores, 0.5, 1, 1)]
    monkeypatch.setattr(core, "stream_coherency", lambda *_, **__: iter(events))
    scored, judged = METRIC_STUDY.stream(asked(checks=()), Source(classifier_of_names, "gallery", None))
    assert scored is events[1]
    message = to_message(judged, ())
    assert (message["title"], message["metrics"]) == ("Coffee", ["fidelity", "gini"])
    assert message["scores"] == {"gradient": [0.1235, None]}
    assert message["address"].startswith("data:image/png;base64,")
    assert list(message["maps"]) == ["gradient"]


def test_only_the_first_pictures_are_kept_to_look_at(monkeypatch, classifier_of_names):
    monkeypatch.setattr("dashboard.coherency.metric_study.job.MOST_SHOWN", 1)
    events = [
        event
        for place, name in enumerate(("a", "b"), 1)
        for event in (PictureShown(name, torch.zeros(3, 2, 2), {}), PictureScored(name, (), 0.5, place, 2))
    ]
    monkeypatch.setattr(core, "stream_coherency", lambda *_, **__: iter(events))
    told = list(METRIC_STUDY.stream(asked(checks=()), Source(classifier_of_names, "gallery", None)))
    assert [type(event) for event in told] == [PictureScored, PictureJudged, PictureScored]


def test_a_small_map_keeps_its_values_to_within_half_a_step():
    values = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    told = small_map(values)
    read = np.frombuffer(base64.b64decode(told.values), np.int8).reshape(-1, told.width)
    largest = float(values.abs().max())
    np.testing.assert_allclose(read / 127 * largest, values.numpy(), atol=largest / 254 + 1e-6)
    assert set(base64.b64decode(small_map(torch.zeros(2, 2)).values)) == {0}
    assert short(float("inf")) is None


def correlation(method, form, value):
    return Correlation(
        "deletion", "fidelity", method, form, "spearman", value, value - 0.25, NAN, 6, ("a.png", "b.png")
    )


def test_correlations_come_pair_by_pair_without_those_of_controls():
    rows = (correlation("gradient", "raw", 0.5), correlation("random", "raw", 0.9), correlation("", "raw", 1 / 3))
    assert to_message(CorrelationsReady("raw", rows), ()) == {
        "kind": "CorrelationsReady",
        "form": "raw",
        "pairs": [
            {
                "first": "deletion", "second": "fidelity", "coefficient": "spearman",
                "methods": {
                    "gradient": [0.5, 0.25, None, 6, "a.png", "b.png"],
                    "": [0.3333, 0.0833, None, 6, "a.png", "b.png"],
                },
            }
        ],
    }  # fmt: skip
    [pair] = to_message(CorrelationsReady("partial", (correlation("", "partial", 0.5),)), ())["pairs"]
    assert pair["methods"][""] == [0.5, 0.25, None, 6]  # the pictures are those of raw scores


def test_what_a_run_found_is_saved_as_tables(client, ended, classifier_of_names):
    events = [
        CorrelationsReady("raw", (correlation("", "raw", 0.5), correlation("gradient", "raw", 0.25))),
        FlipsReady((Flip("imputer", "blur", "gradient", "grad_cam", 0.75, 0.125, 4),)),
        StatusesReady((Status("fidelity", "biased", ("Rises.", "Prefers Sobel.")), Status("deletion", "sound", ())), 4),
    ]
    job = ended(METRIC_STUDY, asked(), Source(classifier_of_names, "gallery", None), events)

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    told = saved("correlations")
    assert list(told["method"]) == ["mean", "gradient"]
    assert list(told["value"]) == [0.5, 0.25]
    assert list(told["opposed_second"]) == ["b.png", "b.png"]
    assert list(saved("choices")["otherwise"]) == ["grad_cam"]
    assert list(saved("statuses")["reasons"].fillna("")) == ["Rises. Prefers Sobel.", ""]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"metric_study.methods": "gradient"}, "Choose at least 3 methods: with fewer there is no ranking to compare."),
        ({"limit": "2"}, "A correlation over pictures needs at least 4 of them; there are 2."),
        (
            {"metric_study.faithfulness": "fidelity", "metric_study.robustness": ""},
            "Choose at least 2 metrics to compare.",
        ),
        ({"source": "folder"}, "Choose a folder."),
    ],
)
def test_too_little_to_compare_is_said_before_the_start(study_page, words, query, sentence):
    app = study_page(**query)
    assert sentence in words(app)
    assert app.button(key="start metric_study").disabled


def test_a_model_without_gradients_is_told_which_methods_are_left(study_page, words, monkeypatch):
    blind = {
        each.name: None if each.control or each.name == "occlusion" else "No gradients." for each in core.list_methods()
    }
    monkeypatch.setattr(core, "capability", lambda _: blind)
    app = study_page()
    assert "This model gives no gradients, so choose methods that need its outputs only." in words(app)
    assert app.button(key="start metric_study").disabled


def test_a_folder_of_a_few_pictures_is_read_and_too_few_are_named(study_page, words, started, asked_of_core, wait):
    files = [(f"{place}.png", to_png(fashion_mnist("test").pixels[place])) for place in range(4)]
    enough, few = (folders.add("somebody", write_folder(files[:count])) for count in (4, 3))
    assert "there are 3." in words(study_page(source="folder", folder=few))
    job = started(study_page(source="folder", folder=enough), METRIC_STUDY)
    wait(lambda: job.finished)
    assert asked_of_core["study"]["source"] == folders.get(enough).path


def test_fewer_checks_cost_fewer_passes(study_page, words):
    def passes(**query):
        return int(re.search(r"([\d,]+) passes", words(study_page(limit="4", **query)))[1].replace(",", ""))

    whole, without = passes(), passes(**{"metric_study.checks": ANCHOR})
    assert 0 < without < whole / 3


def test_a_cancelled_study_ends(study_page, started, wait):
    app = study_page(limit="900")
    job = started(app, METRIC_STUDY)
    app.button(key="start metric_study").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"


def test_the_browser_has_words_for_all_that_the_engine_can_say(study_page):
    assert set(entries("statuses", "STATUSES")) == set(get_args(Verdict))
    assert set(entries("degradation", "FALLS")) == set(get_args(Fall))
    assert set(entries("matrix", "SCORE_FORMS")) == set(get_args(Form))
    assert set(entries("check_tables", "CHOICES")) == set(choices_in_words())
    assert set(CHECK_TITLES) == set(CHECKS_MEAN) == set(ALL_CHECKS) == {*CHECKS, ANCHOR}
    data = told_browser(study_page())
    made = {(each["choice"], each["value"]) for each in sample_of(METRIC_STUDY).messages(FlipsReady)[0]["rows"]}
    assert all(value in data["choices"][choice] for choice, value in made)


def test_a_verdict_has_at_most_twelve_words():
    [body] = re.findall(r"export function statusVerdict.*?\n}", scripts()[f"{HERE}/statuses.js"], re.DOTALL)
    said = [
        template
        for line in re.findall(r"return (.*);|if .* return (.*);", body)
        for template in re.findall("`(.*?)`", "".join(line))
    ]
    others = [each.replace("${others}", "10 biased, 10 undecided") for each in said if "sound" in each]
    assert len(others) == 3
    assert [each for each in others if len(re.sub(r"\$\{.*?\}(?=[ ;.])", "10 metrics", each).split()) > 12] == []
