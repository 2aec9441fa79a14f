"""Many pictures under randomisation: what becomes of every method's maps, and how each method stands."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere, Shipped
from dashboard.parts.many_pictures import choose_limit, choose_source, how_many, offer_files
from dashboard.parts.older import tell_older
from dashboard.parts.progress import progress
from dashboard.parts.randomising_panel import tell_cost
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.sanity_curves import sanity_curves
from dashboard.requests import AskedOfManySanity
from dashboard.sanity_studies import SanityStudy, find_sanity_study, sample, start
from dashboard.studies import title_of_source
from dashboard.workshop import models

ADDRESS = "sanity_study"
FILES = {
    "verdicts.csv": "verdicts as CSV",
    "similarity-means.csv": "mean similarities as CSV",
    "similarities.csv": "every similarity as CSV",
    "similarities.parquet": "every similarity as Parquet",
}


def many_sanity(dataset: str, wishes: Wishes | None, randomising: Mapping[str, Any]) -> None:
    """The whole tab.

    Parameters
    ----------
    randomising
        The order, the draws and the smoothing that are chosen, by the names that a request has for them.
    """
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        sources, limits = st.columns([1.7, 1], gap="medium")
        with sources:
            source = choose_source(dataset)
            available, _ = how_many(source, dataset)
        with limits:
            limit = choose_limit(available)
    asked = None
    if wishes and available:
        asked = AskedOfManySanity(**wishes.common, **randomising, source=source, limit=limit)
    if asked and wished(ADDRESS):
        launched()
        st.query_params[ADDRESS] = start(asked)
    study = shown_study()
    with acting:
        action(ADDRESS, "Run", asked is not None, [study] if study else [], follow, key="run many")
        st.caption(
            "Of each picture the class is explained that the model predicts; each meets random weights of its own."
        )
        if asked:
            tell_cost(asked, limit)
    if study is None:
        return
    stale = tell_what_is_shown(study, asked)
    st.header(f"Verdicts: {title_of_source(study.asked.source)}, {models.title(study.asked.model)}", anchor=False)
    sanity_curves(study.id, study.asked, stale, many=True, place="of many")
    offer_files(study, FILES)


def follow(_: int, study: LiveJob) -> None:
    progress("sanity study", study.id, not study.finished, counts="pictures")


def tell_what_is_shown(study: SanityStudy, asked: AskedOfManySanity | None) -> bool:
    """A line that says whose results these are; whether they are older than what is chosen."""
    if isinstance(study, Shipped):
        st.caption("A precomputed sample, so that there is something to look at. Press Run to check your choice here.")
        return False
    return tell_older(study, asked, "These verdicts are", "Run")


def shown_study() -> SanityStudy | None:
    """The study that the address names, or the sample that ships with the app."""
    name = st.query_params.get(ADDRESS)
    if name is None:
        return sample()
    try:
        return find_sanity_study(name)
    except NotThere:
        st.info("That study is no longer kept here. Press Run to make it again.")
        return None
