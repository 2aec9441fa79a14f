"""The scores of a finished run as a figure."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

import core
from dashboard.messages import Message

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
