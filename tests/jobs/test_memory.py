"""A process that runs jobs all day stays as large as it was."""

import itertools
import os
import time
from pathlib import Path

import pytest

import core
from core.jobs import JobQueue

STATM = Path("/proc/self/statm")
JOBS, FIRST = 200, 20
MEGABYTES = 100


def resident_megabytes() -> float:
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells how large a process is now")
def test_two_hundred_jobs_leave_the_process_as_large_as_twenty_did(squeezenet):
    pictures = [squeezenet.prepare(core.open_picture(picture.path)) for picture in core.gallery()[:4]]
    jobs = JobQueue()
    for number, pixels in zip(range(1, JOBS + 1), itertools.cycle(pictures), strict=False):
        job = jobs.submit(
            lambda pixels=pixels: core.stream_trial(squeezenet, pixels, ["gradient", "grad_cam"], steps=2, randoms=1),
            "one person",
        )
        while not job.finished:
            time.sleep(0.005)
        assert job.state == "done", job.error
        if number == FIRST:
            early = resident_megabytes()
    assert resident_megabytes() - early < MEGABYTES
