"""Whether a run's maps depend on the model: the same methods on a network that forgets, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.methods.registry import find_method
from dashboard import sanity
from dashboard.asides import of_randomisation, randomise
from dashboard.parts.asides_panel import STRIP, ask, mapped
from dashboard.parts.randomising_panel import cost
from dashboard.parts.sanity_curves import sanity_curves
from dashboard.parts.staged_maps import staged_maps
from dashboard.requests import AskedOfSanity
from dashboard.runs import Run, SampleRun
from dashboard.sanity import LiveRandomisation, SampleRandomisation

MOST = 6
USUAL = ("gradient", "input_x_gradient", "guided_backprop", "deconvnet", "smoothgrad", "grad_cam")
"""Those that take few passes, for each takes them again for every randomised network."""
BESIDE = ("random", "sobel")
"""Controls among the maps: one that depends on nothing, one on the picture alone. The figures are of all."""
WHAT = (
    "The network's layers are randomised group by group, from the output down. A map that stays as it was does not "
    "show what the network has learned."
)


def sanity_strip(run: Run, stale: bool) -> None:
    """The question with its button and, once asked, maps, verdicts and curves as they come."""
    known = mapped(run)
    if not run.finished or not known:
        return
    st.header("Does the map depend on the model?", anchor=False)
    st.caption(WHAT)
    if stale:
        st.info(f"This is about the run above, of {run.title}, which is older than your choices. Press Explain first.")
    methods = choose_methods({name: method for name, method in known.items() if not method["control"]})
    maps, _ = cost(of_randomisation(run, methods))
    asked = ask(
        run, STRIP, "Randomise the network",
        f"Makes these {len(methods)} again for ever more random networks: up to {maps:,} maps with the controls.",
        lambda beside: randomise(run, methods, beside), ready=not stale,
    )  # fmt: skip
    if isinstance(asked, LiveRandomisation):
        show(asked.id, asked.asked, stale)
    elif sample := shipped(run):
        kept = (name for name in sample.asked.methods if name in methods or find_method(name).control)
        show(sample.id, replace(sample.asked, methods=tuple(kept)), stale)


def choose_methods(offered: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """A few of the run's methods."""
    usual = [name for name in offered if name in USUAL] or list(offered)[:MOST]
    chosen = st.pills(
        f"Heatmaps, up to {MOST}",
        list(offered),
        selection_mode="multi",
        default=usual,
        format_func=lambda name: offered[name]["label"],
        key="strip.methods",
        bind="query-params",
        wrap=True,
    )
    if not chosen:
        st.caption(f"None is chosen: the usual {len(usual)} are checked.")
    if len(chosen) > MOST:
        st.caption(f"Only the first {MOST} of these are checked.")
    return chosen[:MOST] or usual


def shipped(run: Run) -> SampleRandomisation | None:
    """Of the run that ships with the app, what ships of the same picture and model."""
    sample = sanity.sample() if isinstance(run, SampleRun) else None
    same = sample and (sample.asked.model, sample.asked.picture) == (run.asked.model, run.asked.picture)
    return sample if same else None


def show(shown: str, asked: AskedOfSanity, stale: bool) -> None:
    """Maps in a row a method, then how each stands."""
    kept = (name for name in asked.methods if name in BESIDE or not find_method(name).control)
    staged_maps(shown, replace(asked, methods=tuple(kept)), stale, place=STRIP)
    sanity_curves(shown, asked, stale, place=STRIP)
    st.page_link("views/sanity.py", label="More draws, other orders and quick checks: Sanity")
