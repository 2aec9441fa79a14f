"""Smooth masks from coarse grids: each grid scaled up, then shifted by less than a cell.

Scaling up is linear along each axis, so a mask is rows x grid x columns: two matrix products make any number of masks,
and a weighted sum of masks does not require any of them.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Upsampling:
    """How a grid of cells becomes a mask of the picture's size (Petsiuk et al. 2018).

    Parameters
    ----------
    rows, columns
        For each shift how much each cell contributes to a row, or a column, of the mask.
    """

    rows: Float[Tensor, "shifts cells height"]
    columns: Float[Tensor, "shifts cells width"]

    @classmethod
    def between(cls, cells: int, pixels: Float[Tensor, "1 3 height width"]) -> "Upsampling":
        """From that many cells a side to the size of these pixels, on their device and in their precision."""
        height, width = pixels.shape[2:]
        return cls(slopes(cells, height, pixels), slopes(cells, width, pixels))

    def shifts(self, count: int, draw: torch.Generator) -> Int[Tensor, "count 2"]:
        """Down and across, each less than a cell."""
        return self.shifts_at(torch.rand(count, 2, generator=draw, device=draw.device))

    def shifts_at(self, shares: Float[Tensor, "n 2"]) -> Int[Tensor, "n 2"]:
        """Down and across, each this share of a cell; shares are below 1."""
        limits = torch.tensor([len(self.rows), len(self.columns)], device=shares.device)
        return (shares * limits).long()

    def masks(
        self, grids: Float[Tensor, "n cells cells"], shifts: Int[Tensor, "n 2"]
    ) -> Float[Tensor, "n 1 height width"]:
        """Each grid at the picture's size; values in [0, 1] stay there."""
        masks: Tensor = self.rows[shifts[:, 0]].mT @ grids @ self.columns[shifts[:, 1]]
        return masks[:, None]

    def weighted_sums(
        self,
        weights: Float[Tensor, "sums n"],
        grids: Float[Tensor, "n cells cells"],
        shifts: Int[Tensor, "n 2"],
    ) -> Float[Tensor, "sums height width"]:
        """The sums of all masks under several weightings, without computing any of the masks."""
        tall = self.rows[shifts[:, 0]].flatten(0, 1)
        wide = weights.to(grids)[:, :, None, None] * (grids @ self.columns[shifts[:, 1]])
        sums: Tensor = tall.T @ wide.flatten(1, 2)
        return sums


def slopes(cells: int, length: int, like: Tensor) -> Float[Tensor, "shifts cells length"]:
    """Linear interpolation from cells to pixels, one cell longer than needed, cut at every possible shift."""
    cell = math.ceil(length / cells)
    each = torch.eye(cells, device=like.device, dtype=like.dtype)
    stretched = F.interpolate(each[None], (cells + 1) * cell, mode="linear", align_corners=False)[0]
    return stretched.unfold(1, length, 1)[:, :cell].permute(1, 0, 2).contiguous()
