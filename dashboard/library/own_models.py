"""Weights that a person brings, in an architecture that this server builds: kept in memory, within limits."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property

from torch import Tensor

import core
from core.models.classifier import RGB, Classifier
from core.models.fitting import Fit, fitted, in_words
from core.models.outputs import AnswerReading
from core.models.sources import ListedModel
from dashboard.library.absence import NotThere
from dashboard.library.kept import Extent, Kept

PREFIX = "own/"
SHARE, WHOLE = Extent(8, 512 * 2**20), Extent(32, 2048 * 2**20)
GONE = "These weights are no longer kept here. Add them again, or choose another model."


@dataclass(frozen=True, eq=False)
class OwnModel:
    """Weights with all that makes them a classifier.

    Parameters
    ----------
    file_digest
        SHA-256 of the file that the weights came in.
    fit
        Of the weights in their architecture; they fit wholly.
    side
        Height and width of the network's input.
    crop
        Share of the largest fitting square that is kept.
    reading
        How its answers become probabilities; found by looking at them if None.
    """

    title: str
    file_digest: str
    weights: Mapping[str, Tensor]
    fit: Fit
    labels: tuple[str, ...]
    side: int
    crop: float
    mean: RGB
    std: RGB
    reading: AnswerReading | None

    @cached_property
    def digest(self) -> str:
        chosen = [getattr(self, field.name) for field in fields(self) if field.name != "weights"]
        return hashlib.sha256(repr(chosen).encode()).hexdigest()

    @property
    def size(self) -> int:
        return sum(tensor.numel() * tensor.itemsize for tensor in self.weights.values())

    def classifier(self, name: str) -> Classifier:
        """The network with these weights, to be found by that name.

        Raises
        ------
        ValueError
            Where its answers cannot be explained.
        """
        made = core.wrap(
            fitted(self.fit, self.weights),
            size=self.side,
            labels=self.labels,
            mean=self.mean,
            std=self.std,
            crop=self.crop,
            reading=self.reading,
            name=self.title,
            device="auto",
        )
        made.name = name
        return made


own_models = Kept[OwnModel]("models of your own", SHARE, WHOLE, lambda: NotThere(GONE))


def list_own(owner: str) -> tuple[ListedModel, ...]:
    """An owner's own models, the one added last first."""
    return tuple(as_listed(name, model) for name, model in own_models.own(owner).items())


def listed_own(name: str) -> ListedModel | None:
    """The own model of that name, whosesoever it is, as a list shows it; None where there is none."""
    with suppress(NotThere):
        return as_listed(name.removeprefix(PREFIX), own_models.get(name.removeprefix(PREFIX)))
    return None


def as_listed(name: str, model: OwnModel) -> ListedModel:
    fits = f"{model.fit.architecture} with your weights, {in_words(model.fit.classes)}"
    return ListedModel(PREFIX + name, model.title, "yours", f"{fits}, {model.side} × {model.side} pixels")
