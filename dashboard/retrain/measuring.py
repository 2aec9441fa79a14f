"""How fast this machine trains and explains: measured once a choice, in short calls between the steps of other runs."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch

from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Settings
from core.models.classifier import Classifier
from core.retraining.data import LabelledData, collect_data
from core.retraining.networks import USUAL, untrained
from core.retraining.pace import (
    Pace,
    like,
    seconds_of_a_start,
    seconds_of_filling,
    seconds_of_maps,
    seconds_of_steps,
    slowdown,
    speed_of,
)
from core.retraining.workers import cores
from dashboard.library.queue import queue

PATIENCE = 60.0
logger = logging.getLogger(__name__)


class Shape(NamedTuple):
    """What of pictures decides how long a network takes with one."""

    classes: int
    side: int


class Paces:
    """The measured paces of this process; None stands for one that is being measured."""

    def __init__(self) -> None:
        self._known: dict[str, Pace | None] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        network: str,
        classifier: Classifier,
        request: HeatmapRequest,
        precision: torch.dtype = torch.float32,
        shape: Shape | None = None,
    ) -> Pace | None:
        """The pace if it is known; otherwise it is measured in a thread of its own.

        Parameters
        ----------
        precision
            Of the passes in which the network learns.
        shape
            Of the pictures; the bundled ones where not given.
        """
        key = f"{precision} {shape} {key_of(network, request.methods, request.settings)}"
        with self._lock:
            if key not in self._known:
                self._known[key] = None
                work = partial(self._measure, key, network, classifier, request, precision, shape)
                threading.Thread(target=work, name="measure a retraining", daemon=True).start()
            return self._known[key]

    def _measure(
        self,
        key: str,
        network: str,
        classifier: Classifier,
        request: HeatmapRequest,
        precision: torch.dtype,
        shape: Shape | None,
    ) -> None:
        try:
            data = like(*shape) if shape else None
            call = partial(queue().call, timeout=PATIENCE)
            speed = call(partial(speed_of, network, classifier.device, data, precision))
            explained = seconds_of_own_maps(call, network, classifier, request, data)
            slower = call(partial(slowdown, cores()))
            self._known[key] = Pace(
                speed, explained, call(partial(seconds_of_filling, data)), seconds_of_a_start(), slower
            )
        except Exception:
            logger.exception("The pace of %s could not be measured", network)
            self._known.pop(key, None)


def seconds_of_own_maps(
    call: Callable[[Callable[[], Any]], Any],
    network: str,
    classifier: Classifier,
    request: HeatmapRequest,
    data: LabelledData | None = None,
) -> float:
    """Seconds of a picture's heatmaps by a network; the shipped one stands for all of its architecture.

    Parameters
    ----------
    call
        Puts a short question to the device.
    data
        The bundled pictures where not given.
    """
    if network == USUAL and data is None:
        seconds: float = call(partial(seconds_of_maps, classifier, request))
        return seconds
    made = call(partial(untrained, network, data or collect_data(), classifier.device))
    steps = seconds_of_steps(made, request, data)
    timed: Iterator[float] = iter(lambda: call(partial(next, steps, None)), None)
    return sum(timed)


def key_of(network: str, methods: tuple[str, ...], settings: Mapping[str, Settings]) -> str:
    """
    >>> key_of("a", ("gradient",), {})
    '["a", ["gradient"], {}]'
    """
    return json.dumps([network, methods, settings], sort_keys=True, default=str)


paces = Paces()
