"""Base pictures that stamps are put on: some for training and others, of different origin, for testing."""

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

from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.datasets import Labelled, fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.opening import open_picture
from core.pictures.own_pictures import sound_pictures, usual_side
from core.pictures.patches import Ground, Patch, cut, zooms
from core.pictures.rendering import to_picture
from core.pictures.textures import KINDS, texture
from core.pictures.torchvision_datasets import open_torchvision_dataset
from core.randomness import generator

SIDE = 48
SMALLEST_SIDE = 8
FEWEST = 8
BUNDLED = ("patches", "fashion_mnist")
HELD_OUT = 0.3
"""Share of each photo, on its right, that is reserved for tests."""
GAP = 16
"""Unused columns between the two parts: blocks that a JPEG encodes together are no wider."""
TEXTURES = 0.2
PARTS = ("train", "test")
CLOTHES_SIDE = 28

Source = str | os.PathLike[str] | Sequence[Any]
Drawn = list[tuple[Patch, str]]


@dataclass(frozen=True)
class Bases:
    """Pictures of one size in two parts, neither of which shows anything of the other.

    Parameters
    ----------
    name
        The source that they were collected from.
    train, test
        Pixels in [0, 1], each one of 256 levels.
    train_origins, test_origins
        Where each comes from: for a patch, the picture with the rows and columns of its pixels.
    refused
        The name of each picture that could not be opened, with the reason.
    learned
        Digests of a person's own training pictures, by which they are recognised again.
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
        """Mean red, green and blue of the training part."""
        red, green, blue = self.train.mean(dim=(0, 2, 3), dtype=torch.float64).tolist()
        return red, green, blue


def collect_bases(source: Source, side: int | None = None, seed: int = 0, most: int = 3000) -> Bases:
    """Base pictures of a source, with a third as many test pictures as training pictures.

    Parameters
    ----------
    source
        ``"patches"``: patches of the gallery's photos, and textures; ``"fashion_mnist"``: the bundled pictures; a
        folder, searched recursively; ``"torchvision/NAME"``: one of torchvision's data sets, downloaded if necessary;
        or a list of paths and PIL pictures, or a data set of tuples with the picture first. Class labels in a source
        are ignored. A person's pictures are divided between the two parts; of two that are identical pixel by pixel
        only one counts; several patches are cut from few or large pictures.
    side
        Pixels along each side; by default 48, or the pictures' own size if it is at most 64 pixels.
    seed
        Determines which patches are cut.
    most
        Maximum number of training pictures.

    Raises
    ------
    ValueError
        Where there are fewer than 8 sound pictures, or none are available, with what to do.
    """
    if side is not None and side < SMALLEST_SIDE:
        raise ValueError(
            f"Base pictures must be at least {SMALLEST_SIDE} pixels wide; {side} is too small for a stamp."
        )
    if most < 3:
        raise ValueError(f"Testing uses a third as many pictures as training; {most} leaves none. Use 3 or more.")
    if isinstance(source, str) and source == "patches":
        return of_photos(side or SIDE, seed, most)
    if isinstance(source, str) and source == "fashion_mnist":
        return of_fashion_mnist(side or CLOTHES_SIDE, seed, most)
    name, title, pictures = recognised(source)
    return of_pictures(name, title, collect_pictures(pictures), side, seed, most)


@dataclass(frozen=True)
class Part:
    """Base pictures of one part, and where each comes from."""

    pixels: Float[Tensor, "n 3 height width"]
    origins: tuple[str, ...]


def unseen_bases(source: Source, side: int, seed: int, most: int, learned: Collection[str]) -> Part:
    """Base pictures to test a network that was trained on others from the same source.

    Parameters
    ----------
    side, seed, most
        The values used when it was trained.
    learned
        The digests in its bases. A person's source may have changed since: a picture that is not among these was not
        used for training.

    Raises
    ------
    ValueError
        Where every available picture was used for training, or none are available, with what to do.
    """
    if isinstance(source, str) and source in BUNDLED:
        bases = collect_bases(source, side, seed, most)
        return Part(bases.test, bases.test_origins)
    refused: list[str] = []
    collected = collect_pictures(recognised(source)[2])
    found = sound_pictures(collected, side, max(FEWEST, most + most // 3), seed, refused)
    others = [ground for ground in found if ground.digest not in learned]
    if not others:
        raise ValueError(
            f"The model was trained on every picture still in {source}. Add pictures that it has not seen, to test it."
        )
    scales = [zooms(ground.part.size, side) for ground in others]
    return stacked(different(spread(others, scales, side, most // 3, seed, "test"), set()), seed, "test")


def recognised(source: Source) -> tuple[str, str, Source]:
    """Name and title of a person's source, and where its pictures are."""
    if isinstance(source, str) and source.startswith("torchvision/"):
        name = source.removeprefix("torchvision/")
        return source, f"torchvision's {name}", open_torchvision_dataset(name)
    if not isinstance(source, str | os.PathLike):
        return "pictures", "Own pictures", source
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise ValueError(f"There is no folder at {source}. Use a folder, patches, fashion_mnist, or torchvision/NAME.")
    return str(source), folder.resolve().name, folder


