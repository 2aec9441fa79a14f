"""One picture: what becomes of every method's map as the network forgets, and the quick checks."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.chosen import Chosen, Wishes
from dashboard.jobs import LiveJob, NotThere
from dashboard.parts.older import tell_older
from dashboard.parts.one_picture import look_at, show_prediction
from dashboard.parts.progress import progress
from dashboard.parts.quick_checks import quick_checks
from dashboard.parts.randomising_panel import tell_cost
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.sanity_curves import sanity_curves
from dashboard.parts.staged_maps import staged_maps
from dashboard.pictures import Choice
from dashboard.requests import AskedOfSanity
from dashboard.sanity import KIND, Randomisation, SampleRandomisation, find_randomisation, sample, start
from dashboard.workshop import Loading

ADDRESS = "job"
WHAT = (
    "A row a method, a column a stage: the layers that went last, and how much of the network is random by then. What "
    "still looks like the first map is not from what the model learned."
)


def one_sanity(loading: Loading, picture: Choice | None, wishes: Wishes | None, randomising: Mapping[str, Any]) -> None:
    """All that stands under the strip of pictures."""
    seen = look_at(loading, picture)
    asked = None
    if wishes and seen and picture:
        target = seen.top[0].index if wishes.target is None else wishes.target
        asked = AskedOfSanity(**wishes.common, **randomising, picture=picture.name, target=target)
    if asked and picture and wished(KIND):
        launched()
        st.query_params[ADDRESS] = start(asked, picture.title)
    run = shown_run()
    showing, acting = st.columns([3, 1.1], gap="large")
    with acting:
        action(KIND, "Randomise", asked is not None, [run] if run else [], follow)
        if asked:
            tell_cost(asked)
    with showing:
        show_prediction(0, Chosen(loading, picture, seen, asked), [run] if run else [])
    if run:
        show(run, asked)
    quick_checks(asked)


def show(run: Randomisation, asked: AskedOfSanity | None) -> None:
    """The maps, and what follows from them."""
    stale = tell_what_is_shown(run, asked)
    st.header("Maps of ever more random networks", anchor=False)
    st.caption(WHAT)
    staged_maps(run.id, run.asked, stale)
    st.header("Do the maps depend on the model?", anchor=False)
    sanity_curves(run.id, run.asked, stale)


def follow(_: int, run: LiveJob) -> None:
    progress(KIND, run.id, not run.finished, counts="maps", methods=len(run.asked.methods))


def shown_run() -> Randomisation | None:
    """The randomisation that the address names, or the sample that ships with the app."""
    name = st.query_params.get(ADDRESS)
    if name is None:
        return sample()
    try:
        return find_randomisation(name)
    except NotThere:
        st.info("That randomisation is no longer kept here. Press Randomise to make it again.")
        return None


def tell_what_is_shown(run: Randomisation, asked: AskedOfSanity | None) -> bool:
    """A line that says whose results these are; whether they are older than what is chosen."""
    older = tell_older(run, asked, "These maps are", "Randomise")
    if isinstance(run, SampleRandomisation) and not older:
        st.caption("A precomputed sample, so that there is something to look at. Press Randomise to run it here.")
    return older
