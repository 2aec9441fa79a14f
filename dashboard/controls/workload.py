"""What a run will take, said before it is started."""

from collections.abc import Sequence

import streamlit as st

from core.jobs.durations import about, counted
from core.methods.registry import find_method
from core.methods.workload import Workload
from core.models.classifier import Classifier
from dashboard.jobs.kinds import I, JobKind, R
from dashboard.library.models import shelf


def show_workload(kind: JobKind[R, I], requests: Sequence[R | None]) -> None:
    """A line for beside the button: how many methods, passes and seconds; nothing while that cannot be known."""
    if words := workload_words(kind, requests):
        st.caption(words)


def workload_words(kind: JobKind[R, I], requests: Sequence[R | None]) -> str:
    """What a click would start, one request a model: "14 methods, 1,377 passes, about 40 s"."""
    planned = [each for request in requests if request is not None and (each := planned_of(kind, request))]
    if not planned or len(planned) < len(requests):
        return ""
    passes = sum(workload.passes for workload, _ in planned)
    seconds = sum(workload.seconds(classifier) for workload, classifier in planned)
    methods = len([name for name in getattr(requests[0], "methods", ()) if not find_method(name).control])
    return f"{counted(methods, 'method')}, {counted(passes, 'pass', 'passes')}, {about(seconds)}"


def planned_of(kind: JobKind[R, I], request: R) -> tuple[Workload, Classifier] | None:
    """What a request will take, and of which classifier, once that is loaded."""
    classifier = shelf.held(getattr(request, "model", ""))
    workload = kind.workload(request, classifier) if classifier else None
    return (workload, classifier) if workload and classifier else None
