"""What all sessions of one process share: the job queue, the classifiers, and what was predicted."""

import gc
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import torch

import core
from core.jobs.queue import JobQueue
from core.models.bundled import list_bundled
from core.models.classifier import Classifier
from core.models.sources import ListedModel
from core.pictures.rendering import to_png
from dashboard.pictures import open_choice

DEFAULT_MODEL = "efficientnet_lite0"
SHOWN = 5
SHARE_IMPUTED, SQUARES = 0.3, 9
PATIENCE = 120.0
logger = logging.getLogger(__name__)


@dataclass
class Loading:
    """A classifier on its way: there, failed with a sentence, or neither yet."""

    name: str
    classifier: Classifier | None = None
    sentence: str | None = None
    received: int = 0
    expected: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def receive(self, received: int, expected: int | None) -> None:
        """Bytes of the weights that have come, of those that will."""
        self.received, self.expected = received, expected

    @property
    def settled(self) -> bool:
        return self.ended.is_set()

    def wait(self, seconds: float) -> Classifier | None:
        """The classifier, if it comes in time."""
        self.ended.wait(seconds)
        return self.classifier


@cache
def queue() -> JobQueue:
    return JobQueue()


class ModelList:
    """The models to choose from: bundled ones at once, all others as soon as their libraries are there."""

    def __init__(self) -> None:
        self._all: tuple[ListedModel, ...] = ()

    def read(self) -> None:
        self._all = core.list_models()

    def known(self) -> tuple[ListedModel, ...]:
        return self._all or list_bundled()

    def find(self, name: str) -> ListedModel | None:
        return next((model for model in self.known() if model.name == name), None)

    def title(self, name: str) -> str:
        """What the picker calls the model."""
        found = self.find(name)
        return title_of(found) if found else name

    def dataset(self, name: str) -> str:
        """What the model was trained on."""
        found = self.find(name)
        return found.dataset if found else ""


def title_of(model: ListedModel) -> str:
    return model.label if model.source == "bundled" else f"{model.label} ({model.source})"


models = ModelList()


class Shelf:
    """The classifiers in memory; the longest unused leaves first."""

    def __init__(self, most: int = 6) -> None:
        self._most = most
        self._held: OrderedDict[str, Loading] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, name: str) -> Loading:
        """The classifier if it is there; otherwise it starts loading in a thread of its own."""
        with self._lock:
            if name not in self._held:
                self._held[name] = Loading(name)
                threading.Thread(target=self._load, args=(self._held[name],), name=f"load {name}", daemon=True).start()
            self._held.move_to_end(name)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
                look.cache_clear()  # what was seen through a classifier would keep it in memory
            return self._held[name]

    def held(self, name: str) -> Classifier | None:
        """The classifier if it is in memory; nothing starts."""
        loading = self._held.get(name)
        return loading.classifier if loading else None

    def forget(self, name: str) -> None:
        """So that the next request tries again."""
        with self._lock:
            self._held.pop(name, None)
            look.cache_clear()  # another model may have the name next
            imputed.cache_clear()

    def _load(self, loading: Loading) -> None:
        try:
            classifier = core.load_classifier(loading.name, progress=loading.receive)
            queue().call(lambda: get_to_know(classifier), timeout=PATIENCE)
            loading.classifier = classifier
        except core.ModelError as error:
            loading.sentence = str(error)
        except Exception:
            logger.exception("Loading %s failed", loading.name)
            loading.sentence = f"{loading.name} could not be loaded; the server's log says more. Choose another model."
        finally:
            loading.ended.set()
        gc.collect()
        gc.freeze()


shelf = Shelf()


def get_to_know(classifier: Classifier) -> None:
    """Everything about a classifier that is measured once, before anybody waits for it."""
    core.capability(classifier)
    classifier.batch_size("forward")
    classifier.batch_size("gradient")


@lru_cache(maxsize=64)
def look(model: str, picture: str) -> "Look":
    """What a loaded model sees in a picture and says of it."""
    classifier = shelf.held(model)
    if classifier is None:
        raise RuntimeError(f"{model} is not loaded.")
    image = open_choice(picture)

    def work() -> Look:
        pixels = classifier.prepare(image)
        return Look(pixels, core.predict(classifier, pixels, top=len(classifier.labels)))

    return queue().call(work)


@dataclass(frozen=True, eq=False)
class Look:
    """The model's crop, and its answer for every class, the likeliest first."""

    pixels: Any
    answers: tuple[core.Prediction, ...]

    @property
    def top(self) -> tuple[core.Prediction, ...]:
        return self.answers[:SHOWN]

    def told(self, target: int) -> tuple[core.Prediction, ...]:
        """The likeliest classes, and the explained one where it is not among them."""
        return self.top + tuple(answer for answer in self.answers[SHOWN:] if answer.index == target)


@lru_cache(maxsize=64)
def imputed(model: str, picture: str, imputer: str) -> bytes:
    """A loaded model's crop of which some squares were replaced, as PNG."""
    classifier, pixels = shelf.held(model), look(model, picture).pixels
    side = min(SQUARES, *classifier.size)

    def work() -> Any:
        knows_nothing = torch.zeros(classifier.size, device=pixels.device)
        return core.perturbed(
            classifier, pixels, knows_nothing, "random", SHARE_IMPUTED, imputer=imputer, unit="region", side=side
        )

    return to_png(queue().call(work))
