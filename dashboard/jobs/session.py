"""The jobs of the person who looks at the page: started, found again, still running."""

import json
import uuid
from dataclasses import asdict
from functools import cache
from typing import Any

import streamlit as st

from core.jobs.queue import Job
from dashboard.jobs.kinds import KINDS, I, JobKind, R
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.views import MESSAGES, JobView, QueuedJob, StoredJob, Submitted
from dashboard.library.absence import NotThere
from dashboard.library.owner import owner
from dashboard.library.queue import queue

SAMPLE = "sample-"
"""What the names of jobs begin with that ship with HeatCheck."""


def start(kind: JobKind[R, I], *requests: R) -> list[str]:
    """Queues a job a request; those of the kind that this tab started earlier end. The jobs' names.

    Raises
    ------
    NotThere
        If what one of them is made on can't be looked up now.
    """
    started: list[str] = []
    for request in requests:
        started.append(submit(kind, request, together=started).id)
    return started


def submit(kind: JobKind[R, I], request: R, together: list[str]) -> Job:
    """Queues one of the jobs that a click starts; the caller adds its name to the others'."""
    inputs = kind.inputs(request)
    return queue().submit(
        lambda: kind.stream(request, inputs),
        owner=owner(),
        lane=f"{tab_of_the_browser()} {kind.name}",
        same=question(kind, request) if kind.shared else None,
        about=Submitted(kind, request, inputs.released(), seconds_of(kind, request, inputs), together),
        beside=together,
        outlives_its_reader=kind.outlives_its_reader,
    )


def seconds_of(kind: JobKind[R, I], request: R, inputs: I) -> float | None:
    """About how long a request takes, if its kind plans that."""
    classifier = getattr(inputs, "classifier", None)
    workload = kind.workload(request, classifier) if classifier else None
    return workload.seconds(classifier) if workload and classifier else None


def question(kind: JobKind[R, I], request: R) -> str:
    """The same for equal requests, whoever asks; a follow-up is about what was asked, not about whose job it is."""
    asked = asdict(request)
    if isinstance(request, FollowUpRequest):
        about = queue().get(request.about)
        asked["about"] = about.same if about and about.state == "done" and about.same else request.about
    return json.dumps([kind.name, asked], sort_keys=True, default=str)


def tab_of_the_browser() -> str:
    """Two tabs of one person do not end each other's jobs."""
    return str(st.session_state.setdefault("tab of the browser", uuid.uuid4().hex))


def find(name: str) -> JobView[Any, Any]:
    """The job of that name, of any kind.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    kind = KINDS.get(name.removeprefix(SAMPLE)) if name.startswith(SAMPLE) else None
    if kind and (shipped := sample_of(kind)):
        return shipped
    if job := queue().get(name):
        return QueuedJob(job)
    raise NotThere("That run is no longer kept here. Start it again.")


def find_of(kind: JobKind[R, I], name: str) -> JobView[R, I]:
    """The job of that name and kind.

    Raises
    ------
    NotThere
        If it was never here, is no longer kept, or is of another kind.
    """
    try:
        found = find(name)
    except NotThere:
        raise NotThere(kind.gone) from None
    if found.kind is not kind:
        raise NotThere(kind.gone)
    return found


def sample_of(kind: JobKind[R, I]) -> StoredJob[R, I] | None:
    """The job of that kind that ships with HeatCheck, if one does."""
    return read_sample(kind)


@cache
def read_sample(kind: JobKind[Any, Any]) -> StoredJob[Any, Any] | None:
    """Read once; by the kind, for names come from visitors."""
    there = (kind.sample_folder / MESSAGES).is_file()
    return StoredJob(kind, kind.sample_folder, f"{SAMPLE}{kind.name}") if there else None


def is_mine(job: QueuedJob[Any, Any]) -> bool:
    """Whether who looks at the page may cancel it."""
    return job.owner == owner()


def running() -> list[QueuedJob[Any, Any]]:
    """What this person started and is not finished, on whatever page."""
    return [QueuedJob(job) for job in queue().running(owner())]
