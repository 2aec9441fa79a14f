"""Many pictures: every method's scores on each, means with their intervals, and which methods differ."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

import core
from core.jobs.durations import about
from core.metrics.leak import FEWEST_OF_A_CLASS, FEWEST_PICTURES, LEAK, leak_workload
from core.metrics.search_plan import PASSES
from core.models.outputs import rather_than
from dashboard.components.columns import ALWAYS
from dashboard.components.score_chart import offer_means_chart
from dashboard.components.study_table.study_table import study_table
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.metric_panel import STUDY as PLACE
from dashboard.controls.metric_panel import choose_metrics
from dashboard.controls.selection import Selection
from dashboard.controls.source_panel import Labelled, choose_labels, choose_limit, choose_source, how_many, known_source
from dashboard.controls.trial_panel import unique_names
from dashboard.controls.workload import show_workload
from dashboard.explain.many_pictures.job import STUDY, Study, StudyRequest
from dashboard.library.models import Loading, models
from dashboard.library.sources import title_of_source

USUAL = (*ALWAYS, "deletion", "insertion", "gini", "complexity")
COLUMNS = (2.2, 1, 0.9, 1.4)


def many_pictures(loadings: Sequence[Loading], dataset: str, selection: Selection | None) -> None:
    """The whole tab."""
    sources, limits, scores, acting = st.columns(COLUMNS, gap="medium")
    with sources:
        source = choose_source(dataset)
        available, marked = how_many(source, dataset)
    with limits:
        limit = choose_limit(available)
        given = choose_labels(source, loadings[0].name) if selection and available else Labelled()
    with scores:
        metrics = choose_scores(marked, by_pixel=selection is None or selection.shared["unit"] == "pixel")
    request = None
    if selection and available:
        asked = StudyRequest(**selection.shared, metrics=metrics, source=source, limit=limit, **asdict(given))
        request = asked.with_controls(truth_known=marked)
    shown = job_panel(STUDY, request, acting, known=known_source(source))
    with acting:
        show_workload(STUDY, [request])
        if request and LEAK in metrics:
            tell_leak(request)
    if len(loadings) > 1:
        st.caption(
            f"Models are compared on one picture only. Here the first is explained: {models.title(loadings[0].name)}."
        )
    if shown is None:
        return
    study = shown.job
    export_panel([study])
    with result(STUDY):
        st.header(f"{title_of_source(study.request.source)}, {models.title(study.request.model)}", anchor=False)
        tell_contrast(study)
        study_table(study, shown.stale)
    offer_means_chart(study)


def tell_contrast(study: Study) -> None:
    """Which class those of the pictures are contrasted with, if any."""
    other = rather_than(study.request.output)
    if other is not None:
        label = unique_names(study.inputs().classifier.labels)[other]
        st.caption(f"Explained: the class of each picture rather than {label}.")


def tell_leak(request: StudyRequest) -> None:
    """What the leak takes, or how many pictures it lacks."""
    if request.limit < FEWEST_PICTURES:
        st.caption(
            f"Leak: needs at least {FEWEST_PICTURES} pictures, in classes of at least {FEWEST_OF_A_CLASS} each; "
            f"{request.limit} are chosen."
        )
        return
    fits, seconds = leak_workload(len(request.methods), request.limit)
    st.caption(f"Leak: {fits:,} small classifiers that learn from masks, {about(seconds)}; no passes.")


def choose_scores(marked: bool, by_pixel: bool) -> tuple[str, ...]:
    """The metrics; those that need the truth where it lies beside the pictures, and the ceiling of single pixels.

    They lie in a popover, so that the table stands high on the page.
    """
    offered = {
        metric.name: metric
        for metric in core.list_metrics()
        if (marked or not metric.needs_truth) and (by_pixel or "ceiling" not in metric.needs) and not metric.needs_stamp
    }
    usual = [name for name, metric in offered.items() if name in USUAL or metric.needs_truth]
    with st.popover("Scores", width="stretch"):
        metrics = choose_metrics(PLACE, "Scores of the table", offered, usual)
        if by_pixel:
            st.caption(f"The ceiling takes a search of {PASSES:,} passes for each picture.")
        return metrics or ALWAYS[:1]
