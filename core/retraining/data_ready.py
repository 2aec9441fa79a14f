"""What a run tells of its pictures before it learns from them."""

from dataclasses import dataclass

import torch

from core.retraining.data import LabelledData


@dataclass(frozen=True)
class DataReady:
    """The pictures of a run are read.

    Parameters
    ----------
    classes
        How many.
    learned, tested
        How many pictures are for training and for testing.
    size
        Height and width.
    chance
        The accuracy of always naming the most frequent class of the test pictures.
    division
        Who divided them, in a sentence.
    """

    title: str
    classes: int
    learned: int
    tested: int
    size: tuple[int, int]
    chance: float
    division: str

    @property
    def replaces(self) -> str:
        return "data"


def told_of(data: LabelledData) -> DataReady:
    """What a person reads of some pictures."""
    learned, tested = len(data.train.labels), len(data.test.labels)
    return DataReady(data.title, len(data.labels), learned, tested, data.size, chance_of(data), data.division)


def chance_of(data: LabelledData) -> float:
    """The accuracy of always naming the most frequent class of the test pictures."""
    return float(torch.bincount(data.test.labels).max() / len(data.test.labels))
