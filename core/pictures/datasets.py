"""Data that ship with HeatCheck, and pictures that serve as a background for comparison."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.assets import ASSETS
from core.pictures.gallery import gallery
from core.pictures.opening import open_picture

FASHION_MNIST = ASSETS / "datasets" / "fashion_mnist.npz"
BACKGROUND = 100


@dataclass(frozen=True)
class Labelled:
    """Pictures with their classes, which take turns, so that the first few are a fair sample."""

    pixels: Float[Tensor, "n channels height width"]
    labels: Int[Tensor, " n"]


@cache
def fashion_mnist(part: Literal["train", "test"]) -> Labelled:
    """The bundled subset: 6,000 training pictures or 1,000 test pictures, equally many of each class.

    The three equal channels share one block of memory, so the pixels are read-only.

    >>> fashion_mnist("test").pixels.shape
    torch.Size([1000, 3, 28, 28])
    """
    pixels = torch.from_numpy(stored(f"{part}_pictures"))[:, None] / 255
    return Labelled(pixels.expand(-1, 3, -1, -1), torch.from_numpy(stored(f"{part}_labels")).long())


def stored(name: str) -> NDArray[np.uint8]:
    """One of the arrays of Fashion-MNIST's file."""
    with np.load(FASHION_MNIST) as file:
        array: NDArray[np.uint8] = file[name]
        return array


def background(
    dataset: str, prepare: Callable[[Image.Image], Float[Tensor, "1 3 height width"]]
) -> Float[Tensor, "n 3 height width"]:
    """Pictures like a network's training data, prepared for it.

    Parameters
    ----------
    dataset, prepare
        The classifier's.
    """
    return torch.cat([prepare(picture) for picture in examples(dataset)])


def examples(dataset: str) -> Iterator[Image.Image]:
    """Ten pictures of each class of Fashion-MNIST; the gallery's photos for networks trained on photos."""
    if dataset == "fashion_mnist":
        yield from (Image.fromarray(levels).convert("RGB") for levels in stored("train_pictures")[:BACKGROUND])
    else:
        yield from (open_picture(each.path) for each in gallery() if each.suits == "imagenet")
