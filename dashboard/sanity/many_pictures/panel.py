"""Many pictures under randomisation: the similarities of every method's maps, and the verdicts."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.selection import Selection
from dashboard.controls.source_panel import choose_limit, choose_source, how_many, known_source
from dashboard.controls.workload import show_workload
from dashboard.library.models import models
from dashboard.library.sources import title_of_source
from dashboard.sanity.many_pictures.job import SANITY_STUDY, SanityStudyRequest
from dashboard.sanity.randomisation.curves.curves import sanity_curves
from dashboard.sanity.randomisation.settings_panel import show_cost


def sanity_of_many(dataset: str, selection: Selection | None, stages: Mapping[str, Any]) -> None:
    """The whole tab.

    Parameters
    ----------
    stages
        The order, the draws and the smoothing that are chosen, by the names that a request has for them.
    """
    sources, limits, acting = st.columns([2, 1.2, 1.4], gap="medium")
    with sources:
        source = choose_source(dataset)
        available, _ = how_many(source, dataset)
    with limits:
        limit = choose_limit(available)
    request = None
    if selection and available:
        request = SanityStudyRequest(**selection.shared, **stages, source=source, limit=limit)
    shown = job_panel(SANITY_STUDY, request, acting, known=known_source(source))
    with acting:
        if request:
            show_cost(request, limit)
            show_workload(SANITY_STUDY, [request])
    if shown is None:
        return
    study = shown.job
    export_panel([study])
    with result(SANITY_STUDY):
        st.header(f"{title_of_source(study.request.source)}, {models.title(study.request.model)}", anchor=False)
        sanity_curves(study.id, study.request, shown.stale, many=True, place="of many")
