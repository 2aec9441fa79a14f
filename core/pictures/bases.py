"""Base pictures: what stamps are put on, some to train on and others, of other origin, to test on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.pictures.datasets import Labelled, fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.opening import open_picture
from core.pictures.patches import Ground, Patch, cut, zooms
from core.pictures.textures import KINDS, texture
from core.randomness import generator

SIDE = 48
HELD_OUT = 0.3
"""Share of each photo, on its right, that only tests see."""
GAP = 16
"""Columns between the two parts that nobody sees: a JPEG's blocks of colour span as many."""
TEXTURES = 0.2

Source = str | os.PathLike[str] | Sequence[Any]
Drawn = list[tuple[Patch, str]]


@dataclass(frozen=True)
class Bases:
    """Pictures of one size in two parts of which no picture shows anything of the other part's.

    Parameters
    ----------
    name
        The source that they were collected from.
    train, test
        Pixels in [0, 1], each a level of 8 bits.
    train_origins, test_origins
        Of each where it comes from: for what was cut out, the picture with rows and columns of its pixels.
    refused
        Of each picture that could not be opened its name, and why.
    """

    name: str
    title: str
    train: Float[Tensor, "n 3 height width"]
    test: Float[Tensor, "m 3 height width"]
    train_origins: tuple[str, ...]
    test_origins: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.train.shape[-2:]
        return height, width

    @cached_property
    def mean(self) -> tuple[float, float, float]:
        """Red, green and blue, on average over the training part."""
        red, green, blue = self.train.mean(dim=(0, 2, 3), dtype=torch.float64).tolist()
        return red, green, blue


def collect_bases(source: Source, side: int | None = None, seed: int = 0, most: int = 3000) -> Bases:
    """Base pictures of a source, a third as many to test on as to train on.

    Parameters
    ----------
    source
        ``"patches"``: patches of the gallery's photos, and textures; ``"fashion_mnist"``: the bundled pictures.
    side
        Pixels along the side; by default 48, or 28 for Fashion-MNIST.
    seed
        Of which patches are cut.
    most
        Pictures to train on.
    """
    if source == "patches":
        return of_photos(side or SIDE, seed, most)
    if source == "fashion_mnist":
        return of_fashion_mnist(side or 28, seed, most)
    raise ValueError(f"There are no base pictures {source!r}.")


def of_photos(side: int, seed: int, most: int) -> Bases:
    """Patches of the gallery's photos, of each its left to train on and its right to test on, and textures."""
    grounds: dict[str, list[Ground]] = {"train": [], "test": []}
    for each in gallery():
        if each.suits == "imagenet":
            photo = open_picture(each.path)
            border = round(photo.width * (1 - HELD_OUT))
            grounds["train"].append(Ground(each.name, photo.crop((0, 0, border - GAP, photo.height))))
            grounds["test"].append(Ground(each.name, photo.crop((border, 0, photo.width, photo.height)), border))
    scales = [zooms(narrower.part.size, side) for narrower in grounds["test"]]  # the same for both parts
    drawn: dict[str, Drawn] = {}
    for part, count in (("train", most), ("test", most // 3)):
        textures = int(TEXTURES * count)
        drawn[part] = drawn_textures(textures, side, seed, part)
        for ground, scale, share in zip(grounds[part], scales, shares(count - textures, len(scales)), strict=True):
            drawn[part] += cut(ground, side, scale, share, generator(seed, "bases", part, ground.name))
    return gathered("patches", "Patches of photos, and textures", drawn, seed)


def drawn_textures(count: int, side: int, seed: int, part: str) -> Drawn:
    """So many textures, the kinds in turn."""
    kinds = [list(KINDS)[number % len(KINDS)] for number in range(count)]
    return [(texture(kind, side, seed, part, number), f"{kind} {part} {number}") for number, kind in enumerate(kinds)]


def of_fashion_mnist(side: int, seed: int, most: int) -> Bases:
    """The bundled pictures of Fashion-MNIST, its own parts."""
    drawn = {
        "train": drawn_clothes(fashion_mnist("train"), most, side, seed, "train"),
        "test": drawn_clothes(fashion_mnist("test"), most // 3, side, seed, "test"),
    }
    return gathered("fashion_mnist", "Fashion-MNIST", drawn, seed)


def drawn_clothes(part: Labelled, most: int, side: int, seed: int, name: str) -> Drawn:
    """At most so many of the pictures."""
    chosen = torch.randperm(len(part.pixels), generator=generator(seed, "bases", name))[:most].tolist()
    drawn = []
    for number in chosen:
        levels = (part.pixels[number].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        drawn.append((levels, f"fashion_mnist {name} {number}"))
    if drawn and drawn[0][0].shape[0] != side:
        return [
            (np.asarray(Image.fromarray(levels).resize((side, side), Image.Resampling.BILINEAR)), origin)
            for levels, origin in drawn
        ]
    return drawn


def gathered(name: str, title: str, drawn: Mapping[str, Drawn], seed: int, refused: Sequence[str] = ()) -> Bases:
    """What was drawn for the two parts, each shuffled, so that the first few are a fair sample."""
    pixels, origins = {}, {}
    for part, patches in drawn.items():
        order = torch.randperm(len(patches), generator=generator(seed, "bases", part, "order")).tolist()
        levels = torch.from_numpy(np.stack([patches[place][0] for place in order]))
        pixels[part] = levels.permute(0, 3, 1, 2).contiguous() / 255
        origins[part] = tuple(patches[place][1] for place in order)
    return Bases(name, title, pixels["train"], pixels["test"], origins["train"], origins["test"], tuple(refused))


def shares(total: int, among: int) -> list[int]:
    """The total in whole parts as equal as can be.

    >>> shares(8, 3)
    [2, 3, 3]
    """
    return [total * (place + 1) // among - total * place // among for place in range(among)]
