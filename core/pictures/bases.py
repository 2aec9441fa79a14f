"""Base pictures: what stamps are put on, some to train on and others, of other origin, to test on."""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.pictures.datasets import Labelled, fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.hub_datasets import open_torchvision_dataset
from core.pictures.opening import open_picture
from core.pictures.own_pictures import sound_pictures, usual_side
from core.pictures.patches import Ground, Patch, cut, zooms
from core.pictures.rendering import to_picture
from core.pictures.specimens import Specimen, collect_specimens
from core.pictures.textures import KINDS, texture
from core.randomness import generator

SIDE = 48
SMALLEST_SIDE = 8
FEWEST = 8
BUNDLED = ("patches", "fashion_mnist")
HELD_OUT = 0.3
"""Share of each photo, on its right, that only tests see."""
GAP = 16
"""Columns between the two parts that nobody sees: what a JPEG encodes together is no wider."""
TEXTURES = 0.2
PARTS = ("train", "test")
CLOTHES_SIDE = 28

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
    learned
        Digests of the pictures of one's own that are trained on, by which they are known again.
    """

    name: str
    title: str
    train: Float[Tensor, "n 3 height width"]
    test: Float[Tensor, "m 3 height width"]
    train_origins: tuple[str, ...]
    test_origins: tuple[str, ...]
    refused: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()

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
        ``"patches"``: patches of the gallery's photos, and textures; ``"fashion_mnist"``: the bundled pictures; a
        folder, searched with all that is below it; ``"torchvision/NAME"``: one of torchvision's data sets, fetched if
        need be; or a list of paths and PIL pictures, or a data set that gives tuples with the picture first. What a
        source says of classes does not count. Of a person's pictures some go to the one part and the rest to the
        other; of two that are equal pixel by pixel, one counts; of few, or large ones, several patches are cut.
    side
        Pixels along the side; by default 48, or the own size of pictures of up to 64 pixels.
    seed
        Of which patches are cut.
    most
        Pictures to train on, at most.

    Raises
    ------
    ValueError
        Where there are fewer than 8 sound pictures, or none can be had, with what to do.
    """
    if side is not None and side < SMALLEST_SIDE:
        raise ValueError(f"Base pictures are at least {SMALLEST_SIDE} pixels wide; {side} leaves no room for a stamp.")
    if most < 3:
        raise ValueError(
            f"A third as many pictures as are trained on are tested on; {most} leaves none. Take 3 or more."
        )
    if isinstance(source, str) and source == "patches":
        return of_photos(side or SIDE, seed, most)
    if isinstance(source, str) and source == "fashion_mnist":
        return of_fashion_mnist(side or CLOTHES_SIDE, seed, most)
    name, title, pictures = recognised(source)
    return of_pictures(name, title, collect_specimens(pictures), side, seed, most)


@dataclass(frozen=True)
class Part:
    """Base pictures of one part, and where each comes from."""

    pixels: Float[Tensor, "n 3 height width"]
    origins: tuple[str, ...]


