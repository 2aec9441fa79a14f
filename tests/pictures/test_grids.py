"""Masks from grids are what resizing and cropping give, and their sums need none of them made."""

import math

import pytest
import torch
from torch.nn import functional as F

from core.pictures.grids import Upsampling


def resized_and_cropped(grid, shift, size):
    """As in the paper: to one cell more than the picture has, then a window of the picture's size."""
    cells = len(grid)
    cell = [math.ceil(length / cells) for length in size]
    big = F.interpolate(grid[None, None], [(cells + 1) * side for side in cell], mode="bilinear", align_corners=False)
    return big[0, :, shift[0] : shift[0] + size[0], shift[1] : shift[1] + size[1]]


@pytest.mark.parametrize(("cells", "size"), [(7, (6, 8)), (7, (28, 28)), (4, (13, 22)), (7, (224, 224)), (2, (3, 9))])
def test_masks_are_grids_resized_shifted_and_cropped(cells, size):
    draw = torch.Generator().manual_seed(0)
    upsampling = Upsampling.between(cells, torch.zeros(1, 3, *size, dtype=torch.float64))
    grids = torch.rand(40, cells, cells, generator=draw, dtype=torch.float64)
    shifts = upsampling.shifts(40, draw)
    expected = torch.stack(
        [resized_and_cropped(grid, shift, size) for grid, shift in zip(grids, shifts.tolist(), strict=True)]
    )
    torch.testing.assert_close(upsampling.masks(grids, shifts), expected)

    weights = torch.randn(3, 40, generator=draw, dtype=torch.float64)
    torch.testing.assert_close(
        upsampling.weighted_sums(weights, grids, shifts), torch.einsum("sn,nohw->shw", weights, expected)
    )


def test_every_shift_up_to_a_cell_is_drawn_on_each_axis():
    upsampling = Upsampling.between(7, torch.zeros(1, 3, 28, 42))
    down, across = upsampling.shifts(2000, torch.Generator().manual_seed(0)).T
    assert down.unique().tolist() == list(range(4))
    assert across.unique().tolist() == list(range(6))


def test_masks_have_the_pixels_precision():
    upsampling = Upsampling.between(3, torch.zeros(1, 3, 6, 8))
    assert upsampling.masks(torch.ones(1, 3, 3), torch.zeros(1, 2, dtype=torch.long)).dtype == torch.float32
