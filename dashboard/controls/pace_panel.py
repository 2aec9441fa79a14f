"""What waits on the page until something is known: how fast this computer is, or what a folder holds."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

import streamlit as st

Known = TypeVar("Known")
SECONDS_BETWEEN_LOOKS = 0.5
MEASURING = "Measuring how fast this computer trains…"


def once_known(
    measured: Callable[[], Known | None], show: Callable[[Known], object], meanwhile: str = MEASURING
) -> None:
    """Shows what follows from what is found out in the background; until then, says so and looks again."""
    if known := measured():
        show(known)
    else:
        watch(measured, count(), meanwhile)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(measured: Callable[[], object], looks: Iterator[int], meanwhile: str) -> None:
    """Runs the page again once it is known; never at the first look, which is the page's own."""
    if measured() and next(looks):
        st.rerun()
    st.caption(meanwhile)
