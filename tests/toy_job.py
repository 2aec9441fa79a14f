"""A kind of job as somebody new would add it: request, stream and panel in this file, and nothing shared is touched."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.jobs.events import Progress
from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import job_panel
from dashboard.controls.navigation import navigate
from dashboard.controls.page_state import kept_page
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.views import JobView
from dashboard.library.inputs import Inputs

SECONDS_OF_A_STEP = 0.1


@dataclass(frozen=True, kw_only=True)
class CountRequest:
    """Squares up to a number's."""

    largest_number: int


@dataclass(frozen=True)
class Counted:
    """A number and its square."""

    number: int
    square: float


def stream(request: CountRequest, _: Inputs) -> Iterator[Any]:
    """A number now and then."""
    for number in range(1, request.largest_number + 1):
        time.sleep(SECONDS_OF_A_STEP)
        yield Counted(number, float(number**2))
        yield Progress(number, request.largest_number, "Counting")


def counts(job: JobView[CountRequest, Inputs]) -> pd.DataFrame:
    """All numbers so far."""
    return pd.DataFrame([asdict(event) for event in job.events(Counted)])


COUNTING = declare(
    JobKind(
        name="counting",
        title="Counting",
        verb="Count",
        results="These squares",
        gone="That count is no longer kept here. Press Count to make it again.",
        page="toy",
        request=CountRequest,
        inputs=lambda _: Inputs(),
        stream=stream,
        files={"counts": counts},
    )
)


def panel() -> None:
    """What is asked, and what has come of it."""
    largest = st.number_input("Largest number", 1, 10_000, 30, key="largest", bind="query-params")
    shown = job_panel(COUNTING, CountRequest(largest_number=largest), st.container())
    if shown:
        st.markdown(f"Counted to {len(shown.job.messages(Counted))}{', stale' if shown.stale else ''}.")
        export_panel([shown.job])


def toy() -> None:
    with kept_page("toy"):
        panel()


def other() -> None:
    with kept_page("other"):
        pass


def app() -> None:
    """Two pages, as the dashboard's own."""
    navigate(
        {
            "toy": st.Page(toy, title="Toy", default=True),
            "other": st.Page(other, title="Another page", url_path="other"),
        }
    )
