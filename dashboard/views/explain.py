"""The Explain page: one picture or many, a model or several, heatmaps of many methods, and how good they are."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

import core
from dashboard.chosen import Wishes
from dashboard.jobs import NotThere, find
from dashboard.parts.columns import ALWAYS
from dashboard.parts.coming_back import come_back, remember
from dashboard.parts.many_pictures import many_pictures
from dashboard.parts.method_panel import choose_methods, choose_settings
from dashboard.parts.metric_panel import TRIAL, choose_metrics
from dashboard.parts.model_panel import choose_models
from dashboard.parts.one_picture import one_picture
from dashboard.parts.picture_panel import choose_picture, named_picture
from dashboard.parts.progress import progress
from dashboard.parts.trial_panel import (
    choose_class,
    choose_output,
    choose_reduction,
    choose_seed,
    choose_trial,
)
from dashboard.pictures import gallery_for
from dashboard.workshop import Loading, models

ONE, MANY = "One picture", "Many pictures"


def page() -> None:
    come_back("explain")
    st.title("HeatCheck", anchor=False)
    st.caption("Why an image classifier said what it said, and whether the explanation deserves to be believed.")
    with st.sidebar:
        loadings = choose_models()
    one, many = st.tabs([ONE, MANY], key="tab", bind="query-params")
    dataset = models.dataset(loadings[0].name)
    if many.open:
        wishes = choose(loadings, named_picture(dataset), one=False)
        with many:
            keep_alive("job", ONE)
            many_pictures(loadings, dataset, wishes)
    else:
        with one:
            picture = choose_picture(gallery_for(dataset))
            wishes = choose(loadings, picture.name if picture else "", one=True)
            keep_alive("study", MANY)
            one_picture(loadings, picture, wishes)


def choose(loadings: Sequence[Loading], picture: str, one: bool) -> Wishes | None:
    """The sidebar below the models, with what only one picture is asked; nothing before the first model is there."""
    first = loadings[0].classifier
    if first is None:
        return None
    with st.sidebar:
        target = choose_class(first) if one else None
        output, reduction = choose_output(), choose_reduction()
        methods = choose_methods([loading.classifier for loading in loadings if loading.classifier])
        settings = choose_settings(first, methods)
        judgement = choose_trial(first, picture)
        metrics = choose_further() if one else ()
        seed = choose_seed()
    common = {
        "model": loadings[0].name,
        "methods": tuple(methods),
        "settings": settings,
        "output": output,
        "seed": seed,
        "reduction": reduction,
        **asdict(judgement),
    }
    return Wishes(common, target, metrics)


def choose_further() -> tuple[str, ...]:
    """The scores beyond those that every trial gives."""
    further = [metric.name for metric in core.list_metrics() if metric.name not in ALWAYS and not metric.needs_stamp]
    return choose_metrics(TRIAL, "Further scores", further, usual=())


def keep_alive(address: str, title: str) -> None:
    """What runs on the other tab goes on as long as somebody follows it here, and says how far it is."""
    for number, name in enumerate(filter(None, st.query_params.get(address, "").split(","))):
        try:
            job = find(name)
        except NotThere:
            continue
        if not job.finished:
            counts = "pictures" if address == "study" else "heatmaps"
            place = f"of the other tab {number}"
            progress(place, job.id, True, title, counts, len(job.asked.methods), bool(job.asked.metrics))


page()
remember("explain")
