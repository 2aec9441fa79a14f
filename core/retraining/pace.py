"""How fast this machine is at a study of retraining: its networks, heatmaps, fills and processes, each timed once."""

import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import torch
from torch.nn import functional as F

from core.jobs.events import Returning
from core.methods.heatmap_request import HeatmapRequest
from core.models.classifier import Classifier
from core.models.training import Learning, share_right
from core.pictures.datasets import Labelled
from core.randomness import generator
from core.retraining.attributions import stream_attributions
from core.retraining.data import BUNDLED, LabelledData, collect_data
from core.retraining.filling import fill_linearly
from core.retraining.masks import rank_places
from core.retraining.networks import build
from core.retraining.plan import MIDDLE
from core.retraining.training import BATCH, PEAK
from core.retraining.workers import WORKER, own_environment

BATCHES = 6
"""How many are timed; the first of them pays for memory, and counts for nothing where there are others."""
LONG = 1.0
"""Seconds of a batch from which one is enough."""
TIMED_PICTURES = 4
TIMED_FILLS, FILLED_PICTURES = 3, 200
TIMED_ALONE, SECONDS_TOGETHER = 30, 0.8
"""Short enough for a moment alone to be found on a busy machine; long enough for turns to even out."""


class Speed(NamedTuple):
    """Seconds a picture, in a process of one thread.

    Parameters
    ----------
    learned
        To learn from it once.
    tested
        To recognise it.
    """

    learned: float
    tested: float


class Pace(NamedTuple):
    """How fast this machine is at a study, in seconds of a process of one thread with a core to itself.

    Parameters
    ----------
    explained
        All heatmaps of a picture.
    filled
        Noisy linear interpolation of a picture.
    start
        Of a process, until it can begin.
    slowdown
        How many times as long each takes where all cores compute, beside whatever else this machine does.
    """

    speed: Speed
    explained: float
    filled: float
    start: float
    slowdown: float = 1.0


@cache
def like(classes: int, side: int) -> LabelledData:
    """Noise that takes as long to learn from and to explain as any pictures of that size and number of classes."""
    draw, labels = generator(0, "pictures to time"), torch.arange(max(BATCH, classes)) % classes
    train = Labelled(torch.rand(len(labels), 3, side, side, generator=draw), labels)
    test = Labelled(train.pixels[:TIMED_PICTURES], labels[:TIMED_PICTURES])
    return LabelledData("noise", "noise", tuple(map(str, range(classes))), train, test)


@cache
def speed_of(
    network: str, device: torch.device, data: LabelledData | None = None, precision: torch.dtype = torch.float32
) -> Speed:
    """The speed of a network on pictures of some data, timed over a few batches, once in a process.

    Parameters
    ----------
    data
        The bundled pictures where not given.
    precision
        Of its passes while it learns.
    """
    data = data or collect_data(BUNDLED)
    places = torch.arange(BATCHES * BATCH) % len(data.train.labels)
    inputs, labels = data.normalised(data.train.pixels[places]).to(device), data.train.labels[places].to(device)
    with one_thread():
        made = build(network, data, 0, device)
        learning = Learning(made, PEAK, BATCHES, precision)
        parts = list(zip(torch.split(inputs, BATCH), torch.split(labels, BATCH), strict=True))
        learned = least_seconds(lambda place: learning.step(*parts[place]))
        tested = least_seconds(lambda place: share_right(made, parts[place], BATCH))
    return Speed(learned / BATCH, tested / BATCH)


def seconds_of_maps(classifier: Classifier, request: HeatmapRequest, data: LabelledData | None = None) -> float:
    """Seconds of a picture's heatmaps and of its ranking, timed over a few test pictures.

    Parameters
    ----------
    data
        The bundled pictures where not given.
    """
    pixels = (data or collect_data(BUNDLED)).test.pixels[:TIMED_PICTURES].to(classifier.device)

    def make(place: int) -> None:
        own = pixels[place : place + 1]
        making = Returning(stream_attributions(classifier, own, request))
        deque(making, maxlen=0)
        for maps in making.result.values():
            rank_places(maps, own)

    with one_thread():
        return least_seconds(make, len(pixels))


def seconds_of_steps(
    classifier: Classifier, request: HeatmapRequest, data: LabelledData | None = None
) -> Iterator[float]:
    """Seconds of each step to a picture's heatmaps, for networks that take long: others come in between.

    Parameters
    ----------
    data
        The bundled pictures where not given.
    """
    pixels = (data or collect_data(BUNDLED)).test.pixels[:1].contiguous().to(classifier.device)
    steps = request.stream(classifier, pixels, rough=False)
    event: object = steps
    while event is not None:
        began = time.perf_counter()
        with one_thread():
            event = next(steps, None)
        yield time.perf_counter() - began


@cache
def seconds_of_filling(data: LabelledData | None = None) -> float:
    """Seconds of a picture's interpolation, timed over a few batches, once in a process.

    Parameters
    ----------
    data
        The bundled pictures where not given.
    """
    pixels = (data or collect_data(BUNDLED)).train.pixels[:FILLED_PICTURES]
    gone = torch.rand(len(pixels), 1, *pixels.shape[2:], generator=generator(0, "gaps to time")) < MIDDLE
    with one_thread():
        return least_seconds(lambda _: fill_linearly(pixels, gone, 0), TIMED_FILLS) / len(pixels)


@cache
def seconds_of_a_start() -> float:
    """Seconds of computing until a process of a study can begin; time spent waiting for others is left out."""
    code = f"import time; import {WORKER}; print(time.process_time())"
    started = subprocess.run([sys.executable, "-c", code], env=own_environment(), capture_output=True, check=True)
    return float(started.stdout)


def slowdown(processes: int) -> float:
    """How many times as long work takes in one of several processes as alone, beside whatever else this machine does.

    Cores may share their units of arithmetic, and other programs may want them; a convolution shows both.
    """
    layers, inputs = torch.ones(32, 16, 3, 3), torch.ones(64, 16, 28, 28)

    def work() -> float:
        began = time.perf_counter()
        F.conv2d(inputs, layers, padding=1)
        return time.perf_counter() - began

    def works(_: int) -> float:
        torch.set_num_threads(1)  # it is set for each thread
        until = time.perf_counter() + SECONDS_TOGETHER
        taken = [work()]
        while time.perf_counter() < until:
            taken.append(work())
        return sum(taken) / len(taken)

    with one_thread(), torch.inference_mode(), ThreadPoolExecutor(processes) as threads:
        alone = least_seconds(lambda _: work(), TIMED_ALONE)
        return max(1.0, statistics.mean(threads.map(works, range(processes))) / alone)


def least_seconds(work: Callable[[int], object], times: int = BATCHES) -> float:
    """The least of several times without the first, which pays for memory; a long first one is enough by itself."""
    taken: list[float] = []
    for place in range(times):
        began = time.perf_counter()
        work(place)
        taken.append(time.perf_counter() - began)
        if taken[0] > LONG:
            return taken[0]
    return min(taken[1:] or taken)


@contextmanager
def one_thread() -> Iterator[None]:
    """As the processes of a study have it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
