"""A person marks the object on what the model sees."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.components.component import declare

KEY = "marker"
_COMPONENT = declare("explain/marker/marker")


def marker(crop: str, title: str, size: tuple[int, int], bits: str, mark: Callable[[str], None]) -> None:
    """The crop at that address with what is marked on it; ``mark`` is called with every change, as bits in base64."""
    counts = st.session_state.setdefault("marks received", {})

    def take() -> None:
        received: Any = st.session_state[KEY].marked
        counts[crop] = received["count"]
        mark(received["bits"])

    height, width = size
    data = {"crop": crop, "title": title, "height": height, "width": width, "bits": bits, "count": counts.get(crop, 0)}
    _COMPONENT(data=data, key=KEY, on_marked_change=take)