def unseen_bases(source: Source, side: int, seed: int, most: int, learned: Collection[str]) -> Part:
    """Base pictures to ask a network about that learned from others of the same source.

    Parameters
    ----------
    side, seed, most
        As when it was trained.
    learned
        As its bases have it. A person's source may have changed since: what is not among these was not learned from.

    Raises
    ------
    ValueError
        Where all that is there was learned from, or nothing can be had, with what to do.
    """
    if isinstance(source, str) and source in BUNDLED:
        bases = collect_bases(source, side, seed, most)
        return Part(bases.test, bases.test_origins)
    refused: list[str] = []
    specimens = collect_specimens(recognised(source)[2])
    found = sound_pictures(specimens, side, max(FEWEST, most + most // 3), seed, refused)
    others = [ground for ground in found if ground.digest not in learned]
    if not others:
        raise ValueError(
            f"The model was trained on every picture that is left in {source}. Add others, to test it on what it has "
            "not seen."
        )
    scales = [zooms(ground.part.size, side) for ground in others]
    return stacked(different(spread(others, scales, side, most // 3, seed, "test"), set()), seed, "test")


def recognised(source: Source) -> tuple[str, str, Source]:
    """Name and title of a person's source, and where its pictures are."""
    if isinstance(source, str) and source.startswith("torchvision/"):
        name = source.removeprefix("torchvision/")
        return source, f"{name} of torchvision", open_torchvision_dataset(name)
    if not isinstance(source, str | os.PathLike):
        return "pictures", "Own pictures", source
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise ValueError(
            f"There is no folder at {source}. Name one, or take patches, fashion_mnist, or torchvision/NAME."
        )
    return str(source), folder.resolve().name, folder


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
    drawn = {}
    for part, count in zip(PARTS, (most, most // 3), strict=True):
        textures = int(TEXTURES * count)
        patches = spread(grounds[part], scales, side, count - textures, seed, part)
        drawn[part] = drawn_textures(textures, side, seed, part) + patches
    return gathered("patches", "Patches of photos, and textures", drawn, seed)


def spread(
    grounds: Sequence[Ground], scales: Sequence[Sequence[float]], side: int, count: int, seed: int, part: str
) -> Drawn:
    """So many patches, as many of each ground, which is cut in scales of its own."""
    return [
        patch
        for ground, scale, share in zip(grounds, scales, shares(count, len(grounds)), strict=True)
        for patch in cut(ground, side, scale, share, generator(seed, "bases", part, ground.name))
    ]


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
    pictures = (to_picture(part.pixels[number]) for number in chosen)
    scaled = (each.resize((side, side), Image.Resampling.BILINEAR) for each in pictures)
    return [(np.asarray(each), f"fashion_mnist {name} {number}") for number, each in zip(chosen, scaled, strict=True)]


def of_pictures(name: str, title: str, specimens: Sequence[Specimen], side: int | None, seed: int, most: int) -> Bases:
    """Patches of a person's pictures, a quarter of which are for tests alone."""
    refused: list[str] = []
    found = list(sound_pictures(specimens, side or SIDE, max(FEWEST, most + most // 3), seed, refused))
    if len(found) < FEWEST:
        reason = f" The first that can't be opened is {refused[0]}" if refused else ""
        raise ValueError(
            f"Base pictures need at least {FEWEST} different pictures; {len(found)} were found. "
            f"Add some, or take patches.{reason}"
        )
    side = side or usual_side(found, SIDE, SMALLEST_SIDE)
    tested = len(found) // 4
    scales = [zooms(ground.part.size, side) for ground in found]
    drawn = {
        "train": spread(found[tested:], scales[tested:], side, most, seed, "train"),
        "test": spread(found[:tested], scales[:tested], side, most // 3, seed, "test"),
    }
    learned = tuple(sorted(ground.digest for ground in found[tested:]))
    return replace(gathered(name, title, drawn, seed, refused), learned=learned)


def gathered(name: str, title: str, drawn: Mapping[str, Drawn], seed: int, refused: Sequence[str] = ()) -> Bases:
    """What was drawn for the two parts, each shuffled, so that the first few are a fair sample.

    No two are equal, be it in one part or across.
    """
    parts = {}
    seen: set[bytes] = set()
    for part in PARTS:
        patches = different(drawn[part], seen)
        if not patches:
            raise ValueError("These pictures are too much alike to test on what training has not seen. Add others.")
        parts[part] = stacked(patches, seed, part)
    train, test = (parts[part] for part in PARTS)
    return Bases(name, title, train.pixels, test.pixels, train.origins, test.origins, tuple(refused))


def stacked(patches: Drawn, seed: int, part: str) -> Part:
    """The patches of a part, shuffled."""
    order = torch.randperm(len(patches), generator=generator(seed, "bases", part, "order")).tolist()
    levels = torch.from_numpy(np.stack([patches[place][0] for place in order]))
    pixels = levels.permute(0, 3, 1, 2).contiguous().float().div_(255)
    return Part(pixels, tuple(patches[place][1] for place in order))


def different(drawn: Drawn, seen: set[bytes]) -> Drawn:
    """Those that are unlike any before, which they join: two dark corners may be the same to the pixel."""
    found = []
    for patch, origin in drawn:
        content = hashlib.blake2b(patch.tobytes(), digest_size=16).digest()
        if content not in seen:
            seen.add(content)
            found.append((patch, origin))
    return found


def shares(total: int, among: int) -> list[int]:
    """The total in whole parts as equal as can be.

    >>> shares(8, 3)
    [2, 3, 3]
    """
    return [total * (place + 1) // among - total * place // among for place in range(among)]
