"""Removed pixels become the weighted mean of their neighbours: the answer of a dense solver, from a few iterations."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from torch import Tensor

from core.pictures import interpolation
from core.pictures.blurring import blurred
from core.pictures.interpolation import enlarged, interpolate, pyramid, reduced, side_by_side, v_cycle


def scatter(share: float, size: tuple[int, int], seed: int = 0) -> Tensor:
    """That share of the pixels, anywhere."""
    order = torch.randperm(size[0] * size[1], generator=torch.Generator().manual_seed(seed))
    return (order < round(share * len(order))).view(size)


def clump(share: float, size: tuple[int, int], sigma: float, seed: int = 0) -> Tensor:
    """That share of the pixels, in blobs as large as sigma."""
    noise = torch.randn(1, 1, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    places = blurred(noise, sigma)[0, 0].flatten().argsort().argsort()
    return (places < round(share * len(places))).view(size)


def all_but(kept: list[tuple[int, int]], size: tuple[int, int]) -> Tensor:
    removed = torch.ones(size, dtype=torch.bool)
    for row, column in kept:
        removed[row, column] = False
    return removed


def picture(size: tuple[int, int], seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def mean_of_neighbours(values: NDArray[np.float64], row: int, column: int) -> dict[tuple[int, int], float]:
    """How much each neighbour in the picture weighs: 1/6 beside, 1/12 across, in all one."""
    weights = {
        (row + down, column + right): 1 / 12 if down and right else 1 / 6
        for down, right in itertools.product((-1, 0, 1), repeat=2)
        if (down or right) and 0 <= row + down < values.shape[0] and 0 <= column + right < values.shape[1]
    }
    return {place: weight / sum(weights.values()) for place, weight in weights.items()}


def solved_densely(values: NDArray[np.float64], removed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One equation for each pixel, all of them by Gaussian elimination."""
    height, width = values.shape
    equations, right = np.eye(height * width), np.where(removed, 0, values).ravel()
    for row, column in np.argwhere(removed):
        for (down, across), weight in mean_of_neighbours(values, row, column).items():
            equations[row * width + column, down * width + across] -= weight
    return np.linalg.solve(equations, right).reshape(height, width)


@pytest.mark.parametrize("size", [(7, 5), (6, 8), (1, 9), (8, 2), (15, 16)])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_dense_solver_finds_the_same_to_the_border(size, share):
    pixels = picture(size)
    for seed, mask in itertools.product(range(3), (scatter, lambda *about: clump(*about[:2], 2.0, about[2]))):
        removed = mask(share, size, seed)
        fill, residual = interpolate(pixels, removed[None, None])
        for channel in range(3):
            expected = solved_densely(pixels[0, channel].numpy(), removed.numpy())[removed.numpy()]
            np.testing.assert_allclose(fill[0, channel][removed].numpy(), expected, atol=5e-4)
        assert residual.max() < 4e-4


def test_more_iterations_come_as_near_to_the_dense_solver_as_numbers_allow(monkeypatch):
    monkeypatch.setattr(interpolation, "ITERATIONS", 30)
    pixels, removed = picture((13, 18)), clump(0.8, (13, 18), 2.0)
    fill, residual = interpolate(pixels, removed[None, None])
    expected = solved_densely(pixels[0, 1].numpy(), removed.numpy())[removed.numpy()]
    np.testing.assert_allclose(fill[0, 1][removed].numpy(), expected, atol=1e-12)
    assert residual.max() < 1e-12


@pytest.mark.parametrize("slope", [(1.0, 0.0), (0.0, 1.0), (0.4, -0.6)])
@pytest.mark.parametrize(("iterations", "tolerance"), [(interpolation.ITERATIONS, 1e-3), (30, 1e-12)])
def test_a_linear_ramp_is_reproduced_away_from_the_border(slope, iterations, tolerance, monkeypatch):
    monkeypatch.setattr(interpolation, "ITERATIONS", iterations)
    rows, columns = torch.linspace(0, 1, 48, dtype=torch.float64), torch.linspace(0, 1, 40, dtype=torch.float64)
    ramp = (slope[0] * rows[:, None] + slope[1] * columns).expand(1, 3, -1, -1)
    removed = torch.zeros(48, 40, dtype=torch.bool)
    removed[1:-1, 1:-1] = clump(0.7, (46, 38), 6.0)
    fill, residual = interpolate(ramp, removed[None, None])
    error = (fill - ramp)[..., removed].abs().max()
    assert error < tolerance
    assert error < 5 * residual.max() + 1e-13


