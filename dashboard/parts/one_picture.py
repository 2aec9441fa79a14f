"""One picture: heatmaps of many methods by one model or several, and their trial."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

import core
from core.methods.registry import find_method, list_controls
from dashboard.chosen import Chosen, Wishes, differences
from dashboard.jobs import LiveJob, NotThere, collect
from dashboard.parts.asides_panel import asides_panel
from dashboard.parts.heatmap_cards import heatmap_cards
from dashboard.parts.live_curve import live_curve
from dashboard.parts.mark_panel import mark_panel, truth_of
from dashboard.parts.method_panel import settings_for
from dashboard.parts.prediction import prediction
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.sanity_strip import sanity_strip
from dashboard.parts.trial_panel import choose_tried, class_beside, unique_names
from dashboard.pictures import Choice
from dashboard.requests import Asked, listed
from dashboard.runs import LiveHeatmaps, Run, SampleRun, ShippedHeatmaps, find_runs, sample, start
from dashboard.workshop import Loading, Look, look, models

SIDE_BY_SIDE = "Each model sees its own crop. One that knows the first one's class by name explains it too."
logger = logging.getLogger(__name__)


def one_picture(loadings: Sequence[Loading], picture: Choice | None, wishes: Wishes | None) -> None:
    """All that stands under the strip of pictures."""
    truth = truth_of(loadings[0].name, picture.name) if picture else ""
    chosen = choose(loadings, picture, wishes, truth)
    launch_if_wished(chosen)
    runs = shown_runs()
    show_answers(chosen, runs)
    mark_panel(chosen[0], truth)
    if not runs:
        return
    differing = differences(runs, chosen)
    tell_what_is_shown(runs, chosen, differing)
    st.header("Heatmaps", anchor=False)
    heatmap_cards(runs, stale=bool(differing))
    st.header("Trial", anchor=False)
    st.caption("Take away the pixels that a heatmap calls most important, or least, and see what the model still says.")
    run = runs[choose_tried([models.title(run.asked.model) for run in runs])]
    live_curve(run.id, run.asked, stale=bool(differing))
    offer_chart(run)
    asides_panel(run, stale=bool(differing))
    sanity_strip(run, stale=bool(differing))


def choose(loadings: Sequence[Loading], picture: Choice | None, wishes: Wishes | None, truth: str) -> list[Chosen]:
    """What is chosen, for each model."""
    looks = [look_at(loading, picture) for loading in loadings]
    if wishes is None or looks[0] is None or picture is None:
        return [Chosen(loading, picture) for loading in loadings]
    controls = [control.name for control in list_controls(bool(truth))]
    asked = Asked(
        **{**wishes.common, "methods": tuple(dict.fromkeys([*wishes.common["methods"], *controls]))},
        picture=picture.name,
        target=looks[0].top[0].index if wishes.target is None else wishes.target,
        metrics=wishes.metrics,
        truth=truth,
    )
    explained = unique_names(loadings[0].classifier.labels)[asked.target]
    return [
        Chosen(loading, picture, seen, asked_of(loading, seen, asked, explained))
        for loading, seen in zip(loadings, looks, strict=True)
    ]


def asked_of(loading: Loading, seen: Look | None, asked: Asked, explained: str) -> Asked | None:
    """What is asked of the first model, as another can be asked it; nothing before it has seen the picture."""
    if loading.classifier is None or seen is None:
        return None
    if loading.name == asked.model:
        return asked
    target = class_beside(explained, loading.classifier.labels, seen.top[0].index)
    settings = settings_for(loading.classifier, asked.settings)
    side = min(asked.side, *loading.classifier.size)
    methods = tuple(name for name in asked.methods if not find_method(name).needs_truth)
    return replace(asked, model=loading.name, methods=methods, target=target, settings=settings, side=side, truth="")


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


def launch_if_wished(chosen: Sequence[Chosen]) -> None:
    """Starts a run for each model."""
    if not wished("runs"):
        return
    started: list[str] = []
    for each in chosen:
        if each.asked and each.picture:
            started.append(start(each.asked, each.picture.title, beside=started))
    if started:
        launched()
        st.query_params["job"] = ",".join(started)


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


def show_answers(chosen: Sequence[Chosen], runs: Sequence[Run]) -> None:
    """What the models see and say: one beside the button, several under it, side by side."""
    seen, acting = st.columns([3, 1.1], gap="large")
    with acting:
        action("runs", "Explain", all(each.asked for each in chosen), runs, follow_of(runs))
    with seen:
        if len(chosen) > 1:
            st.caption(SIDE_BY_SIDE)
        else:
            show_prediction(0, chosen[0], runs)
    if len(chosen) > 1:
        for place, (column, each) in enumerate(zip(st.columns(len(chosen), gap="medium"), chosen, strict=True)):
            with column:
                st.markdown(f"**{models.title(each.loading.name)}**")
                show_prediction(place, each, runs)


def follow_of(runs: Sequence[Run]) -> object:
    """How far each run is, with its model's name where there are several."""

    def follow(place: int, run: LiveJob) -> None:
        title = models.title(run.asked.model) if len(runs) > 1 else ""
        methods, further = len(run.asked.methods), bool(run.asked.metrics)
        progress(str(place), run.id, not run.finished, title, methods=methods, further=further)

    return follow


def show_prediction(place: int, chosen: Chosen, runs: Sequence[LiveHeatmaps | ShippedHeatmaps]) -> None:
    """The model's answer; while it is not there yet, what the sample remembers of it."""
    classifier, shown = chosen.loading.classifier, next(iter(runs), None)
    if classifier and chosen.asked and chosen.look and chosen.picture:
        crop = f"/api/pictures/{chosen.picture.name}/crop?model={chosen.loading.name}"
        target = chosen.asked.target
        prediction(place, crop, chosen.picture.title, chosen.look.told(target), classifier.labels[target])
    elif isinstance(shown, ShippedHeatmaps) and chosen.is_subject_of(shown):
        prediction(place, f"/api/jobs/{shown.id}/crop", shown.title, shown.top, shown.top[0].label)
    else:
        prediction(place, waiting=why_nothing(chosen))


def why_nothing(chosen: Chosen) -> str:
    """Why there is no answer yet, and what to do where it will not come by itself."""
    if chosen.loading.sentence:
        return "Choose a model that can be loaded."
    return "The model is loading." if chosen.picture else "Choose a picture."


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
    elif asked and judged_by(asked[0]) != judged_by(runs[0].asked):
        st.caption("You chose other scores since, or marked the truth. Press Explain to see them.")
    elif isinstance(runs[0], SampleRun):
        st.caption("A precomputed sample, so that there is something to look at. Press Explain to run it here.")


def picked(asked: Asked) -> set[str]:
    """The methods that a person chose; controls run along unasked."""
    controls = {method.name for method in core.list_methods() if method.control}
    return set(asked.methods) - controls


def judged_by(asked: Asked) -> tuple[tuple[str, ...], str]:
    """The scores that a person chose, and what was marked for them."""
    return asked.metrics, asked.truth


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
