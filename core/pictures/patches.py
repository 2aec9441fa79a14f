"""Square patches cut from pictures, at several scales and mirrored, each with its origin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image

Patch = UInt8[np.ndarray, "side side 3"]


@dataclass(frozen=True)
class Ground:
    """A picture, or a part of one, from which patches are cut.

    Parameters
    ----------
    name
        The picture's name.
    left
        The part's first column, in pixels of the picture.
    shrunk
        Pixels of the picture per pixel of this ground.
    digest
        Digest of the picture's pixels, where it is a person's own.
    """

    name: str
    part: Image.Image
    left: int = 0
    shrunk: int = 1
    digest: str = ""

    def origin(self, top: float, left: float, side: float) -> str:
        """Name, rows and columns of the picture's pixels in a square of this part.

        >>> Ground("coffee", Image.new("RGB", (90, 90)), left=100).origin(10, 20, 48)
        'coffee[10:58, 120:168]'
        """
        rows, columns = (
            (math.floor(start * self.shrunk), min(math.ceil((start + side) * self.shrunk), length * self.shrunk))
            for start, length in ((top, self.part.height), (left, self.part.width))
        )
        return f"{self.name}[{rows[0]}:{rows[1]}, {columns[0] + self.left}:{columns[1] + self.left}]"


@dataclass(frozen=True)
class Level:
    """A ground scaled down (or up), so that a patch is a square of it.

    Parameters
    ----------
    scale
        Pixels of the ground per pixel of a patch.
    """

    pixels: UInt8[np.ndarray, "height width 3"]
    scale: float


def zooms(size: tuple[int, int], side: int) -> tuple[float, ...]:
    """Pixels of a picture per pixel of its patches: from a fine detail up to about the whole short side.

    They are whole numbers, unless the picture is smaller than a patch.

    >>> zooms((640, 427), 48), zooms((48, 60), 48), zooms((36, 60), 48)
    ((2, 4, 6, 8), (1,), (0.5625, 0.75))
    """
    whole = min(size) // side
    if not whole:
        return 0.75 * min(size) / side, min(size) / side
    return tuple(sorted({max(1, whole * quarters // 4) for quarters in (1, 2, 3, 4)}))


def level(ground: Ground, side: int, zoom: float) -> Level:
    """The ground scaled by that factor, each pixel the mean of those that it covers; enlarged below 1."""
    if zoom >= 1:
        return Level(np.asarray(reduced(ground.part, int(zoom))), zoom)
    width, height = ground.part.size
    size = (max(side, round(width / zoom)), max(side, round(height / zoom)))
    return Level(np.asarray(ground.part.resize(size, Image.Resampling.BICUBIC)), zoom)


def reduced(picture: Image.Image, times: int) -> Image.Image:
    """The means of square blocks of that side; incomplete blocks at the end are dropped."""
    width, height = (length // times * times for length in picture.size)
    return picture.crop((0, 0, width, height)).reduce(times)


def cut(
    ground: Ground, side: int, scales: Sequence[float], count: int, draw: torch.Generator
) -> list[tuple[Patch, str]]:
    """That many different patches of the ground, or as many as are found, each with its origin; half are mirrored."""
    scaled = [level(ground, side, zoom) for zoom in scales]
    rows, columns = (torch.tensor([each.pixels.shape[axis] - side + 1 for each in scaled]) for axis in (0, 1))
    draws = 2 * count  # some draws coincide
    which = torch.randint(len(scaled), (draws,), generator=draw)
    down, across = (
        torch.rand(draws, generator=draw, dtype=torch.float64) * length[which] for length in (rows, columns)
    )
    mirrored = torch.rand(draws, generator=draw) < 0.5
    places = zip(which.tolist(), down.int().tolist(), across.int().tolist(), mirrored.tolist(), strict=True)
    return [patch(ground, scaled[number], side, *place) for number, *place in islice(dict.fromkeys(places), count)]


def patch(ground: Ground, seen: Level, side: int, top: int, left: int, mirrored: bool) -> tuple[Patch, str]:
    """The square that starts at that row and column of the level, and its origin."""
    square = seen.pixels[top : top + side, left : left + side]
    origin = ground.origin(top * seen.scale, left * seen.scale, side * seen.scale)
    return square[:, ::-1] if mirrored else square, origin
