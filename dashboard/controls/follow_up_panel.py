"""A question about a finished job: its button, and how far the answer is."""

from typing import Any, TypeVar

import streamlit as st

from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import Button, launch_and_find, start_or_cancel
from dashboard.jobs.kinds import I, JobKind
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.views import JobView

F = TypeVar("F", bound=FollowUpRequest)


def follow_up_panel(kind: JobKind[F, I], request: F, words: str, ready: bool = True) -> JobView[F, I] | None:
    """The answer about the same job, if it was asked for.

    Parameters
    ----------
    words
        What the button does, said until there is an answer.
    """
    row: Any = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    jobs = [job for job in launch_and_find(kind, [request]) if job.request.about == request.about]
    with row:
        start_or_cancel(kind, jobs, ready, Button("secondary", "content"))
        if not jobs:
            with st.container(width="stretch"):
                st.caption(words)
        else:
            export_panel(jobs, where=st.container(width="content"))
    return jobs[0] if jobs else None
