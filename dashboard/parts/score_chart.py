"""Scores as figures: of a run, and of a study."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

import core
from dashboard.jobs import collect
from dashboard.messages import Message
from dashboard.studies import Study

ROW_HEIGHT = 26
ACCENT, GREY = "#1f8a96", "#868c92"
"""Both stand out from the light and from the dark page."""


def score_chart(scores: Sequence[Message]) -> None:
    """F with its interval for each method, the best on top; controls are hollow."""
    methods = {method.name: method for method in core.list_methods()}
    ordered = sorted(scores, key=lambda score: score["value"])
    figure = go.Figure()
    for control, symbol, colour in ((False, "circle", ACCENT), (True, "circle-open", GREY)):
        shown = [score for score in ordered if methods[score["method"]].control == control]
        figure.add_scatter(
            x=[score["value"] for score in shown],
            y=[methods[score["method"]].label for score in shown],
            error_x={"array": [score["spread"] for score in shown], "thickness": 1.5, "width": 0},
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            name="control" if control else "method",
        )
    figure.update_layout(
        height=140 + ROW_HEIGHT * len(ordered),
        margin={"l": 0, "r": 0, "t": 30, "b": 40},
        xaxis={"title": "F, higher is better", "zeroline": True},
        yaxis={"categoryorder": "array", "categoryarray": [methods[score["method"]].label for score in ordered]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    st.plotly_chart(figure, key="score_chart", config={"displayModeBar": False})
    st.caption(
        "The bars reach as far as 95 % of maps that know nothing and are as clustered as this one, drawn around each "
        "score. A bar that does not touch 0 tells the map from chance; two bars do not compare two methods."
    )


def means_chart(study: Study) -> None:
    """The means of one score with their intervals, as far as the study is; the best on top, controls are hollow."""
    known = {metric.name: metric for metric in core.list_metrics()}
    name = st.selectbox(
        "Score of the chart",
        study.asked.metrics,
        format_func=lambda name: known[name].heading,
        key="charted",
        width=320,
    )
    told = list(collect(study, "summary"))
    rows = [row for row in told[-1]["rows"] if row["metric"] == name and row["mean"] is not None] if told else []
    if not rows:
        st.caption("There is no such score yet.")
        return
    methods = {method.name: method for method in core.list_methods()}
    better = known[name].direction
    ordered = sorted(rows, key=lambda row: row["mean"], reverse=better == "lower")
    figure = go.Figure()
    for control, symbol, colour in ((False, "circle", ACCENT), (True, "circle-open", GREY)):
        shown = [row for row in ordered if methods[row["method"]].control == control]
        figure.add_scatter(
            x=[row["mean"] for row in shown],
            y=[methods[row["method"]].label for row in shown],
            error_x={
                "array": [reach(row["mean"], row["high"]) for row in shown],
                "arrayminus": [reach(row["low"], row["mean"]) for row in shown],
                "thickness": 1.5,
                "width": 0,
            },
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": colour},
            name="control" if control else "method",
        )
    figure.update_layout(
        height=140 + ROW_HEIGHT * len(ordered),
        margin={"l": 0, "r": 0, "t": 30, "b": 40},
        xaxis={"title": f"{known[name].label}{f', {better} is better' if better != 'none' else ''}"},
        yaxis={"categoryorder": "array", "categoryarray": [methods[row["method"]].label for row in ordered]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    st.plotly_chart(figure, key="means_chart", config={"displayModeBar": False})
    st.caption(f"Means over {told[-1]['pictures']} pictures, with their 95 % intervals.")


def reach(low: float | None, high: float | None) -> float:
    """From one to the other; nothing where one picture is all."""
    return 0.0 if low is None or high is None else high - low
