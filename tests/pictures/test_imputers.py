"""Imputers fill with what they are named after, made from the original picture only."""

import pytest
import torch
from scipy import ndimage

from core.pictures.imputers import Original, find_imputer, list_imputers, remove

MEAN = (0.485, 0.456, 0.406)


@pytest.fixture
def original(pixels) -> Original:
    return Original(pixels, MEAN, torch.Generator().manual_seed(0))


def filled(name: str, original: Original) -> torch.Tensor:
    everything = torch.ones_like(original.pixels[:, :1], dtype=torch.bool)
    return find_imputer(name).prepare(original)(everything).expand_as(original.pixels)


def test_constant_fills_are_what_they_are_called(original):
    assert (filled("black", original) == 0).all()
    assert (filled("grey", original) == 0.5).all()
    assert filled("dataset_mean", original)[0, :, 2, 3].tolist() == pytest.approx(MEAN)
    torch.testing.assert_close(filled("picture_mean", original)[0, :, 0, 0], original.pixels[0].mean(dim=(1, 2)))


def test_the_data_set_s_mean_is_not_the_network_s_normalisation(lite0):
    assert lite0.preprocessing.mean == (0.5, 0.5, 0.5)
    assert lite0.dataset_mean == MEAN


def test_blur_agrees_with_scipy_at_224():
    pixels = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    expected = ndimage.gaussian_filter(pixels[0, 0].numpy(), sigma=5, radius=5, mode="mirror")
    torch.testing.assert_close(
        filled("blur", Original(pixels, MEAN, torch.Generator()))[0, 0],
        torch.from_numpy(expected),
        rtol=1e-4,
        atol=1e-4,
    )


def test_noise_is_uniform_and_one_draw_for_one_picture():
    pixels = torch.zeros(1, 3, 100, 100)
    one, other = (filled("uniform_noise", Original(pixels, MEAN, torch.Generator().manual_seed(5))) for _ in range(2))
    assert torch.equal(one, other)
    assert 0 <= one.min() < 0.01 < 0.99 < one.max() <= 1
    assert abs(float(one.mean()) - 0.5) < 0.01


@pytest.mark.parametrize("entry", list_imputers(), ids=lambda entry: entry.name)
def test_what_stays_is_untouched_to_the_bit(entry, original):
    removed = torch.rand(5, 1, 6, 8, generator=torch.Generator().manual_seed(1)) < 0.4
    fill = entry.prepare(original)(removed)
    pictures = remove(original.pixels, removed, fill)
    gone = removed.expand_as(pictures)
    assert torch.equal(pictures[~gone], original.pixels.expand_as(pictures)[~gone])
    assert torch.equal(pictures[gone], fill.expand_as(pictures)[gone])


def test_an_unknown_imputer_is_answered_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no imputer .gray.\. Did you mean grey"):
        find_imputer("gray")
