"""Maps that know nothing of the model, in families; each with the moved copies that its range of chance is taken from.

Noise is distributed like its own copies, so a map and its copies are each tested against the other eight. A ramp and a
map of superpixels are not: they are tested against copies of their own, and ramps in all directions share theirs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.control import blobs
from core.metrics.chance import COPIES
from core.metrics.copies import copy_for_chance, irregular_parts, moved_copy
from core.pictures.blurring import blurred
from core.pictures.superpixels import superpixels
from core.randomness import generator

Map = Float[Tensor, "height width"]
NOISE = {"noise, pixels": 0.0, "noise, 1/28": 1 / 28, "noise, 1/14": 1 / 14, "noise, 1/7": 1 / 7}
"""Radius of the blobs as a share of the picture's shorter side."""
MOVED_HERE = "moved, of this picture"
MOVED_THERE = "moved, of another picture"
NOTHING = (*NOISE, "ramps", "superpixels", MOVED_HERE, MOVED_THERE)
"""Families that know neither the model nor where the object is."""
PICTURE_ONLY = "edges, centre"
"""Maps that know the picture and not the model: they may be better than chance, but must not beat the controls."""
GRID = COPIES + 1
SUPERPIXELS = 100
EDGES = (1 / 56, 1 / 28, 1 / 14)


@dataclass(frozen=True, eq=False)
class Tested:
    """A map to be judged, and the moved copies to judge it by."""

    family: str
    map: Map
    copies: Sequence[Map]


def copies_of(values: Map, *purpose: object) -> list[Map]:
    parts, numbers = irregular_parts(values), range(1, COPIES + 1)
    return [copy_for_chance(values, parts, number, generator(0, "copy", number, *purpose)) for number in numbers]


def placed(values: Map, *purpose: object) -> Map:
    """The map somewhere else, at random."""
    return moved_copy(values, COPIES + 1, generator(0, "placed", *purpose))


def by_each_other(family: str, values: Map, count: int, *purpose: object) -> Iterator[Tested]:
    """Grids of the map, placed at random, and of its copies, each judged by the other eight; about so many maps."""
    for number in range(max(1, round(count / GRID))):
        somewhere = placed(values, number, *purpose)
        grid = [somewhere, *copies_of(somewhere, number, *purpose)]
        for place, here in enumerate(grid):
            yield Tested(family, here, [*grid[:place], *grid[place + 1 :]])


def by_copies(family: str, values: Map, *purpose: object) -> Tested:
    return Tested(family, values, copies_of(values, *purpose))


def noise(size: tuple[int, int], count: int, *purpose: object) -> Iterator[Tested]:
    for family, radius in NOISE.items():
        draw = generator(0, family, *purpose)
        values = blobs(size, radius, draw) if radius else torch.rand(size, generator=draw)
        yield from by_each_other(family, values, count, family, *purpose)


def ramps(size: tuple[int, int], count: int, *purpose: object) -> Iterator[Tested]:
    """Planes in random directions; the eight forms of each by turns and flips have the same moved copies."""
    rows, columns = (torch.linspace(-1, 1, length) for length in size)
    for number in range(-(-count // 8)):
        angle = 2 * torch.pi * torch.rand((), generator=generator(0, "ramp", number, *purpose))
        plane = torch.cos(angle) * columns + torch.sin(angle) * rows[:, None]
        copies = copies_of(plane, "ramp", number, *purpose)
        for turned in (plane.rot90(quarter if size[0] == size[1] else 2 * quarter) for quarter in range(4)):
            yield Tested("ramps", turned, copies)
            yield Tested("ramps", turned.flip(1), copies)


def of_superpixels(pixels: Float[Tensor, "1 3 height width"], count: int, *purpose: object) -> Iterator[Tested]:
    """A random value for each superpixel of the picture: uninformed, but along its edges."""
    parts = superpixels(pixels, SUPERPIXELS)
    for number in range(count):
        values = torch.rand(int(parts.max()) + 1, generator=generator(0, "superpixels", number, *purpose))
        yield by_copies("superpixels", values[parts], "superpixels", number, *purpose)


def moved_maps(maps: Mapping[str, Map], count: int, *purpose: object) -> Iterator[Tested]:
    """Moved copies of real maps of this picture, which know the model but not where; and those maps by their copies."""
    for name, values in maps.items():
        yield from by_each_other(MOVED_HERE, values, count, name, *purpose)
        yield by_copies(name, values, name, *purpose)


def moved_from(maps: Mapping[str, Map], count: int, *purpose: object) -> Iterator[Tested]:
    """Moved copies of the real maps of another picture."""
    for name, values in maps.items():
        yield from by_each_other(MOVED_THERE, values, count, "another", name, *purpose)


def of_the_picture(controls: Mapping[str, Map], *purpose: object) -> Iterator[Tested]:
    """Edges at other scales than the Sobel control's, and bumps beside the centre."""
    edges, size = controls["sobel"], controls["sobel"].shape
    for radius in EDGES:
        smooth = blurred(edges[None, None], radius * min(size))[0, 0]
        yield by_copies(PICTURE_ONLY, smooth, "edges", radius, *purpose)
    rows, columns = (torch.linspace(-1, 1, length) for length in size)
    for number in range(len(EDGES)):
        down, across = (0.4 * (torch.rand(2, generator=generator(0, "bump", number, *purpose)) - 0.5)).tolist()
        bump = torch.exp(-(1 + number) * ((rows[:, None] - down).square() + (columns - across).square()))
        yield by_copies(PICTURE_ONLY, bump, "bump", number, *purpose)
