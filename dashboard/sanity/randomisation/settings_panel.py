"""How a network is randomised: in which order, how often, and in how many stages."""

from contextlib import suppress
from math import prod
from typing import Any

import streamlit as st

from core.methods.registry import find_method
from core.models.randomising import GROUPS
from core.sanity.randomisation import DRAWS, count_stages
from core.sanity.stages import MODES
from dashboard.controls.address import bound, choose
from dashboard.library.models import shelf
from dashboard.sanity.randomisation.job import StagesRequest

MOST_DRAWS = 10
FEWEST_GROUPS, MOST_GROUPS = 2, 24
COPIES, MOST_COPIES = 8, 64
SMOOTH = "smooth"
FORMS = {"single": "Single maps", SMOOTH: "Smooth form"}
HOW_LONG = "Each method runs once per stage and draw of random weights, which takes minutes on a CPU."
TITLES = {"cascading": "From the output down", "bottom_up": "From the pixels up", "independent": "One at a time"}


def choose_stages(many: bool = False) -> dict[str, Any]:
    """The order, the draws, the steps and the form, by the names that a request has for them.

    Parameters
    ----------
    many
        Whether many pictures are explained: each has its own random weights, drawn once.
    """
    mode = choose(
        st.selectbox,
        "Order of the layers",
        {name: TITLES[name] for name in MODES},
        next(iter(MODES)),
        "mode",
        help="; ".join(f"{TITLES[name]}: {words}" for name, words in MODES.items()) + ".",
    )
    draws = 1 if many else bound(
        st.number_input, "Draws of random weights", 1, MOST_DRAWS, DRAWS, key="draws",
        persist_state="session", help="Only several draws show what chance alone changes.",
    )  # fmt: skip
    groups = bound(
        st.number_input, "Maximum number of stages", FEWEST_GROUPS, MOST_GROUPS, GROUPS, key="groups",
        persist_state="session", help="Consecutive layers are randomised together.",
    )  # fmt: skip
    form = choose(
        st.segmented_control, "Maps compared", FORMS, next(iter(FORMS)), "form", required=True, wrap=True,
        help="The smooth form (Hedström et al. 2024, arXiv:2401.06465) compares mean maps over noisy copies of the "
        "picture: two single maps may differ by noise alone. The noise, and scaling each map to unit length first, "
        "are our choices.",
    )  # fmt: skip
    smooth = 1
    if form == SMOOTH:
        smooth = bound(
            st.number_input, "Noisy copies", 2, MOST_COPIES, COPIES, key="smooth", persist_state="session",
            help="Every map is computed this many times.",
        )  # fmt: skip
    return {"mode": mode, "draws": draws, "groups": groups, "smooth": smooth}


def show_cost(request: StagesRequest, pictures: int = 1) -> None:
    """How many maps the run would make, before anybody starts it."""
    if all(find_method(name).control for name in request.methods):
        st.caption("**No method is chosen: only the controls would run.**")
    maps, factors = cost(request, stages_of(request), pictures)
    st.caption(f"{maps:,} maps: {factors}.")


def stages_of(request: StagesRequest) -> int:
    """How many stages its network has: no more than were asked for, and fewer where it has fewer parts."""
    classifier = shelf.held(request.model)
    with suppress(ValueError):  # the run says why there are none
        return count_stages(classifier, request.mode, request.groups) if classifier else request.groups
    return request.groups


def cost(request: StagesRequest, stages: int, pictures: int = 1) -> tuple[int, str]:
    """The maps of randomised networks, and of which numbers that is the product."""
    factors = {
        "methods and controls": len(request.methods),
        "stages": stages,
        "draws": request.draws,
        "noisy copies": request.smooth,
        "pictures": pictures,
    }
    return prod(factors.values()), " × ".join(f"{number:,} {name}" for name, number in factors.items() if number > 1)
