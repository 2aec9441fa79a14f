"""How fast this machine fills holes: measured once for a model and a prior, between the steps of other runs."""

import logging
import threading
from functools import partial

from core.generation.pace import seconds_of_a_fill
from core.generation.pools import collect_pool
from core.jobs.events import Returning
from core.models.classifier import Classifier
from dashboard.library.queue import queue

PATIENCE = 60.0
ENDED = object()
logger = logging.getLogger(__name__)


class FillPaces:
    """The measured seconds of a fill in this process; None stands for one that is being measured."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float | None] = {}
        self._lock = threading.Lock()

    def known(self, model: str, prior: str) -> float | None:
        """What was measured, if it was."""
        return self._known.get((model, prior))

    def ask(self, classifier: Classifier, model: str, prior: str) -> float | None:
        """The seconds of a fill if they are known; otherwise they are measured in a thread of its own."""
        with self._lock:
            if (model, prior) not in self._known:
                self._known[model, prior] = None
                work = partial(self._measure, classifier, model, prior)
                threading.Thread(target=work, name="measure a prior", daemon=True).start()
        return self._known.get((model, prior))

    def _measure(self, classifier: Classifier, model: str, prior: str) -> None:
        try:
            pool = collect_pool(classifier)
            picture = pool.pictures[:1].expand(-1, classifier.blank(1).shape[1], -1, -1).to(classifier.blank(1))
            measuring = Returning(seconds_of_a_fill(pool, prior, picture))
            steps = iter(measuring)
            while queue().call(partial(next, steps, ENDED), timeout=PATIENCE) is not ENDED:
                pass
            self._known[model, prior] = measuring.result
        except Exception:
            logger.exception("The pace of %s could not be measured", prior)
            self._known.pop((model, prior), None)


paces = FillPaces()
