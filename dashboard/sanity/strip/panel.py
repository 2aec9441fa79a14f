"""Whether an explanation's maps depend on the model: its methods on a network that is randomised layer by layer."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.components.methods import best_of, described_finished
from dashboard.controls.address import choose_several
from dashboard.controls.export_panel import result
from dashboard.controls.follow_up_panel import follow_up_panel
from dashboard.jobs.views import JobView
from dashboard.library.pictures import title_of_picture
from dashboard.sanity.randomisation.curves.curves import sanity_curves
from dashboard.sanity.randomisation.job import RandomisationRequest
from dashboard.sanity.randomisation.maps.maps import staged_maps
from dashboard.sanity.randomisation.settings_panel import cost, stages_of
from dashboard.sanity.strip.job import STRIP, strip_request

MOST = 6
USUAL = ("gradient", "input_x_gradient", "guided_backprop", "deconvnet", "smoothgrad", "grad_cam")
"""Those that take few passes, for each takes them again for every randomised network."""
WHAT = (
    "The network's layers are randomised group by group, from the output down. A map that stays the same does not show "
    "what the network learned."
)


def randomisation_strip(explanation: JobView[Any, Any], stale: bool, drawn: bool) -> JobView[Any, Any] | None:
    """The question with its button and, once asked, maps, verdicts and curves as they come; the job about this run.

    Parameters
    ----------
    drawn
        Whether anybody sees them: hundreds of small maps are not fetched for a tab that is closed.
    """
    finished = {method["name"]: method for method in described_finished(explanation)}
    st.caption(WHAT)
    if stale:
        title = title_of_picture(explanation.request.picture)
        st.info(f"This is about the run above, of {title}, which used other settings. Press Explain first.")
    methods = choose_methods(explanation, {name: each for name, each in finished.items() if not each["control"]})
    request = strip_request(explanation, methods)
    maps, _ = cost(request, stages_of(request))
    words = (
        f"This check explains the picture again with {len(methods)} methods on randomised networks: "
        f"{maps:,} maps with the controls."
    )
    if randomised := follow_up_panel(STRIP, explanation, request, words, ready=not stale):
        if drawn:
            show(randomised.job.id, randomised.job.request, stale or randomised.stale)
        return None if stale or randomised.stale else randomised.job
    return None


def usual_methods(explanation: JobView[Any, Any], offered: Sequence[str]) -> list[str]:
    """Those of few passes, and the one that the explanation's verdict names."""
    if not offered:
        return []
    few = [name for name in offered if name in USUAL] or offered
    chosen = list(dict.fromkeys([best_of(explanation, offered), *few]))[:MOST]
    return [name for name in offered if name in chosen]


def choose_methods(explanation: JobView[Any, Any], offered: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """A few of the explanation's methods."""
    usual = usual_methods(explanation, list(offered))
    titles = {name: method["label"] for name, method in offered.items()}
    chosen = choose_several(
        st.pills, f"Heatmaps, at most {MOST}", titles, usual, "strip.methods", selection_mode="multi", wrap=True
    )
    if not chosen:
        st.caption(f"No heatmap is chosen, so the default {len(usual)} are checked.")
    if len(chosen) > MOST:
        st.caption(f"Only the first {MOST} of these are checked.")
    return chosen[:MOST] or usual


def show(shown: str, request: RandomisationRequest, stale: bool) -> None:
    """Maps in a row a method, then how each stands."""
    with result(STRIP):
        staged_maps(shown, request, stale, place=STRIP.name)
        sanity_curves(shown, request, stale, place=STRIP.name)
    st.page_link("views/sanity.py", label="More draws, other orders and quick checks: Sanity")
