"""The progress of a job, in a line under the button that ends it."""

from typing import Any

from dashboard.components.component import declare
from dashboard.jobs.outcome import cancelled_words
from dashboard.jobs.views import QueuedJob

_COMPONENT = declare("components/progress/progress")


def progress(job: QueuedJob[Any, Any], running: bool, place: str, title: str = "") -> None:
    """The page is run again when a job ends that the page shows as running.

    Parameters
    ----------
    running
        Whether the page took it for running; it may have ended since.
    place
        Tells several on one page apart.
    title
        Whose job it is, where that is not plain.
    """
    data = {
        "run": job.id,
        "running": running,
        "title": title,
        "cancelled": cancelled_words(job),
        "seconds": job.seconds_planned,
    }
    _COMPONENT(data=data, key=f"progress {place}", on_ended_change=lambda: None)
