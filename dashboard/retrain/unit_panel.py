"""What is removed as a whole: a choice that two tabs of the page offer."""

from typing import get_args

import streamlit as st

from core.retraining.masks import Unit
from dashboard.controls.address import bound, choose
from dashboard.controls.trial_panel import UNITS

SIDE, MOST_SIDE = 4, 14


def choose_unit(key: str, usual: Unit, help_text: str) -> tuple[Unit, int]:
    """The removal unit, and the side of a region in pixels.

    Parameters
    ----------
    key
        What the widgets' keys begin with: the kind of job.
    """
    titles = {name: UNITS[name] for name in get_args(Unit)}
    unit: Unit = choose(st.selectbox, "Removal unit", titles, usual, f"{key}.unit", width=210, help=help_text)
    side = SIDE
    if unit == "region":
        side = bound(
            st.number_input, "Side, in pixels", 1, MOST_SIDE, SIDE, width=130, key=f"{key}.side",
            persist_state="session",
        )  # fmt: skip
    return unit, side
