"""Whether a process that serves jobs all day stays as large as it was."""

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path

import core
from core.jobs import JobQueue

STATM = Path("/proc/self/statm")
JOBS, FIRST = 200, 20


def resident_megabytes() -> float:
    """What this process occupies now."""
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def growth(methods: Sequence[str], steps: int) -> tuple[float, str]:
    """Megabytes that the process gains between the first 20 and all 200 jobs in a row."""
    classifier = core.load_classifier("squeezenet1_1", device="cpu")
    pictures = [classifier.prepare(core.open_picture(picture.path)) for picture in core.gallery()[:4]]
    jobs = JobQueue()
    early = 0.0
    for number, pixels in zip(range(1, JOBS + 1), itertools.cycle(pictures), strict=False):
        job = jobs.submit(
            lambda pixels=pixels: core.stream_trial(classifier, pixels, methods, steps=steps), "one person"
        )
        while not job.finished:
            time.sleep(0.02)
            job.since(0)
        assert job.state == "done", job.error
        if number == FIRST:
            early = resident_megabytes()
    late = resident_megabytes()
    return late - early, f"{early:.0f} MB after {FIRST} jobs, {late:.0f} MB after {JOBS}"
