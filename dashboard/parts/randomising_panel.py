"""How a network is randomised: in which order, how often, and in how many steps."""

from math import prod
from typing import Any

import streamlit as st

from core.methods.registry import find_method
from core.models.randomising import GROUPS
from core.sanity.randomisation import DRAWS
from core.sanity.stages import MODES
from dashboard.requests import Randomising

MOST_DRAWS = 10
FEWEST_GROUPS, MOST_GROUPS = 2, 24
COPIES, MOST_COPIES = 8, 64
PLAIN, SMOOTH = "Maps as they are", "Smooth form"
HOW_LONG = "Each method runs once for every stage and every draw of random weights: on a CPU that takes minutes."
TITLES = {"cascading": "From the output down", "bottom_up": "From the pixels up", "independent": "One at a time"}


def choose_randomising(many: bool = False) -> dict[str, Any]:
    """The order, the draws, the steps and the form, by the names that a request has for them.

    Parameters
    ----------
    many
        Whether many pictures are asked: each meets weights of its own, drawn once.
    """
    mode = st.selectbox(
        "Randomise the layers",
        list(MODES),
        format_func=TITLES.__getitem__,
        key="mode",
        bind="query-params",
        persist_state="session",
        help="; ".join(f"{TITLES[name]}: {words}" for name, words in MODES.items()) + ".",
    )
    with st.expander("Settings of the randomisation"):
        draws = 1 if many else st.number_input(
            "Draws of random weights", 1, MOST_DRAWS, DRAWS, key="draws", bind="query-params",
            persist_state="session", help="What chance alone changes shows only with several.",
        )  # fmt: skip
        groups = st.number_input(
            "Stages, at most", FEWEST_GROUPS, MOST_GROUPS, GROUPS, key="groups", bind="query-params",
            persist_state="session", help="Layers that follow each other are randomised together.",
        )  # fmt: skip
        form = st.segmented_control(
            "Compare", [PLAIN, SMOOTH], default=PLAIN, required=True, key="form", bind="query-params",
            persist_state="session", wrap=True,
            help="The smooth form (Hedström et al. 2024, arXiv:2401.06465) compares means of the maps of noisy "
            "copies: one map alone may differ from another by noise only. The noise, and that each map is scaled to "
            "one length first, are our choices.",
        )  # fmt: skip
        smooth = 1
        if form == SMOOTH:
            smooth = st.number_input(
                "Noisy copies", 2, MOST_COPIES, COPIES, key="smooth", bind="query-params", persist_state="session",
                help="Every map is computed so many times.",
            )  # fmt: skip
    return {"mode": mode, "draws": draws, "groups": groups, "smooth": smooth}


def tell_cost(asked: Randomising, pictures: int = 1) -> None:
    """How many maps the run would make, before anybody starts it."""
    if all(find_method(name).control for name in asked.methods):
        st.caption("**No method is chosen: only the controls would run.**")
    maps, factors = cost(asked, pictures)
    st.caption(f"Up to {maps:,} maps: {factors}.")


def cost(asked: Randomising, pictures: int = 1) -> tuple[int, str]:
    """The maps of randomised networks, at most, and of which numbers that is the product."""
    factors = {
        "methods and controls": len(asked.methods),
        "stages": asked.groups,
        "draws": asked.draws,
        "noisy copies": asked.smooth,
        "pictures": pictures,
    }
    return prod(factors.values()), " × ".join(f"{number:,} {name}" for name, number in factors.items() if number > 1)
