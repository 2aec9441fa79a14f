"""Pictures with labels: which class each one's label is, and how often the model predicts it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from core.metrics.statistics import clopper_pearson
from core.models.bundled import IMAGENET
from core.models.class_choice import chosen_class
from core.pictures.labels import LabelSource, given_labels

Explained = Literal["predicted", "labelled"]
MOST_HINTS = 20
WORDNET = re.compile(r"n\d{8}(?!\d)")
EXPLAINED: dict[Explained, str] = {"predicted": "predicted class", "labelled": "labelled class"}


@dataclass(frozen=True)
class LabelRefused:
    """A picture whose label is missing or no class of the model; it does not count for the accuracy."""

    picture: str
    reason: str


@dataclass(frozen=True)
class Accuracy:
    """How many of the labelled pictures the model predicts as labelled."""

    correct: int
    labelled: int

    @property
    def share(self) -> float:
        return self.correct / self.labelled

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share, exact, at 95 %."""
        return clopper_pearson(self.share, self.labelled)

    @property
    def words(self) -> str:
        """As a sentence has it.

        >>> Accuracy(17, 20).words
        '17 of 20 labelled pictures predicted correctly: accuracy 85 % (62 to 97 %)'
        """
        low, high = (f"{100 * end:.0f}" for end in self.interval)
        return (
            f"{self.correct:,} of {self.labelled:,} labelled pictures predicted correctly: "
            f"accuracy {100 * self.share:.0f} % ({low} to {high} %)"
        )


@dataclass(frozen=True)
class Labelling:
    """The class of each labelled picture, by the picture's name, and why another has none."""

    classes: Mapping[str, int]
    missing: Mapping[str, str]


def label_pictures(pictures: Sequence[str], source: LabelSource, labels: Sequence[str], model: str) -> Labelling:
    """The classes that the labels of these pictures mean.

    Parameters
    ----------
    labels
        Those of the model.

    Raises
    ------
    ValueError
        Where no picture has a label that the model knows.
    """
    given = given_labels(pictures, source)
    classes: dict[str, int] = {}
    missing = {name: "It has no label." for name in pictures if name not in given}
    meant = classes_meant(labels, list(dict.fromkeys(given.values())), model)
    for name, label in given.items():
        found = meant[label]
        if isinstance(found, int):
            classes[name] = found
        else:
            missing[name] = found
    if not classes:
        raise ValueError(f"No picture has a label that the model knows. {next(missing[name] for name in given)}")
    return Labelling(classes, missing)


def classes_meant(labels: Sequence[str], said: Sequence[str], model: str) -> dict[str, int | str]:
    """For each label the class that it means, or why there is none.

    The nearest classes are looked up for a few labels only: file names may all differ.
    """
    known = {spaced(label).casefold() for label in labels}
    meant: dict[str, int | str] = {}
    unknown = 0
    for each in said:
        may_be_known = each.isdecimal() or bool(WORDNET.match(each)) or spaced(each).casefold() in known
        unknown += not may_be_known
        meant[each] = (
            class_or_reason(labels, each, model)
            if may_be_known or unknown <= MOST_HINTS
            else f"{model} has no class {each!r}."
        )
    return meant


def class_or_reason(labels: Sequence[str], said: str, model: str) -> int | str:
    """The class of a label, also where _ and - stand for spaces or it is a WordNet number, or why there is none."""
    numbered = WORDNET.match(said)
    if numbered and tuple(labels) == IMAGENET.labels():
        return wordnet_numbers().get(numbered[0], f"{numbered[0]} is none of the 1,000 classes of {model}.")
    try:
        return chosen_class(labels, said, model)
    except ValueError as error:
        reason = str(error)
    try:
        return chosen_class([spaced(label) for label in labels], spaced(said), model)
    except ValueError:
        return reason


@cache
def wordnet_numbers() -> Mapping[str, int]:
    """ImageNet's classes by the numbers that WordNet has for them, which its folders are called by."""
    from timm.data.imagenet_info import ImageNetInfo

    numbers = ImageNetInfo("imagenet-1k").label_names()  # type: ignore[no-untyped-call]
    return {number: index for index, number in enumerate(numbers)}


def spaced(label: str) -> str:
    """A label with single spaces between its words.

    >>> spaced("tiger_cat"), spaced("T-shirt / top")
    ('tiger cat', 'T shirt top')
    """
    return " ".join(re.findall(r"\w+", label.replace("_", " ")))
