"""Holes filled smoothly: every removed pixel is the weighted mean of its neighbours, all of them at once.

The equations of noisy linear imputation (Rong et al. 2022, arXiv:2202.00449). In twelfths, a direct neighbour has
weight 2 and a diagonal one 1. Each pixel's equation is multiplied by the sum of its neighbours' weights, so that the
system is symmetric and positive definite. It is solved by conjugate gradients from an initial guess refined from coarse
to fine, preconditioned with one V-cycle: on each grid every cell becomes the mean of its neighbours once on the way
down and once on the way up.

All channels of all masks are planes side by side, so one call serves them all. The number of iterations is the same for
any mask: no value depends on the other masks in its batch, and nothing waits for the device. The remaining residual is
below a thousandth of the equations; where only one pixel in several hundred remains, a few thousandths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

ITERATIONS = 5
NEIGHBOURS = ((1.0, 2.0, 1.0), (2.0, 0.0, 2.0), (1.0, 2.0, 1.0))
TENT = ((1.0, 3.0, 3.0, 1.0), (3.0, 9.0, 9.0, 3.0), (3.0, 9.0, 9.0, 3.0), (1.0, 3.0, 3.0, 1.0))
Planes = Float[Tensor, "1 planes height width"]


class Interpolation(NamedTuple):
    """The replacement for removed pixels.

    Parameters
    ----------
    fill
        To be read only where pixels were removed.
    residual
        Norm of each channel's residual, relative to what the remaining pixels contribute, both measured from the
        picture's mean.
    """

    fill: Float[Tensor, "n 3 height width"]
    residual: Float[Tensor, "n 3"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells, each two by two of the next finer grid. Everything is 0 where a value is known.

    Parameters
    ----------
    unknown
        1 where a value is sought: where none of the finer cells has one.
    inverse
        One over the sum of the neighbours' weights, which is smaller at the border.
    share
        What a cell takes from the coarser cells around it, so that their weights add up to one.
    """

    unknown: Planes
    inverse: Planes
    share: Planes


def interpolate(pixels: Float[Tensor, "#n 3 height width"], removed: Bool[Tensor, "n _ height width"]) -> Interpolation:
    """The removed pixels as weighted means of their neighbours; a channel without remaining pixels gets the picture's
    mean.

    Parameters
    ----------
    pixels
        One picture for all masks, or one for each.
    removed
        One channel that applies to all, or one for each.
    """
    mean = pixels.mean(dim=(2, 3), keepdim=True)
    channels = pixels.shape[1]
    unknown = side_by_side(removed.to(pixels.dtype), channels)
    known = side_by_side((pixels - mean).expand(len(removed), -1, -1, -1), channels) * (1 - unknown)
    filled, residual = solved(pyramid(unknown), known)
    fill = filled.view(len(removed), channels, *pixels.shape[2:]).contiguous() + mean
    return Interpolation(fill, residual.view(-1, channels))


def side_by_side(pictures: Float[Tensor, "n _ height width"], channels: int) -> Planes:
    """All channels of all pictures as channels of one picture; a single channel is used for every one."""
    planes = pictures.expand(-1, channels, -1, -1).reshape(1, -1, *pictures.shape[2:])
    # Values of a pixel next to each other are three times as fast on a CPU; elsewhere they would be rounded to TF32.
    return planes.contiguous(memory_format=torch.channels_last) if planes.device.type == "cpu" else planes


def solved(grids: Sequence[Grid], known: Planes) -> tuple[Planes, Float[Tensor, " planes"]]:
    """The planes without gaps, and the residual of their equations."""
    unknown = grids[0].unknown
    total = neighbours(torch.ones_like(unknown[:, :1]))
    filled = guess(grids, known)
    left = unknown * (neighbours(filled) - total * filled)
    along, energy = torch.zeros_like(left), left.new_zeros(1)
    for _ in range(ITERATIONS):
        towards = v_cycle(grids, left)
        before, energy = energy, inner(left, towards)
        along = torch.addcmul(towards, ratio(energy, before), along)
        change = torch.addcmul(total * along, unknown, neighbours(along), value=-1)
        step = ratio(energy, inner(along, change))
        filled.addcmul_(step, along)
        left.addcmul_(step, change, value=-1)
    brought = unknown * neighbours(known)
    return filled, ratio(inner(left, left), inner(brought, brought)).sqrt()