@pytest.mark.parametrize(
    "removed", [scatter(0.3, (28, 28)), scatter(0.9, (28, 28)), clump(0.3, (28, 28), 3.0), clump(0.8, (28, 28), 5.0)]
)
def test_pytorch_grad_cam_finds_the_same_to_the_border(removed, chelsea):
    pixels = chelsea[:, :, 60:88, 90:118].contiguous()
    expected = NoisyLinearImputer(noise=0)(pixels[0], (~removed).float())
    fill = interpolate(pixels, removed[None, None]).fill[0]
    torch.testing.assert_close(fill[:, removed], expected[:, removed], atol=5e-4, rtol=0)


SIZE = (224, 224)
HARDEST = {
    **{f"clump {share} {sigma}": clump(share, SIZE, sigma) for share in (0.5, 0.9, 0.95) for sigma in (1.0, 8.0, 40.0)},
    **{f"scatter {share}": scatter(share, SIZE) for share in (0.1, 0.5, 0.9, 0.95, 0.99)},
    "an edge left": all_but([(row, 0) for row in range(224)] + [(0, 223)], SIZE),
    "a diagonal left": all_but([(place, place) for place in range(224)], SIZE),
}
HARDLY_A_PIXEL = {
    "scatter 0.999": scatter(0.999, SIZE),
    "three pixels left": all_but([(10, 20), (150, 201), (90, 77)], SIZE),
    "one pixel left": all_but([(100, 223)], SIZE),
}


def test_a_thousandth_of_the_equations_is_left_at_most_and_a_few_where_hardly_a_pixel_remains(chelsea):
    removed = torch.stack([*HARDEST.values(), *HARDLY_A_PIXEL.values()])[:, None]
    fill, residual = interpolate(chelsea, removed)
    told = dict(zip([*HARDEST, *HARDLY_A_PIXEL], residual.amax(dim=1).tolist(), strict=True))
    assert {name: left for name, left in told.items() if left > (3e-3 if name in HARDLY_A_PIXEL else 1e-3)} == {}
    assert max(told[name] for name in told if name.startswith("clump")) < 4e-4
    # What was found lies between what remains, as a mean must.
    low, high = chelsea.amin(dim=(0, 2, 3)).view(3, 1, 1), chelsea.amax(dim=(0, 2, 3)).view(3, 1, 1)
    gone = removed.expand_as(fill)
    assert ((fill - high)[gone] < 2e-3).all()
    assert ((low - fill)[gone] < 2e-3).all()


def test_the_residual_told_is_the_one_that_is_left():
    size = (15, 22)
    pixels, removed = picture(size), clump(0.7, size, 3.0)
    fill, (told,) = interpolate(pixels, removed[None, None])
    for channel in range(3):
        values = (pixels - pixels.mean(dim=(2, 3), keepdim=True))[0, channel].numpy()
        found = np.where(removed.numpy(), (fill - pixels.mean(dim=(2, 3), keepdim=True))[0, channel].numpy(), values)
        left, brought = [], []
        for row, column in np.argwhere(removed.numpy()):
            weights = mean_of_neighbours(values, row, column)
            present = sum(2 if row == down or column == across else 1 for down, across in weights)
            left.append(present * (sum(found[place] * share for place, share in weights.items()) - found[row, column]))
            brought.append(present * sum(values[at] * share for at, share in weights.items() if not removed[at]))
        assert told[channel] == pytest.approx(np.linalg.norm(left) / np.linalg.norm(brought), rel=1e-6)


def test_a_mask_s_answer_does_not_depend_on_the_others_in_its_batch(chelsea):
    removed = torch.stack([*HARDEST.values()])[:7, None]
    together = interpolate(chelsea, removed)
    for number in range(7):
        alone = interpolate(chelsea, removed[number : number + 1])
        torch.testing.assert_close(alone.fill[0], together.fill[number], atol=1e-5, rtol=0)


