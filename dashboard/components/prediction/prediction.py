"""The crop that the model sees, and its most probable classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

import core
from dashboard.components.component import declare

_COMPONENT = declare("components/prediction/prediction")


def answer(crop: str = "", title: str = "", top: Sequence[core.Prediction] = (), explained: str = "") -> dict[str, Any]:
    """The crop at that address, what its picture is called, a bar for each class, and which of them is explained."""
    bars = [(each.index, each.label, each.probability) for each in top]
    return {"crop": crop, "title": title, "top": bars, "explained": explained}


def prediction(
    place: int,
    shown: Mapping[str, Any],
    recorded: Mapping[str, Any] | None = None,
    waiting: str = "",
    choose: Callable[[int], None] | None = None,
    model: str = "",
    hidden: Mapping[str, Any] | None = None,
) -> None:
    """The crop beside the classes.

    Parameters
    ----------
    shown
        An :func:`answer`; an empty one while ``waiting`` says why there is none yet.
    recorded
        The answer that the run below is about, if there is one: an exported file is of that run, whatever has been
        chosen since.
    choose
        Is called with the index of the class that somebody wants explained, where that may be chosen here.
    model
        What the model is called, where several stand side by side.
    hidden
        Pixels that are shaded on the crop: bits row by row in base64, height and width.
    """
    key = f"prediction {place}"

    def take() -> None:
        index = st.session_state[key].explained
        if choose and index is not None:
            choose(index)

    further = {"waiting": waiting, "model": model, "recorded": recorded, "choosable": choose is not None}
    _COMPONENT(data={**shown, **further, "hidden": hidden}, key=key, on_explained_change=take)