def pyramid(unknown: Planes) -> list[Grid]:
    """The picture's own grid and all coarser ones that have more than one cell."""
    grids = []
    while max(unknown.shape[2:]) > 1:
        everywhere = torch.ones_like(unknown[:, :1])
        whole = enlarged(torch.ones_like(pooled(everywhere)), everywhere)
        grids.append(Grid(unknown, unknown / neighbours(everywhere), unknown / whole))
        unknown = (pooled(1 - unknown) == 0).to(unknown.dtype)
    return grids


def guess(grids: Sequence[Grid], known: Planes) -> Planes:
    """From coarse to fine: means of the known values, and between them the coarser grid's values, smoothed once."""
    means, sums, counts = [known], known, 1 - grids[0].unknown
    for _ in grids:
        sums, counts = pooled(sums), pooled(counts)
        means.append(sums / counts.clamp_min(1))
    guessed = means.pop()
    for grid, mean in zip(reversed(grids), reversed(means), strict=True):
        guessed = torch.addcmul(mean, grid.share, enlarged(guessed, mean))
        guessed = torch.addcmul(mean, grid.inverse, neighbours(guessed))
    return guessed


def v_cycle(grids: Sequence[Grid], left: Planes) -> Planes:
    """An approximate correction that removes the residual; linear, symmetric and positive definite."""
    grid, *coarser = grids
    towards = grid.inverse * left
    if coarser:
        # After that first step what is left is what the neighbours bring.
        coarse = v_cycle(coarser, reduced(grid.share * neighbours(towards)))
        towards.addcmul_(grid.share, enlarged(coarse, towards))
    return neighbours(towards).add_(left).mul_(grid.inverse)


def neighbours(planes: Planes) -> Planes:
    """The weighted sum of each cell's eight neighbours.

    >>> neighbours(torch.ones(1, 1, 3, 4)).int().tolist()
    [[[[5, 8, 8, 5], [8, 12, 12, 8], [5, 8, 8, 5]]]]
    """
    return F.conv2d(planes, kernel(NEIGHBOURS, planes), padding=1, groups=planes.shape[1])


def enlarged(coarse: Planes, like: Planes) -> Planes:
    """Twice the size, cut to that of the other; sixteenths of the four nearest coarse cells, before normalisation."""
    twice = F.conv_transpose2d(coarse, kernel(TENT, coarse), stride=2, padding=1, groups=coarse.shape[1])
    return twice[:, :, : like.shape[2], : like.shape[3]]


def reduced(planes: Planes) -> Planes:
    """Half the size; the transpose of :func:`enlarged`."""
    height, width = planes.shape[2:]
    even = F.pad(planes, (0, width % 2, 0, height % 2))
    return F.conv2d(even, kernel(TENT, planes), stride=2, padding=1, groups=planes.shape[1])


def kernel(weights: Sequence[Sequence[float]], planes: Planes) -> Float[Tensor, "planes 1 _ _"]:
    return planes.new_tensor(weights).expand(planes.shape[1], 1, -1, -1)


def pooled(planes: Planes) -> Planes:
    """The sums over two by two cells; an odd last row or column stands alone.

    >>> pooled(torch.ones(1, 1, 3, 4)).int().tolist()
    [[[[4, 4], [2, 2]]]]
    """
    return F.avg_pool2d(planes, 2, ceil_mode=True, divisor_override=1)


def inner(one: Planes, other: Planes) -> Float[Tensor, "1 planes 1 1"]:
    return (one * other).sum(dim=(2, 3), keepdim=True)


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """Their quotient; 0 where the denominator is 0."""
    return torch.where(below > 0, above / below, 0)
