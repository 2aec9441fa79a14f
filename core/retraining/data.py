"""Labelled pictures that networks are trained and tested on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Union

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.models.bundled import FASHION_MNIST
from core.models.classifier import Colour
from core.models.cropping import centre_crop
from core.pictures.collecting import collect_pictures
from core.pictures.datasets import Labelled, fashion_mnist
from core.pictures.labels import FOLDERS, LabelSource, given_labels
from core.pictures.opening import PictureError, as_picture
from core.pictures.torchvision_datasets import open_torchvision_dataset
from core.randomness import generator
from core.studies.over_pictures import PictureRefused

BUNDLED = "fashion_mnist"
HUB = "torchvision/"
SIDE = 32
HELD_OUT = 1 / 7
"""Share of the pictures reserved for tests where a source does not divide them; as in the bundled ones."""
FEWEST_OF_A_CLASS = 7
SMALLEST_SIDE = 8

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
    """

    name: str
    title: str
    labels: tuple[str, ...]
    train: Labelled
    test: Labelled
    refused: tuple[PictureRefused, ...] = ()

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


def collect_data(
    source: Source = BUNDLED, labels: LabelSource = FOLDERS, side: int = SIDE, most: int | None = None, seed: int = 0
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
        Determines which pictures are reserved for tests where the source does not.

    Raises
    ------
    ValueError
        Where there are fewer than two classes or too few pictures of one, or none are available, with what to do.
    """
    if isinstance(source, LabelledData):
        return limited(source, most)
    if source == BUNDLED:
        return limited(
            LabelledData(
                BUNDLED, "Fashion-MNIST", FASHION_MNIST.labels(), fashion_mnist("train"), fashion_mnist("test")
            ),
            most,
        )
    if side < SMALLEST_SIDE:
        raise ValueError(f"Pictures must be at least {SMALLEST_SIDE} pixels wide for these networks, not {side}.")
    if isinstance(source, str) and source.startswith(HUB):
        return limited(of_torchvision(source, side, seed), most)
    return limited(of_folder(Path(source), labels, side, seed), most)


def limited(data: LabelledData, most: int | None) -> LabelledData:
    """The same with at most this many training pictures, the first ones."""
    if most is None or most >= len(data.train.labels):
        return data
    train = Labelled(data.train.pixels[:most], data.train.labels[:most])
    if len(set(train.labels.tolist())) < len(data.labels):
        raise ValueError(f"The first {most} pictures do not show each of the {len(data.labels)} classes; use more.")
    return LabelledData(data.name, data.title, data.labels, train, data.test, data.refused)


def of_torchvision(source: str, side: int, seed: int) -> LabelledData:
    """A data set of torchvision whose targets are classes."""
    name = source.removeprefix(HUB)
    items = open_torchvision_dataset(name)
    pictures, classes = zip(*(items[place][:2] for place in range(len(items))), strict=True)
    if not all(isinstance(each, int) or getattr(each, "ndim", 1) == 0 for each in classes):
        raise ValueError(f"The pictures of {name} have no class each; choose a data set of a class for each picture.")
    numbers = [int(each) for each in classes]
    named = getattr(items, "classes", None) or range(max(numbers) + 1)
    labels = tuple(each if isinstance(each, str) else str(each) for each in named)
    return divided(source, name, labels, [scaled(each, side) for each in pictures], numbers, seed)


def of_folder(folder: Path, source: LabelSource, side: int, seed: int) -> LabelledData:
    """A person's own pictures; those that cannot be opened are left out, with the reason."""
    found = collect_pictures(folder)
    given = given_labels([each.name for each in found], source)
    labels = tuple(sorted(set(given.values())))
    pixels, numbers, refused = [], [], []
    for each in found:
        if each.name not in given:
            refused.append(PictureRefused(each.name, "It has no label."))
            continue
        try:
            pixels.append(scaled(each.open(), side))
            numbers.append(labels.index(given[each.name]))
        except PictureError as error:
            refused.append(PictureRefused(each.name, str(error)))
    return divided(str(folder), folder.name, labels, pixels, numbers, seed, tuple(refused))


def scaled(picture: Any, side: int) -> Float[Tensor, "3 side side"]:
    """The centre of a picture, scaled."""
    return centre_crop(picture if isinstance(picture, Image.Image) else as_picture(picture), size=(side, side))


def divided(
    name: str,
    title: str,
    labels: tuple[str, ...],
    pixels: Sequence[Tensor],
    numbers: Sequence[int],
    seed: int,
    refused: tuple[PictureRefused, ...] = (),
) -> LabelledData:
    """The pictures divided between training and tests in the same share of every class, in an order drawn once.

    Raises
    ------
    ValueError
        Where there are fewer than two classes, or too few pictures of one.
    """
    classes = torch.tensor(numbers)
    counts = torch.bincount(classes, minlength=len(labels))
    few = [
        f"{label} ({count})" for label, count in zip(labels, counts.tolist(), strict=True) if count < FEWEST_OF_A_CLASS
    ]
    if len(labels) < 2 or few:
        raise ValueError(
            f"Training needs at least two classes with {FEWEST_OF_A_CLASS} pictures each; "
            + (f"too few of {', '.join(few)}." if few else f"{title} has one.")
        )
    order = torch.randperm(len(classes), generator=generator(seed, "held out"))
    within = [order[classes[order] == number] for number in range(len(labels))]
    parts = [(own[: round(HELD_OUT * len(own))], own[round(HELD_OUT * len(own)) :]) for own in within]
    stacked = torch.stack(list(pixels))
    test, train = (torch.cat(places) for places in zip(*parts, strict=True))
    mixed = [each[torch.randperm(len(each), generator=generator(seed, "order"))] for each in (train, test)]
    learned, tested = (Labelled(stacked[each], classes[each]) for each in mixed)
    return LabelledData(name, title, labels, learned, tested, refused)
