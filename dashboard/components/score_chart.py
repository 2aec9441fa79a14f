"""Scores over many pictures as figures; Plotly is large, so it is loaded only where a figure is drawn."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

import core
from core.studies.evaluation import SummaryReady
from dashboard.jobs.messages import Message
from dashboard.jobs.views import JobView

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW_HEIGHT = 26
ACCENT, GREY = "#1f8a96", "#868c92"
"""Both stand out from the light and from the dark page."""
Bars = Callable[[Sequence[Message]], Mapping[str, Any]]


def offer_chart(title: str, key: str, draw: Callable[[], None]) -> None:
    """A closed expander whose figure is drawn only once somebody opens it."""
    chart = st.expander(title, key=key, on_change="rerun")
    if chart.open:
        with chart:
            draw()


def offer_means_chart(study: JobView[Any, Any]) -> None:
    """The means of a study as a figure."""
    offer_chart("Means as a chart", "means chart", lambda: means_chart(study))


def means_chart(study: JobView[Any, Any]) -> None:
    """The means of one score with their intervals, as far as the study is."""
    known = {metric.name: metric for metric in core.list_metrics()}
    name = st.selectbox(
        "Score of the chart",
        study.request.metrics,
        format_func=lambda name: known[name].heading,
        key="charted",
        width=320,
    )
    summaries = study.messages(SummaryReady)
    rows = summaries[-1]["rows"] if summaries else []
    means = [row for row in rows if row["metric"] == name and row["mean"] is not None]
    if not means:
        st.caption("This score is not known yet.")
        return
    better = known[name].direction
    ordered = sorted(means, key=lambda row: row["mean"], reverse=better == "lower")
    direction = f", {better} is better" if better != "none" else ""
    st.plotly_chart(
        dots(ordered, "mean", interval_bars, f"{known[name].label}{direction}"),
        key="means_chart",
        config={"displayModeBar": False},
    )
    st.caption(f"Means over {summaries[-1]['pictures']} pictures, with their 95 % intervals.")


def interval_bars(rows: Sequence[Message]) -> Mapping[str, Any]:
    """Bars from each mean to the ends of its interval."""
    return {
        "array": [reach(row["mean"], row["high"]) for row in rows],
        "arrayminus": [reach(row["low"], row["mean"]) for row in rows],
    }


def reach(low: float | None, high: float | None) -> float:
    """From one to the other; nothing where one picture is all."""
    return 0.0 if low is None or high is None else high - low


def dots(ordered: Sequence[Message], value: str, bars: Bars, title: str) -> "go.Figure":
    """A row a method, the last on top; controls are hollow."""
    import plotly.graph_objects as go

    methods = {method.name: method for method in core.list_methods()}
    figure = go.Figure()
    for control, symbol, colour in ((False, "circle", ACCENT), (True, "circle-open", GREY)):
        shown = [row for row in ordered if methods[row["method"]].control == control]
        figure.add_scatter(
            x=[row[value] for row in shown],
            y=[methods[row["method"]].label for row in shown],
            error_x={**bars(shown), "thickness": 1.5, "width": 0},
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            name="control" if control else "method",
        )
    figure.update_layout(
        height=140 + ROW_HEIGHT * len(ordered),
        margin={"l": 0, "r": 0, "t": 30, "b": 40},
        xaxis={"title": title},
        yaxis={"categoryorder": "array", "categoryarray": [methods[row["method"]].label for row in ordered]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure
