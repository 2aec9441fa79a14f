"""The classifiers that all sessions of one process share."""

import gc
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import core
from core.methods.requirements import gradients
from core.models.answering import AnswerError
from core.models.batching import CANDIDATES, timed
from core.models.bundled import list_bundled
from core.models.classifier import Classifier
from core.models.outputs import READINGS, AnswerReading
from core.models.own import list_offered, offered
from core.models.sources import ListedModel
from dashboard.library.absence import NotThere
from dashboard.library.own_models import PREFIX, listed_own, own_models
from dashboard.library.queue import queue

DEFAULT_MODEL = "efficientnet_lite0"
USUAL_READING: AnswerReading = "softmax"
PATIENCE = 120.0
GONE = "Removed model"
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


class ModelList:
    """The models to choose from: bundled ones at once, all others as soon as their libraries are there."""

    def __init__(self) -> None:
        self._all: tuple[ListedModel, ...] = ()

    def read(self) -> None:
        self._all = core.list_models()

    def known(self) -> tuple[ListedModel, ...]:
        return (*list_offered(), *(self._all or list_bundled()))

    def find(self, name: str) -> ListedModel | None:
        return listed_own(name) or next((model for model in self.known() if model.name == name), None)

    def title(self, name: str) -> str:
        """What the picker calls the model; one that was brought here and is gone has no name but a random one."""
        found = self.find(name)
        return title_of(found) if found else GONE if name.startswith(PREFIX) else name

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
        self._listeners: list[Callable[[str], None]] = []

    def on_eviction(self, listener: Callable[[str], None]) -> Callable[[str], None]:
        """Calls the listener with the name of each classifier that leaves."""
        self._listeners.append(listener)
        return listener

    def _tell_evicted(self, name: str) -> None:
        for listener in self._listeners:
            listener(name)

    def ask(self, name: str) -> Loading:
        """The classifier if it is there; otherwise it starts loading in a thread of its own."""
        with self._lock:
            if name not in self._held:
                self._held[name] = Loading(name)
                threading.Thread(target=self._load, args=(self._held[name],), name=f"load {name}", daemon=True).start()
            self._held.move_to_end(name)
            while len(self._held) > self._most:
                evicted, _ = self._held.popitem(last=False)
                self._tell_evicted(evicted)
            return self._held[name]

    def held(self, name: str) -> Classifier | None:
        """The classifier if it is in memory; nothing starts."""
        loading = self._held.get(name)
        return loading.classifier if loading else None

    def forget(self, name: str) -> None:
        """So that the next request tries again."""
        with self._lock:
            self._held.pop(name, None)
            self._tell_evicted(name)

    def _load(self, loading: Loading) -> None:
        try:
            classifier = loaded(loading)
            get_to_know(classifier)
            loading.classifier = classifier
        except (core.ModelError, AnswerError, NotThere) as error:
            loading.sentence = str(error)
        except Exception:
            logger.exception("Loading %s failed", loading.name)
            loading.sentence = f"{loading.name} could not be loaded; see the server's log. Choose another model."
        finally:
            loading.ended.set()
        gc.collect()
        gc.freeze()


def loaded(loading: Loading) -> Classifier:
    """The classifier of that name: a person's own, or one of the catalogue's."""
    if loading.name.startswith(PREFIX):
        return own_models.get(loading.name.removeprefix(PREFIX)).classifier(loading.name)
    return core.load_classifier(loading.name, progress=loading.receive)


shelf = Shelf()


@own_models.on_removal
def forget_own(name: str) -> None:
    """What a person has removed is no longer in memory."""
    shelf.forget(PREFIX + name)


def of_its_answers(classifier: Classifier) -> list[str]:
    """What a reader needs to know of how the model answers; nothing of a listed one that answers as most do.

    Of a person's own network it is always said: what nobody stated was found from its answers, or is assumed.
    """
    persons_own = classifier.name.startswith(PREFIX) or offered(classifier.name) is not None
    told = persons_own or classifier.reading != USUAL_READING
    return [*([f"Probabilities: {READINGS[classifier.reading]}."] if told else []), *classifier.notes]


def get_to_know(classifier: Classifier) -> None:
    """Measures once what is known of a classifier, in short calls, so that runs on the device continue meanwhile."""
    call = partial(queue().call, timeout=PATIENCE)
    call(partial(core.capability, classifier))
    call(classifier.outputs_only)
    for kind in CANDIDATES[classifier.device.type]:
        if kind == "gradient" and gradients(classifier):  # a function of a person's own has none
            continue
        classifier.seconds_a_pass(kind, lambda run, size: call(partial(timed, run, size)))
