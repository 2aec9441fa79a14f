"""The many-pictures tab of the Sanity page, and its files."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from core.metrics.similarity import SIMILARITIES
from core.sanity.many_pictures import PictureChecked, SanitySummary, SimilarityRow
from core.sanity.randomisation import StageReady
from core.sanity.verdict import MeanSimilarity, VerdictReady
from core.studies.evaluation import PictureRefused
from dashboard.jobs.messages import to_message
from dashboard.jobs.outcome import cancelled_words
from dashboard.jobs.session import find_of, sample_of
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders, write_folder
from dashboard.library.models import shelf
from dashboard.library.sources import Source
from dashboard.sanity.many_pictures import job as many_pictures
from dashboard.sanity.many_pictures.job import SANITY_STUDY, SanityStudyRequest

FASHION = {"model": "Small CNN (Fashion-MNIST)", "methods": "gradient"}
FILES = tuple(SANITY_STUDY.files)


def read(answer):
    return pd.read_csv(io.BytesIO(answer.content))


def asked(**otherwise):
    usual = {"model": "none", "methods": ("gradient",), "source": "gallery", "limit": 3}
    return SanityStudyRequest(**{**usual, **otherwise})


@pytest.fixture
def tab(sanity_page, wait):
    """The tab as the address asks for it, a small network loaded."""
    wait(lambda: shelf.ask("fashion_cnn").settled)
    return lambda **query: sanity_page(**{"tab": SANITY_STUDY.tab, **FASHION, **query})


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the page asks of the engine, which answers nothing."""
    heard = []

    def stream(*given, **named):
        heard.append({"given": given, **named})
        return iter(())

    monkeypatch.setattr(many_pictures, "stream_sanity_study", stream)
    return heard


def point(method, stage, **similarities):
    return StageReady(method, stage, f"layer {stage}", stage / 2, 0, None, **similarities)


@pytest.fixture
def finished(classifier_of_names, ended):
    """A study of two pictures and of a file that is none."""
    rows = (
        SimilarityRow("gradient", 1, "ssim", 0.5, 0.25, 0.75, 2),
        SimilarityRow("gradient", 2, "ssim", 0.125, float("nan"), float("nan"), 1),
    )
    first = point("gradient", 1, ssim=0.25, spearman=-0.5)
    mean, last = MeanSimilarity(0.25, 0.125, 0.375), MeanSimilarity(0.0, -0.5, 0.25)
    events = (
        PictureChecked("a.png", (first, point("gradient", 2, ssim=0.125)), 0.5, 1, 3),
        VerdictReady("gradient", "unclear", MeanSimilarity(0.25), MeanSimilarity(), None, 1, 0, "Early.", final=False),
        PictureChecked("b.png", (point("gradient", 1, ssim=0.75),), 0.5, 2, 3),
        PictureRefused("c.png", "This is not a picture."),
        SanitySummary(rows, 2),
        VerdictReady("gradient", "passes", mean, last, None, 2, 1, "Passes.", final=True),
    )  # fmt: skip
    return ended(SANITY_STUDY, asked(), Source(classifier_of_names, "gallery", None), events)


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


def test_files_of_a_study_that_has_nothing_yet_are_empty(client, finished, ended):
    job = ended(SANITY_STUDY, finished.request, finished.inputs())
    for name in FILES:
        table = read(client.get(f"/api/jobs/{job.id}/{name}.csv"))
        assert len(table) == 0
        assert list(table) == list(read(client.get(f"/api/jobs/{finished.id}/{name}.csv")))
        assert client.get(f"/api/jobs/{job.id}/{name}.parquet").status_code == 200


def test_what_is_chosen_is_what_the_engine_is_asked(tab, started, asked_of_core, wait):
    job = started(tab(limit="3", mode="One at a time", groups="5", seed="4"), SANITY_STUDY)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    classifier, source = heard["given"]
    assert (classifier.name, source, heard["methods"][0]) == ("fashion_cnn", "fashion_mnist", "gradient")
    chosen = {name: heard[name] for name in ("mode", "limit", "seed", "draws", "groups", "smooth")}
    assert chosen == {"mode": "independent", "limit": 3, "seed": 4, "draws": 1, "groups": 5, "smooth": 1}


@pytest.mark.usefixtures("asked_of_core")
def test_a_study_of_other_choices_is_older_and_says_what_changed(tab, started, words, wait):
    job = started(tab(limit="3"), SANITY_STUDY)
    wait(lambda: job.finished)
    assert "to update" not in words(tab(limit="3", sanity_study=job.id))
    assert "used another number of pictures" in words(tab(limit="4", sanity_study=job.id))
    assert "These verdicts used another order of randomisation and another seed." in words(
        tab(limit="3", sanity_study=job.id, seed="1", mode="From the pixels up")
    )


