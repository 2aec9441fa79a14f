"""Imputers fill with what they are named after, made from the original picture only."""

import pytest
import torch
from scipy import ndimage

from core.pictures.imputers import Original, find_imputer, list_imputers, remove
from core.pictures.interpolation import interpolate

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


def test_gaussian_noise_lies_around_the_data_set_s_mean_whatever_the_picture_and_is_not_clipped():
    dark, light = (torch.full((1, 3, 100, 100), level) for level in (0.0, 0.9))
    one, other = (
        filled("gaussian_noise", Original(pixels, MEAN, torch.Generator().manual_seed(5))) for pixels in (dark, light)
    )
    assert torch.equal(one, other)
    torch.testing.assert_close(one.mean(dim=(0, 2, 3)), torch.tensor(MEAN), atol=0.01, rtol=0)
    torch.testing.assert_close(one.std(dim=(0, 2, 3)), torch.full((3,), 0.25), atol=0.01, rtol=0)
    assert one.min() < -0.2
    assert one.max() > 1.2
    another = filled("gaussian_noise", Original(dark, MEAN, torch.Generator().manual_seed(6)))
    assert not torch.equal(one, another)


def test_noisy_linear_is_the_interpolation_and_one_draw_of_noise_for_all_that_is_removed():
    pixels = torch.rand(1, 3, 60, 70, generator=torch.Generator().manual_seed(0))
    prepare = find_imputer("noisy_linear").prepare
    fill = prepare(Original(pixels, MEAN, torch.Generator().manual_seed(5)))
    half, most = (torch.rand(1, 1, 60, 70, generator=torch.Generator().manual_seed(1)) < share for share in (0.5, 0.9))
    noise = fill(half) - interpolate(pixels, half).fill
    torch.testing.assert_close(fill(most) - interpolate(pixels, most).fill, noise, atol=1e-6, rtol=0)
    assert float(noise.std()) == pytest.approx(0.01, rel=0.03)
    assert abs(float(noise.mean())) < 5e-4
    again = prepare(Original(pixels, MEAN, torch.Generator().manual_seed(5)))(half)
    assert torch.equal(again, fill(half))


def test_noisy_linear_is_the_picture_s_mean_with_noise_where_nothing_remains(original):
    found = filled("noisy_linear", original)
    means = original.pixels.mean(dim=(2, 3), keepdim=True).expand_as(found)
    torch.testing.assert_close(found, means, atol=0.05, rtol=0)
    assert float((found - means).std()) == pytest.approx(0.01, rel=0.2)


def test_there_are_eight_ways_to_fill_constant_ones_first():
    assert [entry.name for entry in list_imputers()] == [
        "black",
        "grey",
        "dataset_mean",
        "picture_mean",
        "blur",
        "uniform_noise",
        "gaussian_noise",
        "noisy_linear",
    ]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("entry", list_imputers(), ids=lambda entry: entry.name)
def test_what_stays_is_untouched_to_the_bit(entry, channels, original):
    removed = torch.rand(5, channels, 6, 8, generator=torch.Generator().manual_seed(1)) < 0.4
    fill = entry.prepare(original)(removed)
    pictures = remove(original.pixels, removed, fill)
    gone = removed.expand_as(pictures)
    assert torch.equal(pictures[~gone], original.pixels.expand_as(pictures)[~gone])
    assert torch.equal(pictures[gone], fill.expand_as(pictures)[gone])


def test_an_unknown_imputer_is_answered_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no imputer .gray.\. Did you mean grey"):
        find_imputer("gray")
