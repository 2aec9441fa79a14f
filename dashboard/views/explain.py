"""The Explain page: a model, a picture, heatmaps of many methods, and their trial."""

import logging

import streamlit as st

from dashboard.chosen import Chosen, differences, differs_only_in, listed
from dashboard.parts.heatmap_cards import heatmap_cards
from dashboard.parts.live_curve import live_curve
from dashboard.parts.method_panel import choose_methods, choose_settings
from dashboard.parts.model_panel import choose_model
from dashboard.parts.picture_panel import choose_picture
from dashboard.parts.run_panel import run_panel
from dashboard.parts.trial_panel import choose_class, choose_output, choose_reduction, choose_seed, choose_trial
from dashboard.pictures import Choice
from dashboard.runs import NotThere, Run, SampleRun, collect, find_run, sample
from dashboard.workshop import Asked, Loading, Look, look

logger = logging.getLogger(__name__)


def page() -> None:
    st.title("HeatCheck", anchor=False)
    st.caption("Why an image classifier said what it said, and whether the explanation deserves to be believed.")
    chosen = choose()
    run = shown_run()
    run_panel(chosen, run)
    if run is None:
        return
    differing = differences(run, chosen)
    tell_what_is_shown(run, chosen, differing)
    st.header("Heatmaps", anchor=False)
    heatmap_cards(run.id, run.asked.methods, stale=bool(differing))
    st.header("Trial", anchor=False)
    st.caption("Take away the pixels that a heatmap calls most important, or least, and see what the model still says.")
    live_curve(run.id, run.asked, stale=bool(differing), earlier=with_another_imputer(run))
    offer_chart(run)


def choose() -> Chosen:
    """Sidebar and picture strip."""
    with st.sidebar:
        loading = choose_model()
    picture = choose_picture()
    if loading.classifier is None:
        return Chosen(loading, picture)
    with st.sidebar:
        target = choose_class(loading.classifier)
        output, reduction = choose_output(), choose_reduction()
        methods = choose_methods(loading.classifier)
        settings = choose_settings(loading.classifier, methods)
        imputer, y, steps = choose_trial()
        seed = choose_seed()
    seen = look_at(loading, picture)
    if seen is None or picture is None:
        return Chosen(loading, picture)
    asked = Asked(
        model=loading.name,
        picture=picture.name,
        target=seen.top[0].index if target is None else target,
        methods=tuple(methods),
        settings=settings,
        output=output,
        imputer=imputer,
        y=y,
        steps=steps,
        seed=seed,
        reduction=reduction,
    )
    return Chosen(loading, picture, seen, asked)


def look_at(loading: Loading, picture: Choice | None) -> Look | None:
    """What the model says of the picture; a sentence if it can't say anything now."""
    if picture is None:
        return None
    try:
        return look(loading.name, picture.name)
    except TimeoutError:
        st.warning("The model is busy with other people's runs. Reload in a moment.")
    except Exception:
        logger.exception("%s could not look at a picture", loading.name)
        st.error("This model can't be run on this picture; the server's log says more. Choose another of either.")
    return None


def shown_run() -> Run | None:
    """The run that the address names, or the sample that ships with the app."""
    name = st.query_params.get("job")
    if name is None:
        return sample()
    try:
        return find_run(name)
    except NotThere as absence:
        st.info(str(absence))
        return None


def tell_what_is_shown(run: Run, chosen: Chosen, differing: list[str]) -> None:
    """A line that says what went wrong, or whose results these are where that is not what is chosen."""
    if run.state()["state"] == "failed":
        st.error(f"{run.state()['error']} Change a setting and press Explain to try again.")
    if differing:
        way_out = " Press Explain to renew them." if chosen.asked else ""
        st.info(f"These results are older than your choices: the {listed(differing)} changed since.{way_out}")
    elif chosen.asked and set(chosen.asked.methods) != set(run.asked.methods):
        st.caption("You chose other methods since. Press Explain to see them.")
    elif isinstance(run, SampleRun):
        st.caption("A precomputed sample, so that there is something to look at. Press Explain to run it here.")


def with_another_imputer(run: Run) -> Run | None:
    """The run before this one, if nothing but the imputer was changed: the ranking's move is worth seeing."""
    try:
        before = find_run(st.session_state.get("before") or "")
    except NotThere:
        return None
    return before if before.finished and differs_only_in("imputer", before.asked, run.asked) else None


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
