"""The way back to a job that the page does not show."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import streamlit as st

from dashboard.controls.address import carry
from dashboard.controls.page_state import PAGE, left_at
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find
from dashboard.jobs.views import JobView, QueuedJob
from dashboard.library.absence import NotThere

SHOWN = "jobs that the page shows"
LEAVING = "page to go to"


def now_shown(jobs: Iterable[JobView[Any, Any]]) -> None:
    """Notes that this page shows these jobs, and how far they are."""
    st.session_state.setdefault(SHOWN, set()).update(job.id for job in jobs)


def take_shown() -> set[str]:
    """The jobs that the page has noted, once."""
    shown: set[str] = st.session_state.pop(SHOWN, set())
    return shown


def go_back_to(job: QueuedJob[Any, Any]) -> None:
    """From now on the address names that job on its page and tab, which is opened next."""
    kind = job.kind
    tabs = {key: words for key, words in {"tab": kind.tab, "below": kind.below}.items() if words}
    opened = {kind.expander: True} if kind.expander else {}
    if st.session_state.get(PAGE) == kind.page:
        st.query_params.update(names_of(job))
        st.session_state.update(tabs | opened)
        return
    for name in ("model", "picture"):
        if chosen := getattr(job.request, name, ""):
            carry(name, chosen)
    written = {**names_of(job), **tabs, **dict.fromkeys(opened, "true")}
    st.session_state.update(opened)
    st.session_state[left_at(kind.page)] = {**st.session_state.get(left_at(kind.page), {}), **written}
    st.session_state[LEAVING] = kind.page


def names_of(job: JobView[Any, Any]) -> dict[str, str]:
    """What the address says of a job: with it those that the same click has started, and what a follow-up is about."""
    together = job.together if isinstance(job, QueuedJob) else [job.id]
    names = {job.kind.name: ",".join(together)}
    if isinstance(job.request, FollowUpRequest):
        with suppress(NotThere):
            names |= names_of(find(job.request.about))
    return names


def take_page_to_go_to() -> str | None:
    """The page that a click asked for, once."""
    page: str | None = st.session_state.pop(LEAVING, None)
    return page
