"""How far the distance from the stamp hangs on the stamp itself: over its sizes and opacities."""

from dataclasses import asdict

import streamlit as st

import core
from core.pictures.stamps import SMALLEST, largest_stamp
from core.stamping.models import ListedStampModel
from dashboard.benchmarks import SWEEP, LiveSweep, named, start_sweep
from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.requests import AskedOfSweep, in_words, listed, otherwise

OPACITIES = (0.1, 0.25, 0.5, 0.75, 1.0)
USUAL = ("gradient", "input_x_gradient", "integrated_gradients")
MOST_METHODS, MOST_SIZES = 4, 6
PICTURES, MOST = 50, 500
_COMPONENT = declare("sweep", "dom", "stream", "interval")


def stamp_sweep(model: ListedStampModel | None, wishes: Wishes | None) -> None:
    """What is swept, and the distances as they come."""
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        asked = choose_sweep(model, wishes)
    if asked and model and wished(SWEEP):
        launched()
        st.query_params[SWEEP] = start_sweep(asked, model)
    sweep = shown_sweep()
    with acting:
        action(
            SWEEP, "Sweep", asked is not None, [sweep] if sweep else [], follow, key="start sweep", emphasis="secondary"
        )
        st.caption("The network stays as it is; only the stamps of the test pictures change.")
    if sweep is None:
        return
    if sweep.state()["state"] == "failed":
        st.error(f"{sweep.state()['error']} Change a setting and press Sweep to try again.")
    differing = in_words(otherwise(sweep.asked, asdict(asked))) if asked else []
    if differing:
        st.info(f"This sweep is older than your choices: the {listed(differing)} changed since. Press Sweep.")
    st.markdown(f"**{sweep.about.model.title}**")
    show_sweep(sweep, stale=bool(differing))


def choose_sweep(model: ListedStampModel | None, wishes: Wishes | None) -> AskedOfSweep | None:
    """What the widgets ask for; nothing where a choice is missing."""
    if model is None:
        st.caption("There is nothing to sweep without a network that learned a stamp, and its pictures.")
    if model is None or wishes is None:
        return None
    methods = choose_methods(wishes)
    learned = sorted({*model.task.opacities} or {stamp.opacity for stamp in model.task.stamps})
    with st.container(horizontal=True, gap="medium"):
        sizes = choose_sizes(largest_stamp(model.size))
        opacities = st.pills(
            "Opacities", sorted({*OPACITIES, *learned}), selection_mode="multi", default=learned,
            format_func="{:.2g}".format, key=f"sweep.opacities.{'-'.join(map(str, learned))}",
            bind="query-params", persist_state="session",
        )  # fmt: skip
        pictures = st.number_input(
            "Pictures for each", 2, MOST, PICTURES, width=160,
            key="sweep.pictures", bind="query-params", persist_state="session",
        )  # fmt: skip
    if not (methods and sizes and opacities):
        st.caption("Choose a method, a size and an opacity at least.")
        return None
    told = {**wishes.common, "methods": methods}
    return AskedOfSweep(**told, pictures=pictures, sizes=tuple(sorted(sizes)), opacities=tuple(sorted(opacities)))


def choose_methods(wishes: Wishes) -> tuple[str, ...]:
    """A few of those that are chosen at the left."""
    known = {method.name: method for method in core.list_methods()}
    offered = [name for name in wishes.common["methods"] if not known[name].control]
    usual = [name for name in offered if name in USUAL] or offered[:1]
    chosen = st.pills(
        f"Methods, up to {MOST_METHODS}", offered, selection_mode="multi", wrap=True, default=usual,
        format_func=lambda name: known[name].label, key="sweep.methods", bind="query-params", persist_state="session",
    )  # fmt: skip
    if len(chosen) > MOST_METHODS:
        st.caption(f"Only the first {MOST_METHODS} of these are swept.")
    return tuple(chosen[:MOST_METHODS])


def choose_sizes(largest: int) -> list[int]:
    """Widths in pixels, at most so many from the smallest to the largest."""
    step = max(1, -(-(largest - SMALLEST) // (MOST_SIZES - 1)))
    offered = sorted({*range(SMALLEST, largest, step), largest})
    return st.pills(
        "Sizes in pixels", offered, selection_mode="multi", default=offered,
        key=f"sweep.sizes.{largest}", bind="query-params", persist_state="session",
    )  # fmt: skip


def follow(_: int, sweep: LiveJob) -> None:
    progress("sweep", sweep.id, not sweep.finished, counts="cells")


def shown_sweep() -> LiveSweep | None:
    """The sweep that the address names."""
    if SWEEP not in st.query_params:
        return None
    try:
        return named(SWEEP, LiveSweep)
    except NotThere:
        st.info("That sweep is no longer kept here. Press Sweep to make it again.")
        return None


def show_sweep(sweep: LiveSweep, stale: bool) -> None:
    """A table a method, mounted once and fed by its events."""
    asked = sweep.asked
    methods = list(described(asked))
    _COMPONENT(
        data={
            "run": sweep.id,
            "methods": methods,
            "labels": {method["name"]: method["label"] for method in methods},
            "sizes": list(asked.sizes),
            "opacities": list(asked.opacities),
            "stale": stale,
        },
        key="stamp sweep",
    )
