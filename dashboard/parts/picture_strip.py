"""Thumbnails to choose a picture from."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.parts.component import declare
from dashboard.pictures import Choice

KEY = "picture_strip"
_COMPONENT = declare("picture_strip", "dom")


def picture_strip(pictures: Sequence[Choice], chosen: Choice | None, choose: Callable[[str], None]) -> None:
    """One thumbnail a picture; ``choose`` is called with the name of the one that is taken."""
    _COMPONENT(
        data={
            "pictures": [{"name": picture.name, "title": picture.title} for picture in pictures],
            "chosen": chosen.name if chosen else "",
            "credit": f"{chosen.title}: {chosen.credit}" if chosen else "",
        },
        key=KEY,
        on_chosen_change=lambda: choose(st.session_state[KEY].chosen),
    )
