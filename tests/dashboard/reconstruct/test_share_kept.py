"""The tab of the share kept: its sample, its request, its files, and what is said of it."""

import io
import json
import re

import pandas as pd
import pytest

import core
from core.generation.hidden import REGIONS
from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from core.studies.over_pictures import PictureRefused
from core.studies.reconstructions import (
    SHARES,
    CurveRow,
    MethodGap,
    PictureReconstructed,
    ReconstructionSummary,
)
from dashboard.components.component import scripts
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.session import sample_of
from dashboard.library.folders import folders, write_folder
from dashboard.library.models import shelf
from dashboard.library.sources import Source
from dashboard.reconstruct.share_kept.job import SHARE_KEPT, ShareKeptRequest
from dashboard.reconstruct.share_kept.panel import USUAL_METHODS

SCRIPT = "reconstruct/share_kept/share_kept.js"
VERDICT = "reconstruct/share_kept/kept_verdict.js"
MODEL = "fashion_cnn"


@pytest.fixture
def tab(page):
    """The tab as the address asks for it, its network at rest."""
    assert shelf.ask(MODEL).ended.wait(60)
    return lambda **query: page("reconstruct", tab=SHARE_KEPT.name, **{"model": MODEL} | query)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which fills nothing."""
    heard = []

    def stream_reconstructions(classifier, source, **named):
        heard.append({"classifier": classifier, "source": source, **named})
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(core, "stream_reconstructions", stream_reconstructions)
    return heard


def asked(**otherwise):
    usual = {"model": MODEL, "methods": ("gradient", "random"), "source": "fashion_mnist", "limit": 2}
    return ShareKeptRequest(**{**usual, "shares": (0.5, 0.9), "prior": "donors", **otherwise})


def told_browser(app):
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [data] = [data for data in told if data.get("script") == SCRIPT]
    return data


def passes_told(said):
    return int(re.search(r"([\d,]+) passes", said)[1].replace(",", ""))


def test_the_tab_opens_with_a_sample_of_every_method_size_and_region(tab, words):
    app = tab()
    assert "A precomputed sample" in words(app)
    assert app.button(key="start share_kept").label == "Run"
    sample = sample_of(SHARE_KEPT)
    assert told_browser(app)["run"] == sample.id
    [summary] = sample.messages(ReconstructionSummary)
    assert summary["prior"] == "Donors"
    found = {(row["method"], row["share"], row["region"]) for row in summary["rows"]}
    assert found == {(method, share, region) for method in USUAL_METHODS for share in SHARES for region in REGIONS}
    assert {row["kept"]["n"] for row in summary["rows"]} == {summary["pictures"]} == {sample.request.limit}


def test_the_sample_shows_a_method_that_marks_what_matters_and_a_random_map_that_does_not():
    [summary] = sample_of(SHARE_KEPT).messages(ReconstructionSummary)
    gaps = {each["method"]: each["gap"] for each in summary["gaps"]}
    assert set(gaps) == set(USUAL_METHODS)
    assert any(gap["low"] > 0 for method, gap in gaps.items() if method != "random")
    assert gaps["random"]["low"] < 0 < gaps["random"]["high"]


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab, started):
    assert started(tab(), SHARE_KEPT).request == sample_of(SHARE_KEPT).request


def test_what_is_chosen_is_asked_for(tab, started, asked_of_core, wait):
    chosen = {"methods": "gradient", "shares": "0.7", "prior": "exemplars", "variations": "32"}
    app = tab(seed="5", limit="3", source="gallery", **{f"share_kept.{name}": value for name, value in chosen.items()})
    job = started(app, SHARE_KEPT)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    names = ("source", "methods", "shares", "prior", "variations", "limit", "seed")
    assert [heard[name] for name in names] == ["gallery", ("gradient",), (0.7,), "exemplars", 32, 3, 5]


def test_an_uploaded_folder_is_what_is_reconstructed(tab, started, asked_of_core, wait):
    files = [(f"shop/{place}.png", to_png(fashion_mnist("test").pixels[place])) for place in range(3)]
    name = folders.add("somebody", write_folder(files))
    job = started(tab(source="folder", folder=name), SHARE_KEPT)
    assert (job.request.source, job.request.limit) == (name, 3)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    assert heard["source"] == folders.get(name).path


def test_without_a_method_a_size_or_a_folder_there_is_nothing_to_run(tab, words):
    for query in ({"share_kept.methods": ""}, {"share_kept.shares": ""}):
        app = tab(**query)
        assert app.button(key="start share_kept").disabled
        assert "Choose at least one method and one size of the hidden region." in words(app)
    assert tab(source="folder").button(key="start share_kept").disabled


def test_the_passes_are_told_before_and_a_run_gives_every_region_and_a_gap(tab, words, started, wait):
    query = {"share_kept.methods": "gradient", "share_kept.shares": "0.5", "limit": "2"}
    app = tab(**query)
    before = passes_told(words(app))
    assert before == 2 * (3 * 16 + 1) + 2
    assert f"4 regions: {2 * 3 * 16} fills" in words(app)
    assert passes_told(words(tab(**query | {"limit": "4"}))) == 2 * before
    job = started(app, SHARE_KEPT)
    wait(lambda: job.finished)
    assert job.state()["state"] == "done"
    [done] = [each for each in job.events(ReconstructionSummary) if each.pictures == 2]
    assert len(done.rows) == len(REGIONS)
    assert [each.method for each in done.gaps] == ["gradient"]


def test_a_run_becomes_cancel_and_ends(tab, started, wait):
    app = tab(limit="900")
    job = started(app, SHARE_KEPT)
    assert app.button(key="start share_kept").label == "Cancel"
    app.button(key="start share_kept").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"


def test_the_address_finds_a_run_again_and_it_is_stale_beside_another_prior(tab, started, asked_of_core, wait, words):
    few = {"share_kept.methods": "gradient", "share_kept.shares": "0.5", "limit": "2"}
    job = started(tab(**few), SHARE_KEPT)
    wait(lambda: job.finished)
    assert len(asked_of_core) == 1
    again = tab(**few, share_kept=job.id)
    assert told_browser(again)["run"] == job.id
    assert not told_browser(again)["stale"]
    other = tab(**few | {"share_kept.shares": "0.9"}, share_kept=job.id, **{"share_kept.prior": "flow"})
    assert "These curves used other sizes of the region and another prior. Press Run to update them." in words(other)
    assert told_browser(other)["stale"]


@pytest.mark.parametrize(("model", "usual"), [("efficientnet_lite0", "exemplars"), (MODEL, "donors")])
def test_the_quickest_prior_that_fits_the_pictures_is_chosen_at_first(page, model, usual):
    assert shelf.ask(model).ended.wait(60)
    app = page("reconstruct", tab=SHARE_KEPT.name, model=model)
    assert app.selectbox(key="share_kept.prior").value == usual


def test_only_many_pictures_are_asked_about(tab):
    app = tab()
    assert not [each for each in app.selectbox if each.key == "class"]
    assert not [data for data in app.get("bidi_component") if "thumbnails" in data.proto.json]


def summary_of(*gaps):
    kept = Estimate(0.5, 0.25, 0.75, 2)
    rows = tuple(
        CurveRow("gradient", region, share, share, kept, kept, Estimate(float("nan"), float("nan"), float("nan"), 0))
        for region in ("salient", "random")
        for share in (0.5, 0.9)
    )
    return ReconstructionSummary(rows, 2, "Donors", gaps)


def test_curves_and_gaps_are_saved_as_tables(client, ended, classifier_of_names):
    events = [
        PictureReconstructed("a", (), 0.5, 1, 2),
        summary_of(),
        summary_of(MethodGap("gradient", Estimate(0.25, 0.125, 0.375, 2))),
    ]
    job = ended(SHARE_KEPT, asked(), Source(classifier_of_names, "fashion_mnist", None), events)

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    told = saved("curves")
    assert list(told["region"]) == ["salient", "salient", "random", "random"]
    assert list(told["share"]) == [0.5, 0.9, 0.5, 0.9]
    assert list(told["kept_low"]) == [0.25] * 4
    assert told["energy_mean"].isna().all()
    told = saved("gaps")
    assert (told["method"][0], told["gap_mean"][0], told["gap_n"][0]) == ("gradient", 0.25, 2)


def test_a_run_whose_pictures_were_all_refused_promises_nothing(ended, classifier_of_names):
    source = Source(classifier_of_names, "fashion_mnist", None)
    assert not came_to_something(ended(SHARE_KEPT, asked(), source, [PictureRefused("a", "Not a picture.")]))


def test_curves_that_are_gone_say_so(tab, words):
    assert SHARE_KEPT.gone in words(tab(share_kept="never"))


def test_a_verdict_has_at_most_twelve_words():
    said = [
        words for pair in re.findall(r'return (?:"([^"]+)"|`([^`]+)`);', scripts()[VERDICT]) for words in pair if words
    ]
    waiting = re.findall(r'"(No verdict: the run[^"]*|The first picture[^"]*)"', scripts()[SCRIPT])
    assert (len(said), len(waiting)) == (5, 2)

    def filled(hole):
        return "14 methods" if "counted" in hole[1] else "Integrated gradients" if "Label" in hole[1] else "10"

    verdicts = [re.sub(r"\$\{(.*?)\}(?=[ .])", filled, words) for words in (*said, *waiting)]
    assert "10 of 14 methods mark regions that matter more than random ones." in verdicts
    assert [words for words in verdicts if len(words.split()) > 12] == []


def test_every_region_has_a_line_in_the_browser():
    script = scripts()["reconstruct/share_kept/kept_curves.js"]
    [body] = re.findall(r"const REGION_LINES = {(.*?)\n};", script, re.DOTALL)
    assert re.findall(r"(\w+): { style", body) == [*REGIONS]
    styles = re.findall(r'style: "([^"]+)"', body)
    assert len(set(styles)) == len(REGIONS)
