"""The pages at the top, and a person's running jobs on the pages that are not open."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.components.progress.progress import progress
from dashboard.controls.header import show_header
from dashboard.controls.way_back import go_back_to, take_page_to_go_to, take_shown
from dashboard.jobs.session import running
from dashboard.jobs.views import QueuedJob
from dashboard.library.models import models


def navigate(pages: Mapping[str, StreamlitPage]) -> None:
    """Runs the page that is open, under a line for every job that it does not show.

    Parameters
    ----------
    pages
        By the name that kinds of jobs have for them.
    """
    page = st.navigation(list(pages.values()), position="hidden")
    if leaving := take_page_to_go_to():
        st.switch_page(pages[leaving])
    show_header(pages.values(), page)
    elsewhere = st.container()
    take_shown()  # what a run that was broken off has noted is not of this one
    page.run()
    with elsewhere:
        show_running_elsewhere()


def show_running_elsewhere() -> None:
    """What this person started and this page does not show: how far it is, and the way back to it."""
    shown = take_shown()
    led_back: set[str] = set()
    for place, job in enumerate(job for job in running() if job.id not in shown):
        with st.container(horizontal=True, vertical_alignment="center", key=f"elsewhere {place}"):
            with st.container(width="stretch"):
                progress(job, True, f"elsewhere {place}", title_of(job))
            if job.id not in led_back:
                st.button(f"Back to {job.kind.title}", key=f"back {place}", on_click=go_back_to, args=(job,))
        led_back.update(job.together)


def title_of(job: QueuedJob[Any, Any]) -> str:
    """What the job is called, with its model where one click began several."""
    return f"{job.kind.title}, {models.title(job.request.model)}" if len(job.together) > 1 else job.kind.title
