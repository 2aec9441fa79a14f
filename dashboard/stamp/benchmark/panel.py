"""The benchmark tab of the Stamp page: a network that learned stamps, its gate, and how far maps are from the stamp."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.metrics.localisation import SHARE
from core.metrics.registry import find_metric
from core.stamping.benchmark import usual_metrics
from core.stamping.gate import GateReady
from core.stamping.models import ListedStampModel, list_stamp_models
from dashboard.components.columns import GROUPS
from dashboard.components.score_chart import offer_means_chart
from dashboard.components.study_table.study_table import study_table
from dashboard.components.training_chart.training_chart import training_chart
from dashboard.controls.address import bound
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.selection import Selection
from dashboard.jobs.messages import to_message
from dashboard.library.models import models
from dashboard.library.owner import owner
from dashboard.library.pictures import pictures_gone
from dashboard.stamp.benchmark.job import BENCHMARK, Benchmark, BenchmarkRequest
from dashboard.stamp.model_panel import use_model
from dashboard.stamp.scores.columns import stamp_column
from dashboard.stamp.sweep.panel import stamp_sweep
from dashboard.stamp.training.panel import stamp_training
from dashboard.stamp.wording import task_in_words

PICTURES, MOST = 200, 500
PATCHES = (
    "Several of these pictures may be patches of one picture: the intervals hold for more patches of these pictures, "
    "not for other kinds of pictures."
)
GONE = (
    "The folder that this model learned from is no longer on this server, so there are no pictures to test it on. "
    "Upload the folder again and train, or choose another model."
)


def stamp_benchmark(model: str, selection: Selection | None) -> None:
    """The whole tab: the model with its gate beside the button, the table, and on demand a sweep and a training."""
    known = list_stamp_models(owner())
    chosen = next((each for each in known if each.name == model), None)
    there = None if chosen and pictures_gone(chosen) else chosen
    telling, acting = st.columns([3, 1.1], gap="large")
    with telling:
        if chosen:
            show_model(chosen)
        else:
            ask_for_a_stamp_model(model, known)
    score_table(there, selection, acting)
    stamp_sweep(there, selection)
    stamp_training(known)


def show_model(model: ListedStampModel) -> None:
    """What it learned, and its gate."""
    st.markdown(f"**{model.title}.** {task_in_words(model.task)}")
    if pictures_gone(model):
        st.warning(GONE)
    if model.gate is None:
        st.caption("The gate was not measured during training. Run measures it first.")
        return
    training_chart("of the model", messages=[to_message(GateReady(model.gate), ())], chart=False)
    if not model.gate.passed:
        show_training("of the model's training", model)


def show_training(place: str, model: ListedStampModel) -> None:
    """How the model came to be what it is, where that was kept."""
    if model.history:
        training_chart(place, messages=[to_message(epoch, model.task.labels) for epoch in model.history])


def ask_for_a_stamp_model(model: str, stamp_models: Sequence[ListedStampModel]) -> None:
    """Why there is nothing to score, and the models that can be scored."""
    st.info(
        f"{models.title(model)} never learned a stamp, so it is unknown what its heatmaps should show. The benchmark "
        "needs a network that learned a stamp: choose one of these, or train one."
    )
    with st.container(horizontal=True):
        for each in stamp_models:
            st.button(each.title, key=f"choose {each.name}", on_click=use_model, args=(each.name,))


def score_table(model: ListedStampModel | None, selection: Selection | None, acting: DeltaGenerator) -> None:
    """How many pictures, and the scores as they come."""
    with acting:
        pictures = bound(
            st.number_input, "Stamped pictures", 2, MOST, PICTURES, key="stamped", persist_state="session",
            help="Test pictures that the model never saw. More pictures give narrower intervals.",
        )  # fmt: skip
    shown = job_panel(BENCHMARK, request_of(model, selection, pictures), acting)
    if shown is None:
        return
    export_panel([shown.job])
    with result(BENCHMARK):
        passed = show_scores(shown.job, shown.stale, model)
    if passed:
        offer_means_chart(shown.job)


def show_scores(study: Benchmark, stale: bool, model: ListedStampModel | None) -> bool:
    """The table, or why there is none: the gate, and how the network became what it is; whether the gate is passed."""
    of = study.inputs().model
    passed = all(message["gate"]["passed"] for message in study.messages(GateReady))
    st.header(f"Scores: {of.title}", anchor=False)
    if passed:
        study_table(study, stale, columns_of(study))
    training_chart("of the benchmark", run=study.id, chart=False, brief=True, stale=stale, gate=of != model)
    if not passed and of != model:
        show_training("of the benchmark's training", of)
    if passed and of.task.bases != "fashion_mnist":
        st.caption(PATCHES)
    return passed


def request_of(model: ListedStampModel | None, selection: Selection | None, pictures: int) -> BenchmarkRequest | None:
    """What is chosen; nothing before the model is there."""
    if model is None or selection is None:
        return None
    return BenchmarkRequest(**selection.shared, metrics=usual_metrics(model.task), pictures=pictures)


def columns_of(study: Benchmark) -> list[dict[str, Any]]:
    """The columns of the table; a random map gets what the stamps cover on average."""
    metrics, covered = [find_metric(name) for name in study.request.metrics], study.inputs().share
    columns = [stamp_column(metric, covered) for metric in metrics]
    for metric, each in zip(metrics, columns, strict=True):
        if metric.random == SHARE:
            each["random"] = f"{each['chance']}, the share that the stamp covers"
    return [{"title": f"Plausibility: {GROUPS['plausibility']}", "metrics": columns}]