def of_photos(side: int, seed: int, most: int) -> Bases:
    """Patches of the gallery's photos, the left of each for training and the right for testing, and textures."""
    grounds: dict[str, list[Ground]] = {"train": [], "test": []}
    for each in gallery():
        if each.cut_into_patches:
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
    """That many patches, divided evenly over the grounds, each cut at scales of its own."""
    return [
        patch
        for ground, scale, share in zip(grounds, scales, shares(count, len(grounds)), strict=True)
        for patch in cut(ground, side, scale, share, generator(seed, "bases", part, ground.name))
    ]


def drawn_textures(count: int, side: int, seed: int, part: str) -> Drawn:
    """That many textures, cycling through the kinds."""
    kinds = [list(KINDS)[number % len(KINDS)] for number in range(count)]
    return [(texture(kind, side, seed, part, number), f"{kind} {part} {number}") for number, kind in enumerate(kinds)]


def of_fashion_mnist(side: int, seed: int, most: int) -> Bases:
    """The bundled pictures of Fashion-MNIST, with its own split."""
    drawn = {
        "train": drawn_clothes(fashion_mnist("train"), most, side, seed, "train"),
        "test": drawn_clothes(fashion_mnist("test"), most // 3, side, seed, "test"),
    }
    return gathered("fashion_mnist", "Fashion-MNIST", drawn, seed)


def drawn_clothes(part: Labelled, most: int, side: int, seed: int, name: str) -> Drawn:
    """At most that many of the pictures."""
    chosen = torch.randperm(len(part.pixels), generator=generator(seed, "bases", name))[:most].tolist()
    pictures = (to_picture(part.pixels[number]) for number in chosen)
    scaled = (each.resize((side, side), Image.Resampling.BILINEAR) for each in pictures)
    return [(np.asarray(each), f"fashion_mnist {name} {number}") for number, each in zip(chosen, scaled, strict=True)]


def of_pictures(
    name: str, title: str, collected: Sequence[StudyPicture], side: int | None, seed: int, most: int
) -> Bases:
    """Patches of a person's pictures, a quarter of which are only for testing."""
    refused: list[str] = []
    found = list(sound_pictures(collected, side or SIDE, max(FEWEST, most + most // 3), seed, refused))
    if len(found) < FEWEST:
        reason = f" The first that could not be opened is {refused[0]}" if refused else ""
        raise ValueError(
            f"Base pictures need at least {FEWEST} different pictures; {len(found)} were found. "
            f"Add some, or use patches.{reason}"
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
    """The patches of the two parts, each shuffled, so that the first few are a fair sample.

    No two are identical, within a part or across parts.
    """
    parts = {}
    seen: set[bytes] = set()
    for part in PARTS:
        patches = different(drawn[part], seen)
        if not patches:
            raise ValueError("These pictures are too similar to test on unseen ones. Add others.")
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
    """Those unlike any before, which they then join: two dark corners may be identical to the pixel."""
    found = []
    for patch, origin in drawn:
        content = hashlib.blake2b(patch.tobytes(), digest_size=16).digest()
        if content not in seen:
            seen.add(content)
            found.append((patch, origin))
    return found


def shares(total: int, among: int) -> list[int]:
    """The total in integer parts as equal as possible.

    >>> shares(8, 3)
    [2, 3, 3]
    """
    return [total * (place + 1) // among - total * place // among for place in range(among)]
