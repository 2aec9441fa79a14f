"""How much of what any order of the pixels reaches each heatmap of an explanation reaches."""

import streamlit as st

from core.jobs.durations import about, counted
from core.methods.workload import outputs
from core.metrics.ceiling import OF_THIS_RUN
from dashboard.components.component import declare
from dashboard.components.methods import described_finished
from dashboard.controls.export_panel import result
from dashboard.controls.follow_up_panel import follow_up_panel
from dashboard.controls.job_panel import find_named
from dashboard.explain.ceiling.job import CEILING, CeilingRequest, passes_of
from dashboard.explain.one_picture.job import Explanation
from dashboard.library.models import shelf

WHAT = "How high can F get on this picture, in any order of the pixels, and how near does each map come?"
PIXELS_ONLY = (
    "The ceiling is known for single pixels only, and these curves use another removal unit. Choose Pixel as the "
    "removal unit under Advanced, and press Explain."
)
_COMPONENT = declare("explain/ceiling/ceiling")


def ceiling(explanation: Explanation, stale: bool) -> None:
    """The question with its cost and its button and, once asked, the search and what it found."""
    if explanation.request.unit != "pixel":
        st.caption(PIXELS_ONLY)
        return
    words = " ".join(filter(None, [WHAT, cost_in_words(explanation)]))
    found = follow_up_panel(CEILING, explanation, CeilingRequest(about=explanation.id), words)
    if found:
        data = {
            "run": found.job.id,
            "crop": f"/api/jobs/{found.about.id}/crop",
            "methods": described_finished(found.about),
            "of_this_run": OF_THIS_RUN,
            "stale": stale or found.stale,
        }
        with result(CEILING):
            _COMPONENT(data=data, key="ceiling")


def cost_in_words(explanation: Explanation) -> str:
    """Passes and seconds of the search: "1,500 passes, about 40 s."; nothing before the model is there."""
    classifier = shelf.held(explanation.request.model)
    if classifier is None:
        return ""
    passes = passes_of(explanation.request, classifier)
    return f"{counted(passes, 'pass', 'passes')}, {about(outputs(passes).seconds(classifier))}."


def ceiling_about(explanation: Explanation) -> str | None:
    """The name of the job that has the ceiling of an explanation, if one was asked for."""
    names = (job.id for job in find_named(CEILING, silent=True) if job.request.about == explanation.id)
    return next(names, None)
