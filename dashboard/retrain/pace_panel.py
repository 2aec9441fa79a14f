"""What waits beside a button until it is known how fast this computer is."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

import streamlit as st

Known = TypeVar("Known")
SECONDS_BETWEEN_LOOKS = 0.5


def once_known(measured: Callable[[], Known | None], show: Callable[[Known], object]) -> None:
    """Shows what follows from the pace; until it is measured, says so and looks again."""
    if known := measured():
        show(known)
    else:
        watch(measured, count())


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(measured: Callable[[], object], looks: Iterator[int]) -> None:
    """Runs the page again once the pace is known; never at the first look, which is the page's own."""
    if measured() and next(looks):
        st.rerun()
    st.caption("Measuring how fast this computer trains…")
