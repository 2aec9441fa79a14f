"""The one button that starts what was chosen or ends it, and how far that is."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from dashboard.jobs import LiveJob, Shipped
from dashboard.runs import address_of
from dashboard.workshop import queue

SECONDS_OF_A_DOUBLE_CLICK = 0.4
Shown = LiveJob | Shipped


def action(
    name: str,
    words: str,
    ready: bool,
    shown: Sequence[Shown],
    follow: Callable[[int, LiveJob], None],
    key: str = "run",
    emphasis: Literal["primary", "secondary"] = "primary",
) -> None:
    """Start, or Cancel while a job is on its way: one button, so that the keyboard's focus stays on it.

    Parameters
    ----------
    name
        Of what is wished for by a click; see :func:`wished`.
    follow
        Shows how far a job is, at its place of several.
    key, emphasis
        Of the button; a page has one primary button, and others that start something else.
    """
    if all(job.finished for job in shown):
        text, does = words, {"on_click": wish, "args": (name,), "disabled": not ready}
    else:
        text = "Cancelling…" if st.session_state.get("cancelling") == address_of(shown) else "Cancel"
        does = {"on_click": cancel, "args": (shown,)}
    st.button(text, key=key, type=emphasis, width="stretch", **does)
    for place, job in enumerate(job for job in shown if isinstance(job, LiveJob)):
        follow(place, job)


def wish(name: str) -> None:
    """Only noted: what is to be run is known when the widgets have been read, and may have changed with this click."""
    st.session_state[f"{name} asked"] = True


def wished(name: str) -> bool:
    """Whether it was wished for since it was last asked about."""
    return st.session_state.pop(f"{name} asked", False)


def launched() -> None:
    """From now on a second click may be the other half of a double click."""
    st.session_state["launched"] = time.monotonic()


def cancel(shown: Sequence[Shown]) -> None:
    """The second half of a double click on Explain is not meant."""
    if time.monotonic() - st.session_state.get("launched", 0.0) < SECONDS_OF_A_DOUBLE_CLICK:
        return
    for job in shown:
        queue().cancel(job.id)
    st.session_state["cancelling"] = address_of(shown)
