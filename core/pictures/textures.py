"""Procedural textures: patterns without objects, in two random colours."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from core.randomness import generator

Levels = Float[Tensor, "side side"]


def texture(kind: str, side: int, seed: int, *purpose: object) -> UInt8[np.ndarray, "side side 3"]:
    """A texture of that kind; another purpose gives another one."""
    draw = generator(seed, "texture", kind, *purpose)
    levels = KINDS[kind](side, draw)
    first, second = torch.rand((2, 3), generator=draw)
    coloured = torch.lerp(first, second, levels[..., None])
    return (coloured.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def ramp(side: int, draw: torch.Generator) -> Levels:
    """A gradient from one colour to the other, in a random direction."""
    along = turned(side, draw)[0]
    return (along - along.min()) / (along.max() - along.min())


def stripes(side: int, draw: torch.Generator) -> Levels:
    """Soft stripes."""
    return wave(turned(side, draw)[0], draw)


def checks(side: int, draw: torch.Generator) -> Levels:
    """A rotated checkerboard."""
    across, down = (wave(along, draw) > 0.5 for along in turned(side, draw))
    return (across ^ down).float()


def cells(side: int, draw: torch.Generator) -> Levels:
    """Plain cells around random points."""
    count = int(torch.randint(4, 25, (), generator=draw))
    points = torch.rand((count, 2), generator=draw) - 0.5
    nearest = torch.cdist(upright(side).flatten(1).T, points).argmin(dim=1)
    return torch.rand(count, generator=draw)[nearest].reshape(side, side)


def clouds(side: int, draw: torch.Generator) -> Levels:
    """Noise of several sizes, the coarser the stronger."""
    octaves = [noise(side, cells, draw) / cells for cells in (2, 4, 8, 16) if cells <= side]
    total = torch.stack(octaves).sum(dim=0)
    return (total - total.min()) / (total.max() - total.min())


def grain(side: int, draw: torch.Generator) -> Levels:
    """Noise of one size, down to single pixels."""
    return noise(side, min(side, int(2 ** torch.randint(3, 7, (), generator=draw))), draw)


KINDS: dict[str, Callable[[int, torch.Generator], Levels]] = {
    kind.__name__: kind for kind in (ramp, stripes, checks, cells, clouds, grain)
}


def upright(side: int) -> Float[Tensor, "2 side side"]:
    """Across and down, from -1/2 to 1/2."""
    along = (torch.arange(side) + 0.5) / side - 0.5
    return torch.stack([along.expand(side, side), along[:, None].expand(side, side)])


def turned(side: int, draw: torch.Generator) -> Float[Tensor, "2 side side"]:
    """The same, rotated by a random angle."""
    angle = torch.rand((), generator=draw) * torch.pi
    across, down = upright(side)
    return torch.stack([across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()])


def wave(along: Levels, draw: torch.Generator) -> Levels:
    """A wave of 1 to 8 periods in that direction."""
    periods, phase = 1 + 7 * torch.rand((), generator=draw), torch.rand((), generator=draw)
    return (torch.sin(2 * torch.pi * (periods * along + phase)) + 1) / 2


def noise(side: int, cells: int, draw: torch.Generator) -> Levels:
    """Random levels on that many cells along the side, interpolated between them."""
    coarse = torch.rand((1, 1, cells, cells), generator=draw)
    return F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)[0, 0]
