"""What a study of retraining takes on this machine: said before it is started."""

import math
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import torch

from core.jobs.events import Returning
from core.methods.heatmap_request import HeatmapRequest
from core.models.classifier import Classifier
from core.models.training import Learning, share_right
from core.randomness import generator
from core.retraining.attributions import stream_attributions
from core.retraining.data import BUNDLED, collect_data
from core.retraining.filling import fill_linearly
from core.retraining.masks import rank_places
from core.retraining.networks import build
from core.retraining.plan import MIDDLE, Cell, in_helpful_order
from core.retraining.rounds import FIRST_SEEDS
from core.retraining.spec import RetrainingSpec
from core.retraining.training import BATCH, PEAK
from core.retraining.workers import WORKER, own_environment

BATCHES = 6
"""How many are timed; the first of them pays for memory, and counts for nothing where there are others."""
LONG = 1.0
"""Seconds of a batch from which one is enough."""
TIMED_PICTURES = 4
TIMED_FILLS, FILLED_PICTURES = 3, 200


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
    """How fast this machine is at a study, in seconds of a process of one thread.

    Parameters
    ----------
    explained
        All heatmaps of a picture.
    filled
        Noisy linear interpolation of a picture.
    start
        Of a process, until it can begin.
    """

    speed: Speed
    explained: float
    filled: float
    start: float


@dataclass(frozen=True)
class Cost:
    """What is still to be done of a study.

    Parameters
    ----------
    networks
        How many are trained; at most, where it stops early.
    network_seconds
        Of each, on one core, without filling.
    heatmap_seconds
        Of all heatmaps, on one core.
    filling_seconds
        Of filling the pictures of all networks, on one core.
    start_seconds
        Of each core's process, until it can begin.
    spared
        How many of the networks stopping early may leave out.
    """

    networks: int
    network_seconds: float
    heatmap_seconds: float
    cores: int
    filling_seconds: float = 0.0
    start_seconds: float = 0.0
    spared: int = 0

    @property
    def seconds(self) -> float:
        """Until all is done, with the machine to itself."""
        networks = math.ceil(self.networks / self.cores) * self.network_seconds
        return networks + (self.heatmap_seconds + self.filling_seconds) / self.cores + self.start_seconds


def cost_of(spec: RetrainingSpec, pace: Pace, cores: int, done: int = 0) -> Cost:
    """The cost of a study of the bundled pictures.

    Parameters
    ----------
    done
        Networks that are kept from an earlier run, or that it left out; the heatmaps are then kept as well.
    """
    learned, tested = pictures_of(spec)
    networks = count_networks(spec)
    left = max(0, networks - done)
    filled = left * share_filled(spec) * (learned + tested) * pace.filled
    return Cost(
        networks=left,
        network_seconds=spec.epochs * (learned * pace.speed.learned + tested * pace.speed.tested),
        heatmap_seconds=0.0 if done else (learned + tested) * pace.explained,
        cores=cores,
        filling_seconds=filled,
        start_seconds=pace.start,
        spared=min(left, most_spared(spec)),
    )


def cells_of(spec: RetrainingSpec) -> list[Cell]:
    """The cells whose networks are trained; two may turn out to have the same masks."""
    return list(in_helpful_order(spec, spec.request.methods))


def count_networks(spec: RetrainingSpec) -> int:
    """How many networks are trained for the table; fewer where two cells turn out to have the same masks."""
    return spec.seeds * len(cells_of(spec))


def share_filled(spec: RetrainingSpec) -> float:
    """The share of the networks whose pictures are filled by interpolation: none that learn from masks alone."""
    cells = cells_of(spec)
    return 0.0 if spec.fill == "mean" else sum(cell.what == "pictures" for cell in cells) / len(cells)


def most_spared(spec: RetrainingSpec) -> int:
    """How many networks stopping early leaves out where the first seeds decide everything."""
    later = max(0, spec.seeds - FIRST_SEEDS) if spec.stop_early else 0
    return later * (len(cells_of(spec)) - 1)  # whole pictures are compared with nothing


def pictures_of(spec: RetrainingSpec) -> tuple[int, int]:
    """How many of the bundled pictures a network learns from, and on how many it is tested."""
    data = collect_data(spec.data, most=spec.training_pictures)
    return len(data.train.labels), len(data.test.labels)


def smaller_plans(spec: RetrainingSpec) -> dict[str, RetrainingSpec]:
    """The same with one seed, with every second fraction, and without probes, where that is less."""
    plans = {
        "one seed": replace(spec, seeds=1),
        "every second share": replace(spec, fractions=spec.fractions[::2]),
        "no probes": replace(spec, probes=()),
    }
    return {words: plan for words, plan in plans.items() if plan != spec}


@cache
def speed_of(network: str, device: torch.device) -> Speed:
    """The speed of a network on the bundled pictures, timed over a few batches, once in a process."""
    data = collect_data(BUNDLED, most=BATCHES * BATCH)
    inputs, labels = data.normalised(data.train.pixels).to(device), data.train.labels.to(device)
    with one_thread():
        made = build(network, data, 0, device)
        learning = Learning(made, PEAK, BATCHES)
        parts = list(zip(torch.split(inputs, BATCH), torch.split(labels, BATCH), strict=True))
        learned = least_seconds(lambda place: learning.step(*parts[place]))
        tested = least_seconds(lambda place: share_right(made, parts[place], BATCH))
    return Speed(learned / BATCH, tested / BATCH)


def seconds_of_maps(classifier: Classifier, request: HeatmapRequest) -> float:
    """Seconds of a picture's heatmaps and of its ranking, timed over a few test pictures."""
    pixels = collect_data(BUNDLED).test.pixels[:TIMED_PICTURES].to(classifier.device)

    def make(place: int) -> None:
        own = pixels[place : place + 1]
        making = Returning(stream_attributions(classifier, own, request))
        deque(making, maxlen=0)
        for maps in making.result.values():
            rank_places(maps, own)

    with one_thread():
        return least_seconds(make, TIMED_PICTURES)


@cache
def seconds_of_filling() -> float:
    """Seconds of a picture's interpolation, timed over a few batches, once in a process."""
    pixels = collect_data(BUNDLED, most=FILLED_PICTURES).train.pixels
    gone = torch.rand(len(pixels), 1, *pixels.shape[2:], generator=generator(0, "gaps to time")) < MIDDLE
    with one_thread():
        return least_seconds(lambda _: fill_linearly(pixels, gone, 0), TIMED_FILLS) / len(pixels)


@cache
def seconds_of_a_start() -> float:
    """Seconds of computing until a process of a study can begin; time spent waiting for others is left out."""
    code = f"import time; import {WORKER}; print(time.process_time())"
    started = subprocess.run([sys.executable, "-c", code], env=own_environment(), capture_output=True, check=True)
    return float(started.stdout)


def least_seconds(work: Callable[[int], object], times: int = BATCHES) -> float:
    """The least of several times without the first, which pays for memory; a long first one is enough by itself."""
    taken: list[float] = []
    for place in range(times):
        began = time.perf_counter()
        work(place)
        taken.append(time.perf_counter() - began)
        if taken[0] > LONG:
            return taken[0]
    return min(taken[1:])


@contextmanager
def one_thread() -> Iterator[None]:
    """As the processes of a study have it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
