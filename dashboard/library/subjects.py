"""A picture as a model sees it: the input of jobs about one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.models.classifier import Classifier, Prediction
from core.pictures.rendering import to_png
from dashboard.library.absence import NotThere
from dashboard.library.inputs import Inputs
from dashboard.library.models import shelf
from dashboard.library.predictions import Look, look

SECONDS_FOR_THE_MODEL = 30


@dataclass(frozen=True, eq=False)
class Subject(Inputs):
    """A model, the pixels that it sees, and what it says of them where that is known."""

    classifier: Classifier
    pixels: Any
    seen: Look | None = None

    @property
    def labels(self) -> Sequence[str]:
        """Names of the model's classes."""
        return self.classifier.labels

    @property
    def answers(self) -> Sequence[Prediction]:
        """The model's answer, the likeliest class first."""
        return self.seen.answers if self.seen else ()

    def crop(self) -> bytes:
        """What the model sees, as PNG."""
        return to_png(self.pixels[0])


def find_classifier(model: str) -> Classifier:
    """The model of that name, waited for where it is on its way.

    Raises
    ------
    NotThere
        If it does not come in time.
    """
    classifier = shelf.ask(model).wait(SECONDS_FOR_THE_MODEL)
    if classifier is None:
        raise NotThere("The model is still loading. Try again in a moment.")
    return classifier


def find_subject(model: str, picture: str) -> Subject:
    """The picture of that name as the model of that name sees it.

    Raises
    ------
    NotThere
        If the model does not come in time.
    """
    classifier = find_classifier(model)
    seen = look(model, picture)
    return Subject(classifier, seen.pixels, seen)
