"""Labelled pictures that networks are trained and tested on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Union

import torch
from jaxtyping import Float
from torch import Tensor

from core.models.bundled import FASHION_MNIST
from core.models.classifier import Colour
from core.pictures.datasets import Labelled, fashion_mnist
from core.pictures.labels import FOLDERS, LabelSource
from core.retraining.division import MOST_TESTS, SourcePictures, divided, too_few
from core.retraining.sources import of_folder, of_torchvision
from core.studies.over_pictures import PictureRefused

BUNDLED = "fashion_mnist"
HUB = "torchvision/"
SIDE = 32
SMALLEST_SIDE = 8

Part = Literal["train", "test"]
Source = Union[str, os.PathLike[str], "LabelledData"]


@dataclass(frozen=True, eq=False)
class LabelledData:
    """Pictures of one size with their classes, some for training and others for testing.

    Parameters
    ----------
    labels
        The name of each class.
    refused
        The pictures that are left out, with the reason.
    division
        Who divided them into training and test pictures, in a sentence.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    train: Labelled
    test: Labelled
    refused: tuple[PictureRefused, ...] = ()
    division: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.train.pixels.shape[2:]
        return height, width

    @cached_property
    def mean(self) -> Colour:
        """Mean colour of the training pictures, which fills removed places."""
        return tuple(self.train.pixels.mean(dim=(0, 2, 3), dtype=torch.float64).tolist())

    @cached_property
    def std(self) -> Colour:
        """Standard deviation of each colour of the training pictures; bounded below, since nothing divides by 0."""
        return tuple(self.train.pixels.double().std(dim=(0, 2, 3)).clamp(min=0.01).tolist())

    def normalised(self, pixels: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n channels height width"]:
        """The pictures as a network's input; the training mean becomes 0."""
        shift, scale = (pixels.new_tensor(each).view(1, -1, 1, 1) for each in (self.mean, self.std))
        return ((pixels - shift) / scale).contiguous(memory_format=torch.channels_last)

    @cached_property
    def inputs(self) -> Mapping[Part, Float[Tensor, "n channels height width"]]:
        """The pictures of each part as a network's input; kept, since every training of a study begins with them."""
        return {"train": self.normalised(self.train.pixels), "test": self.normalised(self.test.pixels)}


def collect_data(
    source: Source = BUNDLED,
    labels: LabelSource = FOLDERS,
    side: int = SIDE,
    most: int | None = None,
    seed: int = 0,
    tests: int = MOST_TESTS,
) -> LabelledData:
    """The pictures of a source with their classes.

    Parameters
    ----------
    source
        ``"fashion_mnist"``: the bundled 7,000; ``"torchvision/NAME"``: one of torchvision's data sets, downloaded if
        necessary; a folder; or data that were collected before.
    labels
        Where the labels of a folder's pictures are: in the names of the folders they lie in, in their own names, or in
        a table.
    side
        Pixels along each side, to which the pictures of a folder or of torchvision are cropped and scaled.
    most
        Maximum number of training pictures; all by default.
    seed
        Determines which pictures are reserved for tests where the source does not, and which are the first.
    tests
        Maximum number of test pictures.

    Raises
    ------
    ValueError
        Where there are fewer than two classes or too few pictures of one, or none are available, with what to do.
    """
    if isinstance(source, LabelledData):
        return limited(checked(source), most, tests)
    if source == BUNDLED:
        return limited(bundled(), most, tests)
    check_side(side)
    if isinstance(source, str) and source.startswith(HUB):
        return in_parts(source, of_torchvision(source.removeprefix(HUB), side, seed), most, seed, tests)
    return in_parts(str(source), of_folder(Path(source), labels, side, seed), most, seed, tests)


def bundled() -> LabelledData:
    """The bundled subset of Fashion-MNIST."""
    parts = fashion_mnist("train"), fashion_mnist("test")
    division = "The training and test pictures are a tenth of those of Fashion-MNIST itself."
    return LabelledData(BUNDLED, "Fashion-MNIST", FASHION_MNIST.labels(), *parts, division=division)


def in_parts(name: str, source: SourcePictures, most: int | None, seed: int, tests: int = MOST_TESTS) -> LabelledData:
    """The pictures of a source, divided."""
    labels, train, test, refused, division = divided(source, most, seed, tests)
    return LabelledData(name, source.title, labels, train, test, refused, division)


def limited(data: LabelledData, most: int | None, tests: int = MOST_TESTS) -> LabelledData:
    """The same with at most this many training and test pictures, the first ones."""
    train, test = first_of(data, data.train, most, "training"), first_of(data, data.test, tests, "test")
    return data if train is data.train and test is data.test else replace(data, train=train, test=test)


def first_of(data: LabelledData, part: Labelled, most: int | None, kind: str) -> Labelled:
    """The first pictures of a part, which must show every class."""
    if most is None or most >= len(part.labels):
        return part
    first = Labelled(part.pixels[:most], part.labels[:most])
    if len(set(first.labels.tolist())) < len(data.labels):
        raise ValueError(too_few(most, kind, len(data.labels)))
    return first


def checked(data: LabelledData) -> LabelledData:
    """The same data where networks can take them.

    Raises
    ------
    ValueError
        Where they have another number of channels, or are too small.
    """
    channels = data.train.pixels.shape[1]
    if channels != 3:
        raise ValueError(
            f"Networks take pictures of 3 channels, not {channels}; pixels.expand(-1, 3, -1, -1) repeats one."
        )
    check_side(min(data.size))
    return data


def check_side(side: int) -> None:
    """Refuses pictures that the pools of a network would reduce to nothing."""
    if side < SMALLEST_SIDE:
        raise ValueError(f"Pictures must be at least {SMALLEST_SIDE} pixels wide for these networks, not {side}.")
