"""What a run will take, said before it is started."""

from collections.abc import Sequence

import streamlit as st

from core.methods.registry import find_method
from core.methods.workload import Workload
from core.models.classifier import Classifier
from dashboard.jobs.kinds import I, JobKind, R
from dashboard.library.models import shelf

MANY = 90
"""Seconds from which on they are told in minutes, and minutes from which on in hours."""


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


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "pass", "passes"), counted(1377, "pass", "passes")
    ('1 pass', '1,377 passes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def about(seconds: float) -> str:
    """A duration as a person would say it.

    >>> about(0.4), about(6.2), about(41), about(400), about(9000)
    ('under a second', 'about 6\xa0s', 'about 40\xa0s', 'about 7\xa0min', 'about 2.5\xa0h')
    """
    if seconds < 1:
        return "under a second"
    if seconds < MANY:
        return f"about {round(seconds) if seconds < 20 else round(seconds, -1):.0f}\u00a0s"
    if seconds < 60 * MANY:
        return f"about {round(seconds / 60)}\u00a0min"
    hours = seconds / 3600
    return f"about {hours:.1f}\u00a0h" if hours < 10 else f"about {round(hours)}\u00a0h"
