"""What a study of retraining takes on this machine: said before it is started."""

import math
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
from core.retraining.attributions import stream_attributions
from core.retraining.data import BUNDLED, collect_data
from core.retraining.masks import rank_places
from core.retraining.networks import build
from core.retraining.plan import in_helpful_order
from core.retraining.spec import RetrainingSpec
from core.retraining.training import BATCH, PEAK

BATCHES = 6
"""How many are timed; the first of them pays for memory, and counts for nothing where there are others."""
LONG = 1.0
"""Seconds of a batch from which one is enough."""
TIMED_PICTURES = 4


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


@dataclass(frozen=True)
class Cost:
    """What is still to be done of a study.

    Parameters
    ----------
    networks
        How many are trained.
    network_seconds
        Of each, on one core.
    heatmap_seconds
        Of all heatmaps, on one core.
    """

    networks: int
    network_seconds: float
    heatmap_seconds: float
    cores: int

    @property
    def seconds(self) -> float:
        """Until all is done, with the machine to itself."""
        return math.ceil(self.networks / self.cores) * self.network_seconds + self.heatmap_seconds / self.cores


def cost_of(spec: RetrainingSpec, speed: Speed, map_seconds: float, cores: int, trained: int = 0) -> Cost:
    """The cost of a study of the bundled pictures.

    Parameters
    ----------
    map_seconds
        Of all heatmaps of one picture, in a process of one thread.
    trained
        Networks that are kept from an earlier run; the heatmaps are then kept as well.
    """
    learned, tested = pictures_of(spec)
    network = spec.epochs * (learned * speed.learned + tested * speed.tested)
    maps = 0.0 if trained else (learned + tested) * map_seconds
    return Cost(max(0, count_networks(spec) - trained), network, maps, cores)


def count_networks(spec: RetrainingSpec) -> int:
    """How many networks are trained for the table; fewer where two cells turn out to have the same masks."""
    return spec.seeds * len(list(in_helpful_order(spec, spec.request.methods)))


def pictures_of(spec: RetrainingSpec) -> tuple[int, int]:
    """How many of the bundled pictures a network learns from, and on how many it is tested."""
    data = collect_data(spec.data, most=spec.training_pictures)
    return len(data.train.labels), len(data.test.labels)


def smaller_plans(spec: RetrainingSpec) -> dict[str, RetrainingSpec]:
    """The same with one seed, and with every second fraction, where that is less."""
    plans = {"one seed": replace(spec, seeds=1), "every second share": replace(spec, fractions=spec.fractions[::2])}
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
