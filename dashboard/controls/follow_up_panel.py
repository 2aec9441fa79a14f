"""A question about a finished job: its button, and how far the answer is."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Generic, NamedTuple, TypeVar

import streamlit as st

from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import Button, launch_and_find, named, start_or_cancel
from dashboard.jobs.changes import additions, changed_fields, listed
from dashboard.jobs.kinds import I, JobKind
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find
from dashboard.jobs.views import JobView
from dashboard.library.absence import NotThere

F = TypeVar("F", bound=FollowUpRequest)
Run = TypeVar("Run", bound=JobView[Any, Any])


class Answer(NamedTuple, Generic[F, I, Run]):
    """The follow-up that a page shows, the run that it is about, and how that run differs from the one shown."""

    job: JobView[F, I]
    about: Run
    changes: Sequence[str] = ()

    @property
    def stale(self) -> bool:
        """Whether it is the answer of a run that used something else."""
        return bool(self.changes)


def follow_up_panel(
    kind: JobKind[F, I], run: Run, request: F, words: str, ready: bool = True
) -> Answer[F, I, Run] | None:
    """The answer about the run that is shown, or about another one whose answer the address still names.

    Parameters
    ----------
    run
        The run that the request is about.
    words
        What the button does, said until somebody has pressed it.
    """
    row: Any = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    jobs = launch_and_find(kind, [request])
    own = [job for job in jobs if job.request.about == run.id]
    answers = [Answer(job, run) for job in own] or other_answers(jobs, run)
    with row:
        start_or_cancel(kind, own, ready, Button("secondary", "content"))
        if not answers or answers[0].job.sample:
            with st.container(width="stretch"):
                st.caption(f"{words} Below: the sample's answer." if answers else words)
        if answers:
            export_panel([answers[0].job], where=st.container(width="content"))
    if not answers:
        return None
    if answers[0].stale:
        update = f" Press {kind.verb} to update it." if ready else ""
        st.info(f"This result is about another run, which used {listed(answers[0].changes)}.{update}")
    return answers[0]


def other_answers(jobs: Sequence[JobView[F, I]], run: Run) -> list[Answer[F, I, Run]]:
    """The complete answers about other runs; none about a run that stands beside this one, nor about a sample."""
    beside, answers = named(run.kind), []
    for job in jobs:
        if job.sample or job.request.about in beside or job.state()["state"] != "done":
            continue
        try:
            about: Any = find(job.request.about)
        except NotThere:
            continue
        answers.append(Answer(job, about, differences(about.request, run.request)))
    return answers


def differences(earlier: Any, request: Any) -> list[str]:
    """In words, what another request had otherwise; a first mark and other scores change no map."""
    now = asdict(request)
    added = additions(earlier, {"methods": now["methods"]})
    return [*changed_fields(earlier, now), *(f"other {words}" for words in added)]
