"""The head of a tab that asks about one picture: what the model says of it, the choices, and the button."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple

import streamlit as st

from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.model_answer import look_at
from dashboard.controls.selection import Seen, Selection
from dashboard.jobs.kinds import I, JobKind, R
from dashboard.jobs.views import JobView
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice

COLUMNS = (1.3, 2.5, 1)


class Asked(NamedTuple, Generic[R]):
    """What a click would ask for, None while that is not known; and what of it is chosen even then, by field."""

    request: R | None
    known: Mapping[str, Any]


class Tab(NamedTuple, Generic[R, I]):
    """What such a tab says and draws.

    Parameters
    ----------
    what, how
        What it is for, above; how it works and what it cannot say, below.
    choose
        Draws the choices.
    tell
        Says beside the button what a click would take.
    answer
        Draws what the model says of the picture.
    show
        Draws the result, given whether it is stale.
    """

    kind: JobKind[R, I]
    what: str
    how: str
    choose: Callable[[Seen, Selection | None], Asked[R]]
    tell: Callable[[R, Seen], None]
    answer: Callable[[Seen, Selection | None, R | None, JobView[R, I] | None], None]
    show: Callable[[JobView[R, I], bool], None]


def draw(tab: Tab[R, I], loading: Loading, picture: Choice | None, selection: Selection | None) -> None:
    """The whole tab."""
    st.caption(tab.what)
    seen = look_at(loading, picture)
    answering, choosing, acting = st.columns(COLUMNS, gap="medium")
    with choosing:
        request, known = tab.choose(seen, selection)
    shown = job_panel(tab.kind, request, acting, known=known)
    with acting:
        if request:
            tab.tell(request, seen)
    with answering:
        tab.answer(seen, selection, request, shown.job if shown else None)
    if shown is None:
        return
    export_panel([shown.job])
    with result(tab.kind):
        tab.show(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(tab.how)
