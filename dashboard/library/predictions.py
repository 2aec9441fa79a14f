"""The crops and answers of loaded models for pictures, kept for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

import core
from core.models.classifier import Classifier
from core.pictures.rendering import to_png
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.library.models import shelf
from dashboard.library.pictures import open_choice, uploads
from dashboard.library.queue import queue
from dashboard.library.remembering import remembering

SHOWN = 5
SHARE_IMPUTED, SQUARES = 0.3, 9


@remembering(most=64)
def look(model: str, picture: str) -> "Look":
    """What a loaded model sees in a picture and says of it."""
    classifier, image = loaded(model), open_choice(picture)

    def work() -> Look:
        pixels = classifier.prepare(image)
        return Look(pixels, core.predict(classifier, pixels, top=len(classifier.labels)))

    return queue().call(work)


def loaded(model: str) -> Classifier:
    """The classifier of that name, which nobody waits for.

    Raises
    ------
    NotThere
        If it is not loaded.
    """
    classifier = shelf.held(model)
    if classifier is None:
        raise NotThere("The model is not loaded.")
    return classifier


@dataclass(frozen=True, eq=False)
class Look:
    """The model's crop, and its answer for every class, the likeliest first."""

    pixels: Any
    answers: tuple[core.Prediction, ...]

    @property
    def top(self) -> tuple[core.Prediction, ...]:
        return self.answers[:SHOWN]

    def top_with(self, target: int) -> tuple[core.Prediction, ...]:
        """The likeliest classes, and the explained one where it is not among them."""
        return likeliest_with(self.answers, target)


def likeliest_with(answers: Sequence[core.Prediction], target: int) -> tuple[core.Prediction, ...]:
    """The first few answers, and the one of that class where it is not among them."""
    return (*answers[:SHOWN], *(answer for answer in answers[SHOWN:] if answer.index == target))


@remembering(most=64)
def imputed(model: str, picture: str, imputer: str) -> bytes:
    """A loaded model's crop of which some squares were replaced, as PNG."""
    classifier, pixels = loaded(model), look(model, picture).pixels
    side = min(SQUARES, *classifier.size)

    def work() -> Any:
        knows_nothing = torch.zeros(classifier.size, device=pixels.device)
        return core.perturbed(
            classifier, pixels, knows_nothing, "random", SHARE_IMPUTED, imputer=imputer, unit="region", side=side
        )

    return to_png(queue().call(work))


@uploads.on_removal
def forget_picture(name: str) -> None:
    look.forget(name)
    imputed.forget(name)


@folders.on_removal
def forget_all(_: str) -> None:
    """Pictures that were cut from the folder's may be among those that were looked at."""
    look.clear()
    imputed.clear()


@shelf.on_eviction
def forget_model(name: str) -> None:
    """Another network may have the name next."""
    look.forget(name)
    imputed.forget(name)