def test_run_becomes_cancel_and_ends_the_study(tab, started, endless, monkeypatch, wait):
    monkeypatch.setattr(many_pictures, "stream_sanity_study", endless)
    app = tab()
    job = started(app, SANITY_STUDY)
    assert app.button(key="start sanity_study").label == "Cancel"
    app.button(key="start sanity_study").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"


def test_a_study_cancelled_before_its_first_picture_promises_nothing_and_leads_back_to_the_sample(
    tab, started, endless, monkeypatch, wait, words
):
    monkeypatch.setattr(many_pictures, "stream_sanity_study", endless)
    app = tab()
    job = started(app, SANITY_STUDY)
    app.button(key="start sanity_study").click().run()
    wait(lambda: job.finished)
    app.run()
    assert cancelled_words(job) == "Cancelled before the first result."
    app.button(key="sample sanity_study").click().run()
    assert "sanity_study" not in app.query_params
    assert "These verdicts used another model and other pictures." in words(app)


def test_a_folder_is_read_though_it_was_removed_meanwhile(asked_of_core, classifier_of_names):
    name = folders.add("somebody", write_folder([("a.png", b"1")]))
    place = folders.get(name).path
    source = Source(classifier_of_names, name, folders.get(name))
    folders.remove(name, "somebody")
    list(SANITY_STUDY.stream(asked(source=name, limit=1), source))
    [heard] = asked_of_core
    assert heard["given"] == (classifier_of_names, place)
    assert place.is_dir()


def test_a_study_that_is_gone_says_so_and_no_other_job_is_one(tab, words, finished_study):
    for name in ("nobody", finished_study.id):
        assert "That study is no longer kept here. Press Run to make it again." in words(tab(sanity_study=name))
    with pytest.raises(NotThere, match="That study is no longer kept here"):
        find_of(SANITY_STUDY, finished_study.id)


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask_of_fewer_pictures(sanity_page, started, words):
    app = sanity_page(tab=SANITY_STUDY.tab)
    assert "A precomputed sample" in words(app)
    assert "to update" not in words(app)
    run, sample = started(app, SANITY_STUDY).request, sample_of(SANITY_STUDY).request
    assert sample.limit <= run.limit
    assert replace(run, limit=sample.limit) == sample


def test_the_sample_is_older_than_another_model_and_not_than_fewer_pictures(sanity_page, tab, words):
    fewer = words(sanity_page(tab=SANITY_STUDY.tab, limit="3"))
    assert "A precomputed sample" in fewer
    assert "to update" not in fewer
    assert "These verdicts used another model and other pictures." in words(tab())


def test_the_sample_tells_the_means_of_the_similarities_that_ship_with_it():
    sample = sample_of(SANITY_STUDY)
    means = sample.table("similarity-means").set_index(["method", "similarity", "stage"])["mean"]
    every = sample.table("similarities").groupby(["method", "stage"])[list(SIMILARITIES)].mean()
    assert len(means) == every.notna().sum().sum() > 0
    for (method, stage), row in every.iterrows():
        for similarity, mean in row.dropna().items():
            assert means[method, similarity, stage] == pytest.approx(mean, abs=1e-3)


def test_the_sample_draws_and_saves_one_and_the_same(client):
    sample = sample_of(SANITY_STUDY)
    [*_, drawn] = sample.messages(SanitySummary)
    means = read(client.get(f"/api/jobs/{sample.id}/similarity-means.csv")).set_index(["similarity", "method", "stage"])
    points = {
        (similarity, method, stage): mean
        for similarity, curves in drawn["curves"].items()
        for method, curve in curves.items()
        for stage, mean, *_ in curve
    }
    assert points == pytest.approx(means["mean"].to_dict(), abs=1e-3)
    final = {told["method"]: told["standing"] for told in sample.messages(VerdictReady) if told["final"]}
    verdicts = read(client.get(f"/api/jobs/{sample.id}/verdicts.csv"))
    assert dict(zip(verdicts["method"], verdicts["standing"], strict=True)) == final


def test_no_more_pictures_are_asked_for_than_there_are(tab, words):
    app = tab(limit="20", source="The gallery")
    limit = app.number_input(key="limit")
    assert limit.label == f"Maximum number of pictures ({limit.max:,.0f} available)"
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
