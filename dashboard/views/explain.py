"""The Explain page: a model or several, a picture, heatmaps of many methods, and their trial."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

import core
from dashboard.chosen import Chosen, differences, differs_only_in, listed
from dashboard.parts.heatmap_cards import heatmap_cards
from dashboard.parts.live_curve import live_curve
from dashboard.parts.method_panel import choose_methods, choose_settings, settings_for
from dashboard.parts.model_panel import choose_models
from dashboard.parts.picture_panel import choose_picture
from dashboard.parts.run_panel import launch_if_wished, run_panel
from dashboard.parts.trial_panel import (
    choose_class,
    choose_output,
    choose_reduction,
    choose_seed,
    choose_trial,
    choose_tried,
    class_beside,
    unique_names,
)
from dashboard.pictures import Choice
from dashboard.runs import NotThere, Run, SampleRun, collect, find_runs, sample
from dashboard.workshop import Asked, Loading, Look, look, models

logger = logging.getLogger(__name__)


def page() -> None:
    st.title("HeatCheck", anchor=False)
    st.caption("Why an image classifier said what it said, and whether the explanation deserves to be believed.")
    chosen = choose()
    launch_if_wished(chosen)
    runs = shown_runs()
    run_panel(chosen, runs)
    if not runs:
        return
    differing = differences(runs, chosen)
    tell_what_is_shown(runs, chosen, differing)
    st.header("Heatmaps", anchor=False)
    heatmap_cards(runs, stale=bool(differing))
    st.header("Trial", anchor=False)
    st.caption("Take away the pixels that a heatmap calls most important, or least, and see what the model still says.")
    run = runs[choose_tried([models.title(run.asked.model) for run in runs])]
    live_curve(run.id, run.asked, stale=bool(differing), earlier=with_another_imputer(run))
    offer_chart(run)


def choose() -> list[Chosen]:
    """Sidebar and picture strip: what is chosen, for each model."""
    with st.sidebar:
        loadings = choose_models()
    picture = choose_picture(models.dataset(loadings[0].name))
    first = loadings[0].classifier
    if first is None:
        return [Chosen(loading, picture) for loading in loadings]
    with st.sidebar:
        target = choose_class(first)
        output, reduction = choose_output(), choose_reduction()
        methods = choose_methods([loading.classifier for loading in loadings if loading.classifier])
        settings = choose_settings(first, methods)
        imputer, y, steps = choose_trial()
        seed = choose_seed()
    looks = [look_at(loading, picture) for loading in loadings]
    if looks[0] is None or picture is None:
        return [Chosen(loading, picture) for loading in loadings]
    asked = Asked(
        model=loadings[0].name,
        picture=picture.name,
        target=looks[0].top[0].index if target is None else target,
        methods=tuple(methods),
        settings=settings,
        output=output,
        imputer=imputer,
        y=y,
        steps=steps,
        seed=seed,
        reduction=reduction,
    )
    explained = unique_names(first.labels)[asked.target]
    return [
        Chosen(loading, picture, seen, asked_of(loading, seen, asked, explained))
        for loading, seen in zip(loadings, looks, strict=True)
    ]


def asked_of(loading: Loading, seen: Look | None, asked: Asked, explained: str) -> Asked | None:
    """What is asked of the first model, as another can be asked it; nothing before it has seen the picture."""
    if loading.classifier is None or seen is None:
        return None
    target = class_beside(explained, loading.classifier.labels, seen.top[0].index)
    return replace(asked, model=loading.name, target=target, settings=settings_for(loading.classifier, asked.settings))


def look_at(loading: Loading, picture: Choice | None) -> Look | None:
    """What the model says of the picture; a sentence if it can't say anything now."""
    if picture is None or loading.classifier is None:
        return None
    try:
        return look(loading.name, picture.name)
    except TimeoutError:
        st.warning("The model is busy with other people's runs. Reload in a moment.")
    except Exception:
        logger.exception("%s could not look at a picture", loading.name)
        st.error("This model can't be run on this picture; the server's log says more. Choose another of either.")
    return None


def shown_runs() -> list[Run]:
    """The runs that the address names, or the sample that ships with the app."""
    names = st.query_params.get("job")
    if names is None:
        shipped = sample()
        return [shipped] if shipped else []
    try:
        return find_runs(names)
    except NotThere as absence:
        st.info(str(absence))
        return []


def tell_what_is_shown(runs: Sequence[Run], chosen: Sequence[Chosen], differing: list[str]) -> None:
    """A line that says what went wrong, or whose results these are where that is not what is chosen."""
    for run in runs:
        if run.state()["state"] == "failed":
            st.error(f"{run.state()['error']} Change a setting and press Explain to try again.")
    asked = [each.asked for each in chosen if each.asked]
    if differing:
        way_out = " Press Explain to renew them." if len(asked) == len(chosen) else ""
        st.info(f"These results are older than your choices: the {listed(differing)} changed since.{way_out}")
    elif asked and picked(asked[0]) != picked(runs[0].asked):
        st.caption("You chose other methods since. Press Explain to see them.")
    elif isinstance(runs[0], SampleRun):
        st.caption("A precomputed sample, so that there is something to look at. Press Explain to run it here.")


def picked(asked: Asked) -> set[str]:
    """The methods that a person chose; controls run along unasked."""
    controls = {method.name for method in core.list_methods() if method.control}
    return set(asked.methods) - controls


def with_another_imputer(run: Run) -> Run | None:
    """The run before this one, if nothing but the imputer was changed: the ranking's move is worth seeing."""
    try:
        before = find_runs(st.session_state.get("before") or "")
    except NotThere:
        return None
    return next((one for one in before if one.finished and differs_only_in("imputer", one.asked, run.asked)), None)


def offer_chart(run: Run) -> None:
    """Plotly is large: it is asked for, and only when there is a finished run."""
    scores = [score for score in collect(run, "fidelity") if score["final"]] if run.finished else []
    if not scores:
        return
    chart = st.expander("Scores as a chart", key="chart", on_change="rerun")
    if chart.open:
        from dashboard.parts.score_chart import score_chart

        with chart:
            score_chart(scores)


page()
