"""A person marks a region of what the model sees."""

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from dashboard.components.component import declare

Tool = Literal["box", "brush"]
_COMPONENT = declare("components/marker/marker")


def marker(
    crop: str, title: str, size: tuple[int, int], bits: str, mark: Callable[[str], None], aim: str, tool: Tool
) -> None:
    """The crop at that address with what is marked on it; ``mark`` is called with every change, as bits in base64.

    Parameters
    ----------
    aim
        What a person is asked to mark: "Mark the object".
    tool
        The one that is taken up at first.
    """
    key = f"marker: {aim}"
    counts = st.session_state.setdefault("marks received", {})

    def take() -> None:
        received: Any = st.session_state[key].marked
        counts[crop] = received["count"]
        mark(received["bits"])

    height, width = size
    data = {"crop": crop, "title": title, "height": height, "width": width, "bits": bits, "count": counts.get(crop, 0)}
    _COMPONENT(data=data | {"aim": aim, "tool": tool}, key=key, on_marked_change=take)
