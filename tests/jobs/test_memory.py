"""A process that runs jobs all day stays as large as it was."""

import ctypes
import gc
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import Tensor, nn

import core
from core.jobs import JobQueue
from core.models.sources import seeded_construction

STATM = Path("/proc/self/statm")
JOBS, FIRST = 200, 20
SIDE = 96
MEGABYTES = 10
"""A picture or a feature map that each job left behind would take twice as much."""


def resident_megabytes() -> float:
    """How large this process is, without what it has freed and the allocator keeps: that differs by 8 MB by itself."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def two_convolutions() -> nn.Module:
    """A network that is soon through with a picture, with planes as large as the picture."""
    with seeded_construction():
        return nn.Sequential(
            *(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 64, 3, 2), nn.ReLU()),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 3)),
        )


def heatmaps_and_curves(classifier: core.Classifier, pixels: Tensor) -> Iterator[object]:
    """Events of both kinds of pass, with and without gradients."""
    yield from core.stream_heatmaps(classifier, pixels, ["gradient", "grad_cam"])
    yield from core.stream_curves(classifier, pixels, {"red": pixels[0, 0]}, target=0, steps=2)


def growth_in_megabytes() -> float:
    """How much larger this process is after all jobs than after the first ones."""
    small = core.wrap(two_convolutions(), size=SIDE, labels=("cat", "dog", "cup"))
    pictures = [small.prepare(core.open_picture(picture.path)) for picture in core.gallery()[:4]]
    jobs = JobQueue()
    for number, pixels in zip(range(1, JOBS + 1), itertools.cycle(pictures), strict=False):
        job = jobs.submit(lambda pixels=pixels: heatmaps_and_curves(small, pixels), "one person")
        while not job.finished:
            time.sleep(0.005)
        assert job.state == "done", job.error
        if number == FIRST:
            early = resident_megabytes()
    return resident_megabytes() - early


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells how large a process is now")
def test_two_hundred_jobs_leave_the_process_as_large_as_twenty_did():
    # In a process of its own: what thousands of other tests left behind is freed and taken at any moment.
    ran = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < MEGABYTES


if __name__ == "__main__":
    print(growth_in_megabytes())
