"""The benchmark of stamps without a browser: its job, and the page around it."""

import io
import time
from dataclasses import replace

import pandas as pd
import pytest

from core.jobs.events import Progress
from core.stamping.benchmark import usual_metrics
from core.stamping.gate import Gate, GateReady
from core.stamping.models import DEFAULT
from core.studies.evaluation import PictureScored, SummaryReady
from dashboard.jobs.session import find_of, sample_of
from dashboard.library.absence import NotThere
from dashboard.stamp.benchmark.job import BENCHMARK
from dashboard.stamp.sweep.job import SWEEP

FILTER_NAME = "trained/matched_filter"
FILTER = "Matched filter for a cross, with known weights"
REFUSED = Gate(0.5, 0.0, 0.0, 30, 15)
PASSED = Gate(1.0, 1.0, 1.0, 200, 100)


@pytest.fixture
def nothing_to_score(monkeypatch):
    """Benchmarks and sweeps that end at once."""
    monkeypatch.setattr("dashboard.stamp.benchmark.job.stream_stamp_benchmark", lambda *_, **__: iter(()))
    monkeypatch.setattr("dashboard.stamp.sweep.job.stream_stamp_sweep", lambda *_, **__: iter(()))


def test_the_model_its_task_and_a_sample_are_there_at_once(stamp_page, words):
    app = stamp_page(tab="Benchmark")
    assert "Cross on patches of photos" in words(app)
    assert "half carry a cross" in words(app)
    assert "A precomputed sample" in words(app)
    assert app.button(key="start benchmark").label == "Run"


@pytest.mark.usefixtures("nothing_to_score")
def test_the_sample_is_what_run_would_score_on_more_pictures(stamp_page, started):
    made, asked = sample_of(BENCHMARK).request, started(stamp_page(tab="Benchmark"), BENCHMARK).request
    assert set(asked.methods) == set(made.methods)
    assert replace(asked, methods=made.methods, pictures=made.pictures) == made
    assert (asked.pictures, made.pictures) == (200, 60)


def test_the_sample_is_told_stale_when_it_is_of_another_model(stamp_page, words):
    app = stamp_page(tab="Benchmark", model=FILTER)
    assert "These scores used another model. Press Run to update them." in words(app)
    assert "Scores: Cross on patches of photos" in words(app)


def test_the_sample_is_not_stale_for_being_of_fewer_pictures(stamp_page, words):
    assert "to update" not in words(stamp_page(tab="Benchmark", stamped="300"))


def test_the_sample_s_means_are_those_of_its_scores(client):
    [summary] = sample_of(BENCHMARK).messages(SummaryReady)[-1:]
    csv = client.get("/api/jobs/sample-benchmark/scores.csv").content
    means = pd.read_csv(io.BytesIO(csv)).groupby(["metric", "method"])["score"].mean().dropna()
    assert len(means) == len(summary["rows"])
    for row in summary["rows"]:
        assert row["mean"] == pytest.approx(means[row["metric"], row["method"]], abs=1e-5)


def test_a_photo_model_is_told_to_need_a_stamp_and_offers_models_that_know_one(benchmark_tab, words):
    app = benchmark_tab(model="SqueezeNet 1.1")
    assert "never learned a stamp" in words(app)
    assert app.button(key="start benchmark").disabled
    app.button(key="choose trained/stamp_fashion").click().run()
    assert app.selectbox(key="model").value == "trained/stamp_fashion"


def test_run_scores_every_picture_with_the_controls_and_the_oracle(benchmark_tab, started, wait, client, words):
    app = benchmark_tab(model=FILTER, stamped="3", methods="gradient,input_x_gradient")
    job = started(app, BENCHMARK)
    wait(lambda: job.finished)
    assert job.state()["state"] == "done", job.state()["error"]
    kinds = [message["kind"] for message in job.messages()]
    assert kinds.index("GateReady") < kinds.index("PictureScored")
    [summary] = job.events(SummaryReady)
    means = {(row.metric, row.method): row.mean for row in summary.summary}
    assert means["stamp_distance", "oracle"] == pytest.approx(0, abs=1e-6)
    assert means["stamp_distance", "input_x_gradient"] == pytest.approx(0, abs=1e-3)
    assert {method for _, method in means} >= {"random", "sobel", "negated"}
    scores = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/scores.csv").content))
    assert scores["picture"].nunique() == 3
    ranking = client.get(f"/api/jobs/{job.id}/ranking?metric=stamp_distance").json()
    ranks = {row["method"]: row["rank"] for row in ranking["ranks"]}
    assert ranks["oracle"] < ranks["random"] < ranks["negated"]
    again = benchmark_tab(model=FILTER, stamped="3", methods="gradient,input_x_gradient", benchmark=job.id)
    assert "to update" not in words(again)
    other = benchmark_tab(model=FILTER, stamped="4", methods="gradient,input_x_gradient", benchmark=job.id)
    assert "used another number of pictures" in words(other)


