"""The middle is cut out, nothing is stretched, and what is small enough stays as it is."""

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from core.models.classifier import Classifier, Preprocessing
from core.models.cropping import centre_crop, grey_centre_crop


def picture(levels):
    """Rows of colours, or of levels of grey, as a picture."""
    levels = np.asarray(levels, np.uint8)
    return Image.fromarray(np.stack([levels] * 3, axis=2) if levels.ndim == 2 else levels)


@pytest.mark.parametrize("size", [(6, 8), (8, 6), (7, 7)])
def test_a_picture_of_that_size_comes_through_to_the_bit(size):
    levels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    expected = torch.from_numpy(levels).permute(2, 0, 1).float() / 255
    assert torch.equal(centre_crop(picture(levels), size), expected)


def test_only_the_middle_of_a_wide_or_tall_picture_is_seen():
    wide = np.full((10, 40), 200)
    wide[:, 15:25] = 50
    for levels in (wide, wide.T):
        assert torch.equal(centre_crop(picture(levels), (10, 10)), torch.full((3, 10, 10), 50 / 255))


def test_the_crop_has_the_asked_proportions_and_fills_them():
    tall = np.full((30, 8), 200)
    tall[12:18] = 50  # 6 x 8 pixels: what a crop of proportion 3 to 4 sees
    seen = centre_crop(picture(tall), (12, 16))
    assert seen.shape == (3, 12, 16)
    assert (seen[:, 2:-2] == 50 / 255).all()
    assert seen.min() >= 50 / 255


def test_scaling_down_averages_over_all_that_a_pixel_covers():
    checkers = (np.indices((280, 280)).sum(axis=0) % 2) * 255
    assert (centre_crop(picture(checkers), (28, 28)) - 0.5).abs().max() < 0.01


def test_scaling_keeps_the_plane():
    ramp = np.tile(np.arange(256), (256, 1))
    seen = centre_crop(picture(ramp), (16, 16))
    expected = (torch.arange(16) * 16 + 7.5).div(255).expand(16, 16)
    assert (seen[0] - expected)[:, 1:-1].abs().max() < 1 / 255
    assert torch.equal(seen[0, 0], seen[0, -1])


@pytest.mark.parametrize(("colour", "share"), [((255, 0, 0), 0.299), ((0, 255, 0), 0.587), ((0, 0, 255), 0.114)])
def test_grey_is_how_bright_a_colour_looks_in_three_equal_channels(colour, share):
    seen = grey_centre_crop(Image.new("RGB", (90, 40), colour), (28, 28))
    assert seen.shape == (3, 28, 28)
    assert seen.flatten().unique().tolist() == pytest.approx([share], abs=0.5 / 255)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_pictures_of_other_modes_have_three_channels_too(mode):
    assert centre_crop(Image.new(mode, (9, 5)), (4, 4)).shape == (3, 4, 4)


@pytest.mark.parametrize("kind", ["L", "RGBA", "CMYK", "array", "path"])
def test_a_classifier_prepares_what_a_person_has_as_it_does_an_opened_picture(kind, linear, tmp_path):
    size = (6, 8)
    levels = np.random.default_rng(1).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    levels[..., 1:] = levels[..., :1]  # grey looks the same in every mode
    given = {"array": levels, "path": tmp_path / "a.png"}.get(kind)
    picture(levels).save(tmp_path / "a.png")
    geometry = partial(centre_crop, size=size)
    small = Classifier("small", linear, Preprocessing(geometry, size, (0.0,) * 3, (1.0,) * 3), ("a", "b", "c"))
    prepared = small.prepare(picture(levels).convert(kind) if given is None else given)
    assert torch.equal(prepared[0], centre_crop(picture(levels), size))
