"""Similarities under randomisation and how each method stands, mounted once and fed by a job's events."""

import streamlit as st

from core.metrics.similarity import JUDGED
from core.sanity.verdict import CRITERION, HALF, LIMITS
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.requests import Randomising

WAITING = {
    False: "The fully random network comes first, then the middle, then what lies between.",
    True: "The first means come with the first picture.",
}
_COMPONENT = declare(
    "sanity_curves", "dom", "stream", "table", "interval", "ticks", "names", "similarities", "staged",
    "similarity_plot", "standings",
)  # fmt: skip


def sanity_curves(run: str, asked: Randomising, stale: bool, many: bool = False, place: str = "") -> None:
    """The criterion, verdicts by it, the curves that they follow from, and what none of it can tell.

    Parameters
    ----------
    many
        Whether the job tells means over pictures; otherwise the draws of random weights on one picture.
    place
        Tells several on one page apart.
    """
    st.caption(CRITERION)
    told = {
        "run": run,
        "methods": list(described(asked)),
        "judged": JUDGED,
        "half": HALF,
        "many": many,
        "waiting": WAITING[many],
        "stale": stale,
    }
    _COMPONENT(data=told, key=f"sanity curves {place}")
    with st.expander("What this check can't tell"):
        st.markdown("\n".join(f"- {limit}" for limit in LIMITS))
