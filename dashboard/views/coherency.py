"""The Coherency page: whether the metrics that judge heatmaps agree, and which of them can be believed."""

from dataclasses import asdict

import streamlit as st

from dashboard.coherency.metric_study.job import METRIC_STUDY
from dashboard.coherency.metric_study.panel import STEPS, metric_study
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.model_panel import choose_model
from dashboard.controls.page_state import kept_page
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_seed, choose_trial
from dashboard.jobs.session import sample_of
from dashboard.library.models import DEFAULT_MODEL, Loading


def page() -> None:
    sample = sample_of(METRIC_STUDY)
    with st.sidebar:
        loading = choose_model(sample.request.model if sample else DEFAULT_MODEL)
        selection = choose(loading)
    metric_study(loading, selection)


def choose(loading: Loading) -> Selection | None:
    """The sidebar below the model; nothing before the model is there."""
    if loading.classifier is None:
        return None
    with advanced():
        maps = choose_maps(loading.name, loading.classifier, ())
        judgement = choose_trial(loading.classifier, "", STEPS)
        return Selection({**maps, **asdict(judgement), "seed": choose_seed()})


with kept_page("coherency"):
    page()
