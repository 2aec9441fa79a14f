"""Whether a heatmap of an explanation says more than its shifted copies."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.components.component import declare
from dashboard.components.methods import best_of, described_finished
from dashboard.controls.address import choose
from dashboard.controls.export_panel import result
from dashboard.controls.follow_up_panel import follow_up_panel
from dashboard.explain.finished_maps import FinishedMaps
from dashboard.explain.location_test.job import LOCATION_TEST, LocationTestRequest
from dashboard.explain.one_picture.job import Explanation
from dashboard.jobs.views import JobView

WHAT = "Does the map score better than shifted and flipped copies, which have its shape elsewhere?"
_COMPONENT = declare("explain/location_test/location_test")


def location_test(explanation: Explanation, stale: bool) -> JobView[LocationTestRequest, FinishedMaps] | None:
    """The question with its button and, once asked, where the map stands among its copies; the test of this run."""
    methods = {method["name"]: method for method in described_finished(explanation)}
    request = LocationTestRequest(about=explanation.id, method=choose_method(explanation, methods))
    matched = follow_up_panel(LOCATION_TEST, explanation, request, WHAT)
    if not matched:
        return None
    tested = {method["name"]: method for method in described_finished(matched.about)}
    data = {
        "run": matched.job.id,
        "label": tested[matched.job.request.method]["label"],
        "stale": stale or matched.stale,
    }
    with result(LOCATION_TEST):
        _COMPONENT(data=data, key="location_test")
    return None if matched.stale else matched.job


def choose_method(explanation: Explanation, methods: Mapping[str, Mapping[str, Any]]) -> str:
    """The best one until another is chosen; controls have no place of their own to be compared with."""
    real = [name for name, method in methods.items() if not method["control"]] or list(methods)
    titles = {name: methods[name]["label"] for name in real}
    return choose(st.selectbox, "Heatmap", titles, best_of(explanation, real), "shaped", width=320)
