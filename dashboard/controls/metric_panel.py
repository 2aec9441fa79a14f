"""The scores that judge the heatmaps: group by group, made from the registry."""

from collections.abc import Collection

import streamlit as st

import core
from dashboard.components.columns import GROUPS
from dashboard.controls.address import choose_several

TRIAL, STUDY = "metrics", "scores"
NEEDS_TRUTH = "Needs a marked object: see the tab Mark the object."
NO_OVERALL = "There is no overall score: a map that points where a person looks is no evidence of what the model uses."


def choose_metrics(place: str, label: str, offered: Collection[str], usual: Collection[str]) -> tuple[str, ...]:
    """A line a group that says how many of it are chosen, and opens to choose which; in the registry's order.

    Parameters
    ----------
    place
        What tells these choices in the address from others.
    usual
        Those that are chosen until somebody chooses.
    """
    st.markdown(label, help=NO_OVERALL)
    chosen: list[str] = []
    with st.container(gap="xsmall", key=f"{place} groups"):
        for group in GROUPS:
            chosen += choose_of_group(place, group, offered, usual)
    return tuple(metric.name for metric in core.list_metrics() if metric.name in chosen)


def choose_of_group(place: str, group: str, offered: Collection[str], usual: Collection[str]) -> list[str]:
    """Those of one group."""
    in_group = (metric for metric in core.list_metrics() if metric.group == group)
    metrics = {metric.name: metric for metric in in_group if metric.name in offered}
    if not metrics:
        return []
    key = key_of(place, group)
    default = [name for name in metrics if name in usual]
    counted = f"{chosen_so_far(key, default)} of {len(metrics)}"
    with st.expander(f"{group.capitalize()} · {counted}", key=f"{key} group", type="compact"):
        if any(metric.needs_truth for metric in metrics.values()) and place == TRIAL:
            st.caption(NEEDS_TRUTH)
        return choose_several(
            st.pills,
            f"{group.capitalize()} scores",
            {name: metric.label for name, metric in metrics.items()},
            default,
            key,
            selection_mode="multi",
            label_visibility="collapsed",
        )


def chosen_so_far(key: str, default: Collection[str]) -> int:
    """How many are chosen, before the widget that knows it is drawn: after a reload only the address tells."""
    if key not in st.session_state and key in st.query_params:
        return len(list(filter(None, st.query_params.get_all(key))))
    return len(st.session_state.get(key, default))


def key_of(place: str, group: str) -> str:
    """Of the widget, and in the address."""
    return f"{place}.{group}"


def want_plausibility() -> None:
    """With the first mark the scores that it allows are chosen; a person may do without them later."""
    key = key_of(TRIAL, "plausibility")
    needing = [metric.name for metric in core.list_metrics() if metric.needs_truth and not metric.needs_stamp]
    st.session_state[key] = [*dict.fromkeys([*st.session_state.get(key, []), *needing])]
