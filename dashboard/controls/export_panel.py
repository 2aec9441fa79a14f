"""Export of a result, on every page alike: the place of what is taken along, and the popover that takes it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.export.export import export
from dashboard.controls.header import export_place
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.views import JobView


def result(kind: JobKind[Any, Any]) -> DeltaGenerator:
    """The place of what a page shows of a kind of job: all that an export of it takes along."""
    return st.container(gap="xsmall", key=place_of(kind))


def export_panel(
    jobs: Sequence[JobView[Any, Any]], titles: Sequence[str] = (), where: DeltaGenerator | None = None
) -> None:
    """The files and tables of the jobs that are shown; nothing where none of them came to anything.

    Parameters
    ----------
    titles
        Whose jobs they are, where several stand side by side.
    where
        Beside what else a page shows; its main result is exported from the header.
    """
    if not any(came_to_something(job) for job in jobs):
        return
    panel = place_of(jobs[0].kind)
    with where or export_place(), st.popover("Export", type="tertiary", key=f"export of {panel}"):
        export(jobs, panel, titles)


def place_of(kind: JobKind[Any, Any]) -> str:
    """The key of the place, which is part of its class in the browser."""
    return f"result-{kind.name}"
