"""The benchmark tab of the Stamp page: a network that learned stamps, its gate, and how near maps come to the stamp."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

import core
from core.metrics.localisation import SHARE
from core.stamping.benchmark import usual_metrics
from core.stamping.models import ListedStampModel, list_stamp_models
from dashboard.benchmarks import (
    BENCHMARK,
    SWEEP,
    TRAINING,
    Benchmark,
    SampleBenchmark,
    named,
    pictures_gone,
    sample,
    start_benchmark,
)
from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere, collect, find
from dashboard.messages import to_message, told_of_gate
from dashboard.parts.columns import GROUPS, column
from dashboard.parts.course import course
from dashboard.parts.many_pictures import offer_chart, offer_files, tell_what_is_shown
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.stamp_model_panel import KEY
from dashboard.parts.stamp_sweep import stamp_sweep
from dashboard.parts.stamp_training import stamp_training
from dashboard.parts.stamp_words import task_in_words
from dashboard.parts.study_table import study_table
from dashboard.requests import AskedOfStamps
from dashboard.workshop import models

PICTURES, MOST = 200, 500
ALIKE = (
    "Several of these pictures may be patches of one, and so be alike: the intervals speak of more patches of these "
    "pictures, not of pictures of another kind."
)
GONE = (
    "The folder that this model learned from is no longer on this server, so there are no pictures to ask it about. "
    "Upload the folder below and train again, or choose another model."
)
ELSEWHERE = {TRAINING: ("Training", "steps"), BENCHMARK: ("Score table", "pictures"), SWEEP: ("Sweep", "cells")}
"""What runs on this tab is called, and counted by, on another one."""


def stamp_benchmark(model: str, wishes: Wishes | None) -> None:
    """The whole tab."""
    known = {each.name: each for each in list_stamp_models()}
    chosen = known.get(model)
    if chosen:
        show_model(chosen)
    else:
        ask_for_a_stamp_model(model, list(known.values()))
    stamp_training(list(known.values()), choose)
    st.header("Score table", anchor=False)
    asked_about = None if chosen and pictures_gone(chosen) else chosen
    score_table(asked_about, wishes, known)
    st.header("Sweep over size and opacity", anchor=False)
    stamp_sweep(asked_about, wishes)


def choose(name: str) -> None:
    """Makes a model the page's own."""
    st.session_state[KEY] = name


def show_model(model: ListedStampModel) -> None:
    """What it learned, and its gate."""
    st.markdown(f"**{model.title}.** {task_in_words(model.task)}")
    if pictures_gone(model):
        st.warning(GONE)
    if model.gate is None:
        st.caption("Its gate was not measured when it was trained; Run measures it first.")
        return
    course("of the model", told=[told_of_gate(model.gate)], chart=False)
    if not model.gate.passed:
        show_training("of the model's training", model)


def show_training(place: str, model: ListedStampModel) -> None:
    """How the model came to be what it is, where that was kept."""
    if model.history:
        course(place, told=[to_message(epoch, model.task.labels) for epoch in model.history])


def ask_for_a_stamp_model(model: str, stamp_models: Sequence[ListedStampModel]) -> None:
    """Why there is nothing to score, and which models there is something with."""
    st.info(
        f"{models.title(model)} never learned what a stamp means, so nobody knows what its heatmaps should show. The "
        "benchmark needs a network that learned a stamp: choose one of these, or train one."
    )
    with st.container(horizontal=True):
        for each in stamp_models:
            st.button(each.title, key=f"choose {each.name}", on_click=choose, args=(each.name,))


def score_table(model: ListedStampModel | None, wishes: Wishes | None, known: Mapping[str, ListedStampModel]) -> None:
    """How many pictures, and the scores as they come."""
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        pictures = st.number_input(
            "Stamped pictures", 2, MOST, PICTURES, key="stamped", bind="query-params", persist_state="session",
            width=220, help="Test pictures that the model never saw. More of them, narrower intervals.",
        )  # fmt: skip
    asked = asked_of(model, wishes, pictures)
    if asked and model and wished(BENCHMARK):
        launched()
        st.query_params[BENCHMARK] = start_benchmark(asked, model)
    study = shown_benchmark()
    with acting:
        action(BENCHMARK, "Run", asked is not None, [study] if study else [], follow)
    if study is None:
        return
    stale = tell_what_is_shown(study, asked)
    of = known.get(study.asked.model)
    if isinstance(study, SampleBenchmark) and of and of != model:
        st.caption(f"The sample is of another model than the one that is chosen: {of.title}.")
    st.markdown(f"**{of.title if of else study.asked.model}**")
    course("of the benchmark", run=study.id, chart=False, brief=True, stale=stale)
    if any(not gate["passed"] for gate in collect(study, "gate")):
        if of and of != model:
            show_training("of the benchmark's training", of)
        return
    study_table(study, stale, columns(study))
    if of and of.task.bases != "fashion_mnist":
        st.caption(ALIKE)
    offer_files(study)
    offer_chart(study)


def columns(study: Benchmark) -> list[dict[str, Any]]:
    """The columns of the table, each with what a random map gets in numbers."""
    share = f"{100 * study.share:.2g} %"
    known = {metric.name: column(metric) for metric in core.list_metrics()}
    told = [known[name] for name in study.asked.metrics]
    for each in told:
        of_a_share = each["random"] == SHARE
        each["chance"] = share if of_a_share else each["random"]
        each["random"] = f"{share}, the share that the stamp covers" if of_a_share else each["random"]
    return [{"title": f"Plausibility: {GROUPS['plausibility']}", "metrics": told}]


def shown_benchmark() -> Benchmark | None:
    """The benchmark that the address names, or the sample that ships with the app."""
    if BENCHMARK not in st.query_params:
        return sample()
    try:
        return named(BENCHMARK, Benchmark)
    except NotThere:
        st.info("That score table is no longer kept here. Press Run to make it again.")
        return None


def follow(_: int, study: LiveJob) -> None:
    progress("benchmark", study.id, not study.finished, counts="pictures")


def asked_of(model: ListedStampModel | None, wishes: Wishes | None, pictures: int) -> AskedOfStamps | None:
    """What is chosen; nothing before the model is there."""
    if model is None or wishes is None:
        return None
    return AskedOfStamps(**wishes.common, metrics=usual_metrics(model.task), pictures=pictures)


def keep_benchmark_alive() -> None:
    """What runs on this tab goes on as long as somebody follows it on another one, and says how far it is."""
    for address, (title, counts) in ELSEWHERE.items():
        try:
            job = find(st.query_params.get(address, ""))
        except NotThere:
            continue
        if not job.finished:
            progress(f"of the benchmark tab: {address}", job.id, True, title, counts=counts)