def test_distance_from_the_stamp_comes_first_and_specificity_needs_a_distractor(cross):
    without = replace(cross.task, distractor=None)
    assert set(usual_metrics(cross.task)) - set(usual_metrics(without)) == {"specificity"}
    assert usual_metrics(cross.task)[0] == "stamp_distance"


def test_below_the_gate_there_are_no_scores(benchmark_tab, own_model, started, wait, follows):
    name = own_model(REFUSED)
    app = benchmark_tab(model="Mine", stamped="3")
    assert app.selectbox(key="model").value == name
    job = started(app, BENCHMARK)
    wait(lambda: job.finished)
    assert job.state()["state"] == "done", job.state()["error"]
    assert list(job.events(GateReady))
    assert not [*job.events(PictureScored), *job.events(SummaryReady)]
    app.run()
    assert not app.exception
    assert not [element for element in app.expander if element.label == "Means as a chart"]
    assert follows(app, "training chart of the model's training")
    app.selectbox(key="model").select(FILTER_NAME).run()
    assert not app.exception
    assert follows(app, "training chart of the benchmark's training")
    assert not follows(app, "training chart of the model's training")


def test_a_model_whose_folder_is_gone_says_so_and_is_asked_nothing(benchmark_tab, own_model, tmp_path, words):
    own_model(PASSED, "Here", bases=str(tmp_path))
    own_model(PASSED, "Gone", bases=str(tmp_path / "nowhere"))
    here, gone = benchmark_tab(model="Here"), benchmark_tab(model="Gone")
    assert "no longer on this server" not in words(here)
    assert "no longer on this server" in words(gone)
    assert "nowhere" not in words(gone)
    for key in ("start benchmark", "start sweep"):
        assert not here.button(key=key).disabled
        assert gone.button(key=key).disabled


@pytest.mark.usefixtures("nothing_to_score")
def test_a_benchmark_is_no_study_of_many_pictures(benchmark_tab, page, started, wait, words):
    app = benchmark_tab()
    scores = started(app, BENCHMARK)
    wait(lambda: scores.finished)
    sweep = started(app, SWEEP)
    assert "That study is no longer kept" in words(page(tab="Many pictures", study=scores.id))
    assert "That score table is no longer kept" in words(benchmark_tab(benchmark=sweep.id))
    assert "That sweep is no longer kept" in words(benchmark_tab(sweep=scores.id))
    with pytest.raises(NotThere):
        find_of(BENCHMARK, sweep.id)


def test_a_score_table_goes_on_where_another_tab_shows_how_far_it_is_and_leads_back(
    benchmark_tab, started, follows, monkeypatch
):
    def stream(*_, **__):
        while True:
            time.sleep(0.01)
            yield Progress(1, 2, "Base pictures")

    monkeypatch.setattr("dashboard.stamp.benchmark.job.stream_stamp_benchmark", stream)
    app = benchmark_tab()
    job = started(app, BENCHMARK)
    del app.query_params["tab"]
    app.session_state["tab"] = "Place a stamp"
    app.run()
    assert not app.exception
    assert follows(app, "progress elsewhere 0")
    next(button for button in app.button if button.label == "Back to Score table").click().run()
    assert app.session_state["tab"] == "Benchmark"
    assert app.button(key="start benchmark").label == "Cancel"
    assert follows(app, "progress benchmark 0")
    assert app.query_params["benchmark"] == job.id


@pytest.mark.usefixtures("nothing_to_score")
def test_a_model_that_was_removed_meanwhile_is_said_to_be_gone(benchmark_tab, monkeypatch, words):
    app = benchmark_tab()
    monkeypatch.setattr("dashboard.stamp.stamp_models.list_stamp_models", lambda *_: ())
    app.button(key="start benchmark").click().run()
    assert "That stamp model is no longer here. Choose another, or train one." in words(app)
    assert "benchmark" not in app.query_params
    assert DEFAULT in app.session_state["model"]
