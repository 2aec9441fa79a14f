"""The fine-tuned copies that ship with HeatCheck, and what they learned.

Fine-tuning takes longer than judging, and for the same lesson it gives the same copy. A copy that ships stands in for
one that would be fine-tuned only where everything that decides what it learns is the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from core.models.classifier import Classifier
from core.models.trained import ENDING, load_trained
from core.models.trained_file import BUNDLED, PREFIX, Description, read
from core.models.training import DECAY
from core.randomness import generator
from core.retraining.adapting import EPOCHS, PEAK
from core.retraining.data import LabelledData
from core.retraining.masks import SMOOTHING, Unit, digest_of, random_masks
from core.retraining.training import BATCH, described

COPIES, SEED = 3, 0
"""Copies that ship, and the seed of the run that they are for; their unit is a pixel."""


@dataclass(frozen=True)
class Lesson:
    """What a copy learns: the gaps of its pictures, and their order.

    Parameters
    ----------
    seed
        Of the run.
    number
        Of the copy, from 0.
    unit, side
        What is removed as a whole.
    """

    seed: int
    number: int
    unit: Unit = "pixel"
    side: int = 4

    def gaps(self, data: LabelledData, epoch: int) -> Bool[Tensor, "n _ height width"]:
        """The places that each training picture loses in an epoch."""
        draw = generator(self.seed, "gaps", self.number, epoch)
        channels = data.train.pixels.shape[1]
        return random_masks(len(data.train.labels), data.size, draw, self.unit, self.side, channels)

    @property
    def ships(self) -> bool:
        """Whether a copy that learned it from the bundled pictures ships."""
        return (self.seed, self.unit) == (SEED, "pixel") and self.number < COPIES

    def digest(self, explained: Classifier, data: LabelledData) -> str:
        """A name for all that decides what the copy becomes."""
        side = self.side if self.unit == "region" else None
        choices = self.seed, self.number, self.unit, side, EPOCHS, PEAK, BATCH, DECAY, SMOOTHING
        digest = hashlib.sha256(repr((choices, explained.weights_digest, data.train.pixels.shape)).encode())
        for part in (data.train.pixels, data.train.labels):
            digest.update(part.cpu().contiguous().numpy().data)
        return digest.hexdigest()


class BundledCopy(NamedTuple):
    """A copy that ships.

    Parameters
    ----------
    seconds
        How long its fine-tuning took on one core.
    """

    network: nn.Module
    seconds: float


def bundled_among(seed: int, copies: int, unit: Unit) -> int:
    """How many of a run's first copies ship, with the bundled pictures."""
    return sum(Lesson(seed, number, unit).ships for number in range(copies))


def bundled_copy(lesson: Lesson, explained: Classifier, data: LabelledData, device: torch.device) -> BundledCopy | None:
    """The copy that ships for this lesson; None where none does."""
    if not lesson.ships:
        return None
    name = copy_name(lesson.number)
    about = read(BUNDLED / f"{name.removeprefix(PREFIX)}{ENDING}")[0].description.about
    if about["lesson"] != lesson.digest(explained, data):
        return None
    return BundledCopy(load_trained(name, device).network, about["seconds"])


def copy_name(number: int) -> str:
    """The name to load a bundled copy by."""
    return f"{PREFIX}fine_tuned_{number + 1}"


def described_copy(lesson: Lesson, explained: Classifier, data: LabelledData, about: Mapping[str, Any]) -> Description:
    """How a bundled copy is built and used."""
    gaps = digest_of([lesson.gaps(data, epoch) for epoch in range(EPOCHS)])
    learned = {"seed": lesson.seed, "copy": lesson.number, "lesson": lesson.digest(explained, data), "gaps": gaps}
    title = f"{data.title}, fine-tuned on random gaps, {lesson.number + 1} of {COPIES}"
    return replace(described(data, {**learned, **about}), title=title)
