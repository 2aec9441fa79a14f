"""How long a run of fills will take, said before it is started."""

from functools import partial
from typing import Any

import streamlit as st

from core.jobs.durations import about
from core.models.classifier import Classifier
from dashboard.controls.pace_panel import once_known
from dashboard.jobs.kinds import JobKind
from dashboard.reconstruct.measuring import paces

MEASURING = "Measuring how fast this computer fills…"


def tell_time(plan: str, kind: JobKind[Any, Any], request: Any, classifier: Classifier) -> None:
    """The plan in words, with the time that it takes as soon as the prior's pace was measured."""

    def tell(_: float) -> None:
        workload = kind.workload(request, classifier)
        if workload:
            st.caption(f"{plan}, {about(workload.seconds(classifier))}.")

    measured = partial(paces.ask, classifier, request.model, request.prior)
    once_known(measured, tell, f"{plan}. {MEASURING}")
