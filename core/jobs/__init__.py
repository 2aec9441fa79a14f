"""Events, jobs, and the queue that owns a device."""

from core.jobs.events import Progress
from core.jobs.queue import Job, JobQueue

__all__ = ["Job", "JobQueue", "Progress"]
