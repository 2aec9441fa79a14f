"""One picture: how every method's map changes as the network is randomised."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import streamlit as st

from core.sanity.checks import CheckReady
from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import find_named, job_panel
from dashboard.controls.model_answer import look_at, show_prediction
from dashboard.controls.selection import Selection
from dashboard.controls.workload import show_workload
from dashboard.jobs.requests import PictureRequest
from dashboard.jobs.views import JobView
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice
from dashboard.sanity.quick_checks.job import QUICK_CHECKS
from dashboard.sanity.randomisation.curves.curves import sanity_curves
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest
from dashboard.sanity.randomisation.maps.maps import staged_maps
from dashboard.sanity.randomisation.settings_panel import show_cost

EXPLAINED = attrgetter("model", "picture", "target", "output", "reduction")


def randomisation(
    loading: Loading, picture: Choice | None, selection: Selection | None, stages: Mapping[str, Any]
) -> RandomisationRequest | None:
    """All that stands under the strip of pictures; what a click would ask for, once that can be said.

    Parameters
    ----------
    stages
        The order, the draws and the smoothing that are chosen, by the names that a request has for them.
    """
    seen = look_at(loading, picture)
    request = None
    if selection and seen.look and picture:
        target = selection.explained(seen.look)
        request = RandomisationRequest(**selection.shared, **stages, picture=picture.name, target=target)
    showing, acting = st.columns([3, 1.1], gap="large")
    shown = job_panel(RANDOMISATION, request, acting)
    with acting:
        if request:
            show_cost(request)
            show_workload(RANDOMISATION, [request])
    with showing:
        show_prediction(seen, request.target if request else None, shown.job if shown else None)
    if shown:
        job = shown.job
        export_panel([job])
        staged_maps(job.id, job.request, shown.stale, other=checked(job.request))
        sanity_curves(job.id, job.request, shown.stale)
    return request


def checked(request: PictureRequest) -> dict[str, Any]:
    """Which methods pass all quick checks, or fail one, of maps of the same class of the same picture."""
    jobs: list[JobView[Any, Any]] = [*find_named(QUICK_CHECKS, silent=True)]
    same = [job for job in jobs if EXPLAINED(job.request) == EXPLAINED(request)]
    found: dict[str, set[str | None]] = {}
    for job in same:
        for message in job.messages(CheckReady):
            if message["final"]:
                found.setdefault(message["method"], set()).add(message["standing"])
    standings = {
        method: "fails" if "fails" in each else "passes"
        for method, each in found.items()
        if "fails" in each or each - {None} == {"passes"}
    }
    return {"passed": "all quick checks", "failed": "a quick check", "standings": standings}
