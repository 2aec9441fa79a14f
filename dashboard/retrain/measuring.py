"""How fast this machine trains and explains: measured once a choice, in short calls between the steps of other runs."""

import json
import logging
import threading
from collections.abc import Mapping
from functools import partial

from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Settings
from core.models.classifier import Classifier
from core.retraining.cost import Pace, seconds_of_a_start, seconds_of_filling, seconds_of_maps, speed_of
from core.retraining.networks import USUAL
from dashboard.library.queue import queue

PATIENCE = 60.0
logger = logging.getLogger(__name__)


class Paces:
    """The measured paces of this process; None stands for one that is being measured."""

    def __init__(self) -> None:
        self._known: dict[str, Pace | None] = {}
        self._lock = threading.Lock()

    def ask(self, network: str, classifier: Classifier, request: HeatmapRequest) -> Pace | None:
        """The pace if it is known; otherwise it is measured in a thread of its own."""
        key = key_of(network, request.methods, request.settings)
        with self._lock:
            if key not in self._known:
                self._known[key] = None
                work = partial(self._measure, key, network, classifier, request)
                threading.Thread(target=work, name="measure a retraining", daemon=True).start()
            return self._known[key]

    def _measure(self, key: str, network: str, classifier: Classifier, request: HeatmapRequest) -> None:
        try:
            call = partial(queue().call, timeout=PATIENCE)
            speed, usual = (call(partial(speed_of, name, classifier.device)) for name in (network, USUAL))
            maps = call(partial(seconds_of_maps, classifier, request))
            explained = maps * speed.learned / usual.learned  # those of the usual network, scaled
            self._known[key] = Pace(speed, explained, call(seconds_of_filling), seconds_of_a_start())
        except Exception:
            logger.exception("The pace of %s could not be measured", network)
            self._known.pop(key, None)


def key_of(network: str, methods: tuple[str, ...], settings: Mapping[str, Settings]) -> str:
    """
    >>> key_of("a", ("gradient",), {})
    '["a", ["gradient"], {}]'
    """
    return json.dumps([network, methods, settings], sort_keys=True, default=str)


paces = Paces()
