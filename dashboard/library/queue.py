"""The queue that owns the device; one for all sessions of the process."""

import atexit
from functools import cache

from core.jobs.queue import JobQueue


@cache
def queue() -> JobQueue:
    made = JobQueue()
    atexit.register(made.close)
    return made
