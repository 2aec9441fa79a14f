"""How a network is randomised: in which order, how often, and in how many steps."""

from typing import Any

import streamlit as st

from core.sanity.stages import MODES

DRAWS, MOST_DRAWS = 2, 10
GROUPS, FEWEST_GROUPS, MOST_GROUPS = 12, 2, 24
COPIES, MOST_COPIES = 8, 64
PLAIN, SMOOTH = "Maps as they are", "Smooth form"
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
            "copies: one map alone may differ from another by noise only.",
        )  # fmt: skip
        smooth = 1
        if form == SMOOTH:
            smooth = st.number_input(
                "Noisy copies", 2, MOST_COPIES, COPIES, key="smooth", bind="query-params", persist_state="session",
                help="Every map is computed so many times.",
            )  # fmt: skip
    return {"mode": mode, "draws": draws, "groups": groups, "smooth": smooth}
