"""The sweep of the Stamp page: how the stamp distance depends on the stamp's size and opacity."""

import streamlit as st

import core
from core.pictures.stamps import SMALLEST, largest_stamp
from core.stamping.models import ListedStampModel
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import bound, choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import Button, job_panel, named
from dashboard.controls.selection import Selection
from dashboard.stamp.sweep.job import SWEEP, Sweep, SweepRequest

OPACITIES = (0.1, 0.25, 0.5, 0.75, 1.0)
USUAL = ("gradient", "input_x_gradient", "integrated_gradients")
MOST_METHODS, MOST_SIZES = 4, 6
PICTURES, MOST = 50, 500
_COMPONENT = declare("stamp/sweep/sweep")


def stamp_sweep(model: ListedStampModel | None, selection: Selection | None) -> None:
    """An expander with all of it; open at first where the address names a sweep."""
    panel = st.expander(
        "Sweep over size and opacity", expanded=bool(named(SWEEP)), key=SWEEP.expander, bind="query-params"
    )
    if panel.open:
        with panel:
            ask_sweep(model, selection)


def ask_sweep(model: ListedStampModel | None, selection: Selection | None) -> None:
    """What is swept, and the distances as they come."""
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        request = choose_sweep(model, selection)
    shown = job_panel(SWEEP, request, acting, Button("secondary"))
    with acting:
        st.caption("The network stays the same; only the stamps on the test pictures change.")
    if shown:
        export_panel([shown.job], where=acting)
        st.markdown(f"**{shown.job.inputs().model.title}**")
        with result(SWEEP):
            show_sweep(shown.job, shown.stale)


def choose_sweep(model: ListedStampModel | None, selection: Selection | None) -> SweepRequest | None:
    """What the widgets ask for; nothing where a choice is missing."""
    if model is None:
        st.caption("A sweep needs a network that learned a stamp, and its pictures.")
    if model is None or selection is None:
        return None
    methods = choose_methods(selection)
    learned = sorted({*model.task.opacities} or {stamp.opacity for stamp in model.task.stamps})
    with st.container(horizontal=True, gap="medium"):
        sizes = choose_sizes(largest_stamp(model.size))
        opacities = st.pills(
            "Opacities", sorted({*OPACITIES, *learned}), selection_mode="multi", default=learned,
            format_func="{:.2g}".format, key=f"sweep.opacities.{'-'.join(map(str, learned))}",
            bind="query-params", persist_state="session",
        )  # fmt: skip
        pictures = bound(
            st.number_input, "Pictures per cell", 2, MOST, PICTURES, width=160,
            key="sweep.pictures", persist_state="session",
        )  # fmt: skip
    if not (methods and sizes and opacities):
        st.caption("Choose at least one method, one size and one opacity.")
        return None
    return SweepRequest(
        **{**selection.shared, "methods": methods},
        pictures=pictures,
        sizes=tuple(sorted(sizes)),
        opacities=tuple(sorted(opacities)),
    )


def choose_methods(selection: Selection) -> tuple[str, ...]:
    """A few of those that are chosen in the sidebar."""
    known = {method.name: method for method in core.list_methods()}
    offered = [name for name in selection.shared["methods"] if not known[name].control]
    usual = [name for name in offered if name in USUAL] or offered[:1]
    titles = {name: known[name].label for name in offered}
    chosen = choose_several(
        st.pills, f"Methods, at most {MOST_METHODS}", titles, usual, "sweep.methods", selection_mode="multi", wrap=True
    )
    if len(chosen) > MOST_METHODS:
        st.caption(f"Only the first {MOST_METHODS} of these are swept.")
    return tuple(chosen[:MOST_METHODS])


def choose_sizes(largest: int) -> list[int]:
    """Widths in pixels, at most this many from the smallest to the largest."""
    step = max(1, -(-(largest - SMALLEST) // (MOST_SIZES - 1)))
    offered = sorted({*range(SMALLEST, largest, step), largest})
    return st.pills(
        "Sizes in pixels", offered, selection_mode="multi", default=offered,
        key=f"sweep.sizes.{largest}", bind="query-params", persist_state="session",
    )  # fmt: skip


def show_sweep(sweep: Sweep, stale: bool) -> None:
    """A table a method, mounted once and fed by its events."""
    request = sweep.request
    methods = list(described(request))
    _COMPONENT(
        data={
            "run": sweep.id,
            "methods": methods,
            "labels": {method["name"]: method["label"] for method in methods},
            "sizes": list(request.sizes),
            "opacities": list(request.opacities),
            "stale": stale,
        },
        key="stamp sweep",
    )