def test_where_nothing_remains_the_picture_s_mean_takes_its_place_and_nothing_is_left():
    pixels = picture((9, 14), dtype=torch.float32)
    fill, residual = interpolate(pixels, torch.ones(2, 1, 9, 14, dtype=torch.bool))
    assert torch.equal(fill, pixels.mean(dim=(2, 3), keepdim=True).expand(2, -1, 9, 14))
    assert residual.tolist() == [[0, 0, 0]] * 2


def test_each_channel_may_lose_other_pixels_and_one_of_them_all():
    size = (12, 11)
    pixels = picture(size)
    removed = torch.stack([scatter(0.4, size), clump(0.6, size, 2.0), torch.ones(size, dtype=torch.bool)])
    fill = interpolate(pixels, removed[None]).fill[0]
    for channel in range(2):
        alone = interpolate(pixels, removed[None, channel : channel + 1]).fill[0]
        torch.testing.assert_close(fill[channel], alone[channel])
    torch.testing.assert_close(fill[2], pixels[0, 2].mean().expand(size))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_stays_one(share):
    pixels = torch.full((1, 3, 10, 12), 0.3)
    fill, residual = interpolate(pixels, scatter(share, (10, 12))[None, None])
    torch.testing.assert_close(fill, pixels)
    assert residual.isfinite().all()


def test_nothing_removed_is_nothing_to_do():
    pixels = picture((6, 8))
    fill, residual = interpolate(pixels, torch.zeros(2, 1, 6, 8, dtype=torch.bool))
    torch.testing.assert_close(fill, pixels.expand(2, -1, -1, -1))
    assert residual.tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers_keep_their_precision(dtype):
    fill, residual = interpolate(picture((6, 8), dtype=dtype), scatter(0.5, (6, 8))[None, None])
    assert fill.dtype == residual.dtype == dtype


def test_a_coarse_cell_is_known_as_soon_as_one_of_its_four_is():
    removed = torch.ones(1, 1, 5, 6)
    removed[0, 0, 4, 3] = 0
    _, coarse, coarser = pyramid(removed)
    assert coarse.unknown[0, 0].tolist() == [[1, 1, 1], [1, 1, 1], [1, 0, 1]]
    assert coarser.unknown[0, 0].tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize("size", [(6, 8), (7, 5), (1, 3)])
def test_the_way_down_is_the_way_up_transposed(size):
    fine = picture(size)
    coarse = picture(((size[0] + 1) // 2, (size[1] + 1) // 2), seed=1)
    torch.testing.assert_close((enlarged(coarse, fine) * fine).sum(), (coarse * reduced(fine)).sum())


@pytest.mark.parametrize("size", [(12, 16), (13, 7)])
def test_a_cell_takes_one_share_in_all_of_the_coarser_cells(size):
    grid, coarser, *_ = pyramid(torch.ones(1, 1, *size, dtype=torch.float64))
    taken = grid.share * enlarged(torch.ones_like(coarser.share), grid.share)
    torch.testing.assert_close(taken, torch.ones_like(taken))


@pytest.mark.parametrize("size", [(12, 16), (13, 7)])
def test_the_preconditioner_is_symmetric_and_positive_definite(size):
    removed = clump(0.7, size, 2.0)
    grids = pyramid(removed[None, None].double())
    places = removed.nonzero()
    matrix = torch.zeros(len(places), len(places), dtype=torch.float64)
    for number, (row, column) in enumerate(places):
        unit = torch.zeros(1, 1, *size, dtype=torch.float64)
        unit[0, 0, row, column] = 1
        answer = v_cycle(grids, unit)[0, 0]
        assert (answer[~removed] == 0).all()
        matrix[number] = answer[removed]
    torch.testing.assert_close(matrix, matrix.T)
    assert torch.linalg.eigvalsh(matrix).min() > 0


def test_planes_lie_side_by_side_on_a_cpu_in_the_order_of_pictures():
    pictures = picture((4, 5)).expand(2, -1, -1, -1) * torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)
    planes = side_by_side(pictures, 3)
    assert planes.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(planes[0, 4], pictures[1, 1])
