"""Whole plans for a click: a quick look, and what the paper did."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.retraining.masks import FORMS
from core.retraining.networks import USUAL
from core.retraining.outcomes import FRACTIONS
from core.retraining.training import bundled_pictures
from dashboard.retrain.roar.job import RoarRequest
from dashboard.retrain.unit_panel import SIDE

KEY = "roar"
SINGLE = ("gradient", "integrated_gradients", "guided_backprop")
ENSEMBLES = ("smoothgrad", "smoothgrad_squared", "vargrad")
BY_THE_PAPER = (
    *SINGLE,
    *ENSEMBLES,
    *(f"{ensemble}_{single}" for single in SINGLE[1:] for ensemble in ENSEMBLES),
)
QUICK: Mapping[str, Any] = {
    "methods": ["gradient", "smoothgrad", "smoothgrad_squared"],
    "forms": ["roar"],
    "fractions": [0.5, 0.9],
    "leak": True,
    "seeds": 1,
    "pictures": 2000,
    "unit": "pixel",
    "fill": "mean",
    "probes": [],
    "stop_early": False,
    "fresh_random": False,
}
PAPER: Mapping[str, Any] = {
    "methods": list(BY_THE_PAPER),
    "forms": list(FORMS),
    "fractions": list(FRACTIONS),
    "leak": True,
    "seeds": 5,
    "pictures": bundled_pictures(),
    "unit": "feature",
    "fill": "mean",
    "probes": [],
    "stop_early": False,
    "fresh_random": True,
}
"""Its code ranks every channel of every pixel and draws the random control anew; the leak is not the paper's."""
PLANS = {
    "Quick look": (QUICK, "Three methods, two shares, one seed."),
    "The paper's choices": (
        PAPER,
        "Its twelve methods, five shares, five seeds and both forms; like its code, it removes single features and "
        "draws random masks anew in each epoch. Not the paper's: the pictures, the network, how long it learns, and "
        "that pictures are not cropped or flipped. The leak is measured too.",
    ),
}


def quick_request() -> RoarRequest:
    """What the page asks for when nobody has changed anything."""
    own: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in QUICK.items()}
    pictures = own.pop("pictures")
    return RoarRequest(**own, training_pictures=pictures, side=SIDE, network=USUAL, settings={}, seed=0)


def offer_plans() -> None:
    """A button for each plan."""
    with st.container(horizontal=True):
        for words, (plan, what) in PLANS.items():
            st.button(words, key=f"{KEY} {words}", on_click=take_plan, args=(plan,), help=what)


def take_plan(plan: Mapping[str, Any]) -> None:
    """From now on the widgets have the plan's values."""
    for name, value in plan.items():
        st.session_state[f"{KEY}.{name}"] = value
