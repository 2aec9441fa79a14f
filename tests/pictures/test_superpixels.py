"""Superpixels cover every picture, follow its edges, and are cut once for a picture."""

import pytest
import torch
from scipy import ndimage

from core.pictures.superpixels import segmented, superpixels


def noise(size: tuple[int, int], seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("picture", [noise, lambda size: torch.zeros(1, 3, *size)], ids=["noise", "one colour"])
@pytest.mark.parametrize("size", [(6, 8), (28, 28), (37, 20), (224, 224)])
@pytest.mark.parametrize("count", [4, 16, 50, 200])
def test_superpixels_are_numbered_without_gaps_and_about_as_many_as_asked(picture, size, count):
    parts = superpixels(picture(size), count)
    found = parts.unique()
    assert parts.shape == size
    assert torch.equal(found, torch.arange(len(found)))
    asked = min(count, parts.numel())
    assert asked / 2 <= len(found) <= 2 * asked


def test_no_superpixel_crosses_a_sharp_edge():
    picture = torch.zeros(1, 3, 40, 60)
    picture[:, 0, :, 23:] = 1.0
    parts = superpixels(picture, 30)
    assert not set(parts[:, :23].unique().tolist()) & set(parts[:, 23:].unique().tolist())


def test_each_superpixel_hangs_together(chelsea):
    parts = superpixels(chelsea, 50)
    assert all(ndimage.label((parts == part).numpy())[1] == 1 for part in parts.unique())


def test_one_picture_is_cut_once_and_another_anew():
    segmented.cache_clear()
    first = superpixels(noise((20, 20)), 12)
    first += 100  # what a caller does to its copy stays with the caller
    second = superpixels(noise((20, 20)), 12)
    assert segmented.cache_info().misses == 1
    assert second.max() < 100
    assert not torch.equal(superpixels(noise((20, 20), seed=1), 12), second)


def test_precision_does_not_move_a_border():
    picture = noise((28, 28)).float()
    assert torch.equal(superpixels(picture, 30), superpixels(picture.double(), 30))
