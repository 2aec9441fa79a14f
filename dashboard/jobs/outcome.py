"""What has become of a job: whether it came to anything that a person can see, save or come back to."""

from typing import Any

from core.jobs.events import Progress
from core.methods.heatmap import MethodRefused
from core.sanity.randomisation import StagesFound
from core.studies.over_pictures import PictureRefused
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.views import JobView

NO_RESULT = (Progress, StagesFound, MethodRefused, PictureRefused)
NOTHING_YET = "Cancelled before the first result."


def came_to_something(job: JobView[Any, Any]) -> bool:
    """Whether it has a result, or may still come to one."""
    if job.sample or not job.finished:
        return True
    return any(not isinstance(event, NO_RESULT) for event in job.events(job.kind.saves))


def was_in_vain(job: JobView[Any, Any]) -> bool:
    """Whether it was cancelled before it came to anything."""
    return job.state()["state"] == "cancelled" and not came_to_something(job)


def cancelled_words(job: JobView[Any, Any]) -> str:
    """What is said of it once it was cancelled: nothing is promised that is not there."""
    promises = job.kind.cancelled == JobKind.cancelled
    return NOTHING_YET if promises and not came_to_something(job) else job.kind.cancelled
