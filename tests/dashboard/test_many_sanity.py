"""The many-pictures tab of the Sanity page, and its files."""

import io
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.sanity.randomisation import StageReady
from core.sanity.study import PictureChecked, SanitySummary, SimilarityRow
from core.sanity.verdict import Alike, VerdictReady
from core.studies.evaluation import PictureRefused
from dashboard import sanity_studies
from dashboard.folders import folders
from dashboard.jobs import NotThere
from dashboard.messages import to_message
from dashboard.parts.method_panel import QUICK
from dashboard.requests import AskedOfManySanity
from dashboard.sanity_studies import LiveSanityStudy, ManyRandomised, find_sanity_study, sample
from dashboard.workshop import queue, shelf

PAGE = Path(__file__).resolve().parents[2] / "dashboard" / "views" / "sanity.py"
FASHION = {"tab": "Many pictures", "model": "Small CNN (Fashion-MNIST)", "methods": "gradient"}


def words(app):
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption])


def named(app):
    """The study that the address names, which Streamlit may keep as a list."""
    value = app.query_params["sanity_study"]
    return value[0] if isinstance(value, list) else value


def read(answer):
    return pd.read_csv(io.BytesIO(answer.content))


@pytest.fixture
def tab(wait):
    """The tab as the address asks for it, the model loaded; what it started is ended."""
    apps = []
    wait(lambda: shelf.ask("fashion_cnn").settled)

    def run(**query):
        app = AppTest.from_file(str(PAGE), default_timeout=60)
        apps.append(app)
        for name, value in (FASHION | query).items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        job = queue().get(named(app)) if "sanity_study" in app.query_params else None
        if job:
            queue().cancel(job.id)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the page asks of the engine, which answers nothing."""
    told = []
    monkeypatch.setattr(
        sanity_studies, "stream_sanity_study", lambda *args, **named: iter(told.append((args, named)) or ())
    )
    return told


def point(method, stage, **similarities):
    return StageReady(method, stage, f"layer {stage}", stage / 2, 0, None, **similarities)


@pytest.fixture
def finished(classifier_of_names, wait):
    """A study of two pictures and of a file that is none."""
    rows = (
        SimilarityRow("gradient", 1, "ssim", 0.5, 0.25, 0.75, 2),
        SimilarityRow("gradient", 2, "ssim", 0.125, float("nan"), float("nan"), 1),
    )
    first = point("gradient", 1, ssim=0.25, spearman=-0.5)
    mean, last = Alike(0.25, 0.125, 0.375), Alike(0.0, -0.5, 0.25)
    events = (
        PictureChecked("a.png", (first, point("gradient", 2, ssim=0.125)), 0.5, 1, 3),
        VerdictReady("gradient", "unclear", Alike(0.25), Alike(), None, 1, 0, "Early.", final=False),
        PictureChecked("b.png", (point("gradient", 1, ssim=0.75),), 0.5, 2, 3),
        PictureRefused("c.png", "This is not a picture."),
        SanitySummary(rows, 2),
        VerdictReady("gradient", "passes", mean, last, None, 2, 1, "Passes.", final=True),
    )  # fmt: skip
    asked = AskedOfManySanity(
        model="none", methods=("gradient",), settings={}, output="logit", seed=0, source="gallery", limit=3
    )
    job = queue().submit(lambda: iter(events), owner="somebody", about=ManyRandomised(asked, classifier_of_names))
    wait(lambda: job.finished)
    return LiveSanityStudy(job)


def test_every_similarity_is_saved_with_its_picture_and_stage(client, finished):
    table = read(client.get(f"/api/jobs/{finished.id}/similarities.csv"))
    assert list(zip(table["picture"], table["stage"], table["ssim"], strict=True)) == [
        ("a.png", 1, 0.25), ("a.png", 2, 0.125), ("b.png", 1, 0.75)
    ]  # fmt: skip
    assert table["spearman"][0] == -0.5
    assert table["spearman"][1:].isna().all()
    assert list(table["share_randomised"]) == [0.5, 1.0, 0.5]
    parquet = pd.read_parquet(io.BytesIO(client.get(f"/api/jobs/{finished.id}/similarities.parquet").content))
    assert list(parquet["ssim"]) == list(table["ssim"])


def test_means_are_saved_with_their_intervals(client, finished):
    table = read(client.get(f"/api/jobs/{finished.id}/similarity-means.csv"))
    assert list(table["mean"]) == [0.5, 0.125]
    assert list(table["n"]) == [2, 1]
    assert (table["low"][0], table["high"][0]) == (0.25, 0.75)
    assert pd.isna(table["low"][1])


def test_the_last_verdict_of_each_method_is_saved(client, finished):
    answer = client.get(f"/api/jobs/{finished.id}/verdicts.csv")
    assert 'filename="heatcheck-verdicts.csv"' in answer.headers["content-disposition"]
    table = read(answer)
    assert list(table["standing"]) == ["passes"]
    row = table.iloc[0]
    assert [row[name] for name in ("mean", "mean_low", "mean_high")] == [0.25, 0.125, 0.375]
    assert [row[name] for name in ("last", "last_low", "last_high")] == [0.0, -0.5, 0.25]
    assert (row["n"], row["blank"], row["sentence"]) == (2, 1, "Passes.")


def test_a_study_of_scores_has_no_similarities_and_this_one_no_scores(client, finished, finished_study):
    assert client.get(f"/api/jobs/{finished.id}/scores.csv").status_code == 404
    assert client.get(f"/api/jobs/{finished_study.id}/similarities.csv").status_code == 404


def test_files_of_a_study_that_has_nothing_yet_are_empty(client, classifier_of_names, finished, wait):
    about = ManyRandomised(finished.asked, classifier_of_names)
    job = queue().submit(lambda: iter(()), owner="somebody", about=about)
    wait(lambda: job.finished)
    for file in ("verdicts.csv", "similarity-means.csv", "similarities.parquet"):
        assert client.get(f"/api/jobs/{job.id}/{file}").status_code == 200


def test_what_is_chosen_is_what_the_engine_is_asked(tab, asked_of_core, wait):
    app = tab(limit="3", mode="One at a time", groups="5", seed="4")
    app.button(key="run many").click().run()
    assert not app.exception
    job = queue().get(named(app))
    wait(lambda: job.finished)
    [((classifier, source, methods), told)] = asked_of_core
    assert (classifier.name, source, methods[0]) == ("fashion_cnn", "fashion_mnist", "gradient")
    chosen = {name: told[name] for name in ("mode", "limit", "seed", "draws", "groups", "smooth")}
    assert chosen == {"mode": "independent", "limit": 3, "seed": 4, "draws": 1, "groups": 5, "smooth": 1}


@pytest.mark.usefixtures("asked_of_core")
def test_a_study_of_other_choices_is_older_and_says_what_changed(tab, wait):
    app = tab(limit="3")
    app.button(key="run many").click().run()
    name = named(app)
    wait(lambda: queue().get(name).finished)
    assert "older than your choices" not in words(tab(limit="3", sanity_study=name))
    assert "the order of randomisation and seed changed since" in words(
        tab(limit="3", sanity_study=name, seed="1", mode="From the pixels up")
    )


def test_run_becomes_cancel_and_ends_the_study(tab, monkeypatch, wait):
    def endless(*_, **__):
        while True:
            yield PictureRefused("a.png", "Again.")

    monkeypatch.setattr(sanity_studies, "stream_sanity_study", endless)
    app = tab()
    app.button(key="run many").click().run()
    job = queue().get(named(app))
    assert app.button(key="run many").label == "Cancel"
    app.session_state["launched"] = 0.0
    app.button(key="run many").click().run()
    wait(lambda: job.finished)
    assert job.state == "cancelled"


def test_a_folder_is_read_though_it_was_removed_meanwhile(asked_of_core, classifier_of_names):
    digest = folders.add([("a.png", b"1")])
    folder = folders.get(digest)
    asked = AskedOfManySanity(
        model="none", methods=("gradient",), settings={}, output="logit", seed=0, source=digest, limit=1
    )
    list(sanity_studies.stream_asked(classifier_of_names, folder, asked))
    [((_, source, _), _)] = asked_of_core
    assert source == folder.path
    folders.remove(digest)


def test_a_study_that_is_gone_says_so_and_no_other_job_is_one(tab, finished_study):
    assert "That study is no longer kept here." in words(tab(sanity_study="nobody"))
    with pytest.raises(NotThere, match="not of a randomisation over many pictures"):
        find_sanity_study(finished_study.id)


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab):
    app = tab(model="EfficientNet-Lite0", methods=",".join(QUICK))
    assert "A precomputed sample" in words(app)
    app.button(key="run many").click().run()
    assert queue().get(named(app)).about.asked == sample().asked


def test_the_sample_tells_the_means_of_the_similarities_that_ship_with_it():
    table = sample().similarities()
    means = sanity_studies.means_of(sample()).set_index(["method", "similarity", "stage"])["mean"]
    for (method, stage), told in table.groupby(["method", "stage"]):
        assert means[method, "ssim", stage] == pytest.approx(told["ssim"].mean(), abs=1e-3)


def test_no_more_pictures_are_asked_for_than_there_are(tab):
    app = tab(limit="20", source="The gallery")
    limit = app.number_input(key="limit")
    assert limit.label == f"At most so many, of {limit.max:,.0f}"
    assert limit.value == limit.max < 20
    assert f"× {limit.max:.0f} pictures." in words(app)
    app.button_group(key="source").set_value("fashion_mnist").run()
    assert not app.exception
    assert app.number_input(key="limit").max > 20


def test_a_mean_of_likenesses_reaches_no_further_than_a_likeness():
    told = to_message(SanitySummary((SimilarityRow("gradient", 1, "ssim", 0.75, -1.5, 1.25, 3),), 3), ())
    assert told["curves"]["ssim"]["gradient"] == [[1, 0.75, -1.0, 1.0, 3]]
    nothing = SimilarityRow("gradient", 1, "ssim", 0.75, float("nan"), float("nan"), 1)
    assert to_message(SanitySummary((nothing,), 1), ())["curves"]["ssim"]["gradient"] == [[1, 0.75, None, None, 1]]
