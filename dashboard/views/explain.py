"""The Explain page: one picture or many, a model or several, heatmaps of many methods, and how good they are."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

import core
from dashboard.components.columns import ALWAYS
from dashboard.controls.address import choose_tab
from dashboard.controls.export_panel import result
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.method_panel import choose_methods
from dashboard.controls.metric_panel import TRIAL, choose_metrics
from dashboard.controls.model_panel import choose_models
from dashboard.controls.page_state import kept_page
from dashboard.controls.picture_panel import choose_picture, named_picture
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_class, choose_seed, choose_trial
from dashboard.explain.many_pictures.job import STUDY
from dashboard.explain.many_pictures.panel import many_pictures
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.explain.one_picture.panel import one_picture
from dashboard.library.models import Loading, models
from dashboard.library.pictures import gallery_for
from dashboard.sanity.strip.panel import randomisation_strip


def page() -> None:
    with st.sidebar:
        loadings = choose_models()
    one, many = choose_tab({kind.name: kind.tab for kind in (EXPLANATION, STUDY)}, "tab")
    dataset = models.dataset(loadings[0].name)
    if many.open:
        selection = choose(loadings, named_picture(dataset), one=False)
        with many:
            many_pictures(loadings, dataset, selection)
        return
    with one, st.container(gap="xsmall", key="one-picture"):
        picture = choose_picture(gallery_for(dataset))
        selection = choose(loadings, picture.name if picture else "", one=True)
        with result(EXPLANATION):
            one_picture(loadings, picture, selection, randomisation_strip)


def choose(loadings: Sequence[Loading], picture: str, one: bool) -> Selection | None:
    """The sidebar below the models, with what only one picture is asked; nothing before the first model is there."""
    first = loadings[0].classifier
    if first is None:
        return None
    with st.sidebar:
        target = choose_class(first) if one else None
        methods = choose_methods([loading.classifier for loading in loadings if loading.classifier])
        with advanced():
            maps = choose_maps(loadings[0].name, first, methods)
            judgement = choose_trial(first, picture)
            metrics = choose_further() if one else ()
            seed = choose_seed()
    return Selection({**maps, **asdict(judgement), "seed": seed}, target, metrics)


def choose_further() -> tuple[str, ...]:
    """The scores beyond those that every perturbation test gives, and those of the ceiling, which has its own tab."""
    further = [
        metric.name
        for metric in core.list_metrics()
        if metric.name not in ALWAYS and not (metric.needs_stamp or metric.needs_pictures or "ceiling" in metric.needs)
    ]
    return choose_metrics(TRIAL, "Further scores", further, usual=())


with kept_page("explain"):
    page()
