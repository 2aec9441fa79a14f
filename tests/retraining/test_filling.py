"""What fills removed places: solved on pictures whose answer is known, and fixed for each picture."""

import pytest
import torch

from core.pictures.imputers import INTERPOLATION_NOISE, Original, find_imputer, remove
from core.pictures.interpolation import interpolate
from core.randomness import generator, picture_digest
from core.retraining import filling
from core.retraining.data import LabelledData
from core.retraining.filling import Filling, fill_linearly, noise_of
from core.retraining.masks import random_masks
from core.retraining.training import shown

PIXELS = torch.rand(7, 3, 12, 10, generator=generator(0, "pictures"))
REMOVED = torch.rand(7, 1, 12, 10, generator=generator(1, "masks")) < 0.5


def test_a_hole_in_a_linear_gradient_is_restored_up_to_the_noise():
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    picture = torch.stack([rows / 15, columns / 15, (rows + columns) / 30])[None]
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 5:10, 4:11] = True
    filled = fill_linearly(picture, hole, seed=0)
    left = filled - picture - INTERPOLATION_NOISE * noise_of(picture, 0)
    assert left[hole.expand_as(left)].abs().max() < 0.005
    assert (filled - picture)[hole.expand_as(left)].std() == pytest.approx(INTERPOLATION_NOISE, rel=0.3)


def test_remaining_pixels_stay_unchanged_to_the_bit():
    filled = fill_linearly(PIXELS, REMOVED, seed=0)
    kept = ~REMOVED.expand_as(PIXELS)
    assert torch.equal(filled[kept], PIXELS[kept])
    assert (filled != PIXELS).any(dim=1, keepdim=True).equal(REMOVED)


def test_a_fill_is_that_of_the_imputer_that_explanations_use():
    filled = fill_linearly(PIXELS, REMOVED, seed=3)
    for picture, removed, own in zip(PIXELS.split(1), REMOVED.split(1), filled, strict=True):
        draw = generator(3, "fill", picture_digest(picture[0]))
        imputer = find_imputer("noisy_linear").prepare(Original(picture, (0.5,) * 3, draw))
        torch.testing.assert_close(own, remove(picture, removed, imputer(removed))[0])


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_neither_neighbours_nor_their_number_show_in_a_picture_s_fill(at_once, monkeypatch):
    whole = fill_linearly(PIXELS, REMOVED, seed=0)
    monkeypatch.setattr(filling, "AT_ONCE", at_once)
    torch.testing.assert_close(fill_linearly(PIXELS[2:5], REMOVED[2:5], seed=0), whole[2:5])


def test_noise_belongs_to_the_picture_and_the_study_s_seed_and_not_to_the_mask():
    assert torch.equal(noise_of(PIXELS, 0)[3], noise_of(PIXELS[3:], 0)[0])
    assert not torch.equal(noise_of(PIXELS, 0), noise_of(PIXELS, 1))
    assert not torch.equal(noise_of(PIXELS, 0)[0], noise_of(PIXELS, 0)[1])
    for removed in (REMOVED, torch.ones_like(REMOVED)):
        noise = fill_linearly(PIXELS, removed, seed=0) - interpolate(PIXELS, removed).fill
        gone = removed.expand_as(noise)
        torch.testing.assert_close(noise[gone], INTERPOLATION_NOISE * noise_of(PIXELS, 0)[gone], atol=1e-6, rtol=0)


def test_single_channels_are_filled_where_a_place_is_a_feature():
    removed = torch.rand(7, 3, 12, 10, generator=generator(4, "features")) < 0.5
    filled = fill_linearly(PIXELS, removed, seed=0)
    assert torch.equal(filled[~removed], PIXELS[~removed])
    assert (filled[removed] != PIXELS[removed]).all()


def test_training_and_test_pictures_are_shown_filled_and_masks_alone_are_shown_without_a_fill(squares: LabelledData):
    linear = Filling("noisy_linear", 5)
    for name, part in (("train", squares.train), ("test", squares.test)):
        removed = random_masks(len(part.labels), squares.size, generator(0, "masks"))
        seen = shown(squares, name, removed, filling=linear)
        torch.testing.assert_close(seen, squares.normalised(fill_linearly(part.pixels, removed, seed=5)))
        alone = shown(squares, name, removed, masks_alone=True, filling=linear)
        assert torch.equal(alone, shown(squares, name, removed, masks_alone=True))
        assert torch.equal(alone[:, :1] > 0, removed)
