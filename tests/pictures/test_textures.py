"""Textures are many, fill their range of colours, and come again with their seed."""

import numpy as np
import pytest
import torch

from core.pictures.textures import KINDS, texture, upright, wave
from core.randomness import generator


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [8, 28, 48, 224])
def test_each_kind_fills_the_side_with_more_than_one_colour(kind, side):
    drawn = texture(kind, side, 0, "train", 1)
    assert drawn.shape == (side, side, 3)
    assert drawn.dtype == np.uint8
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_levels_are_shares_between_the_two_colours(kind):
    for number in range(20):
        levels = KINDS[kind](32, generator(number, kind))
        assert levels.shape == (32, 32)
        assert 0 <= levels.min() < levels.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_seed_and_purpose_decide_and_the_global_state_is_left_alone(kind):
    state = torch.random.get_rng_state()
    np.testing.assert_array_equal(texture(kind, 24, 5, "train", 0), texture(kind, 24, 5, "train", 0))
    drawn = {
        texture(kind, 24, seed, part, number).tobytes()
        for seed in (5, 6)
        for part in ("train", "test")
        for number in range(5)
    }
    assert len(drawn) == 20
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_ramp_is_a_plane():
    levels = KINDS["ramp"](16, generator(3)).double().numpy()
    rows, columns = np.indices((16, 16))
    design = np.stack([rows.ravel(), columns.ravel(), np.ones(256)], axis=1)
    residual = levels.ravel() - design @ np.linalg.lstsq(design, levels.ravel(), rcond=None)[0]
    assert np.abs(residual).max() < 1e-6


def test_a_board_has_two_levels_and_cells_have_a_few():
    for number in range(10):
        assert set(KINDS["checks"](48, generator(number)).unique().tolist()) <= {0.0, 1.0}
        assert 2 <= len(KINDS["cells"](48, generator(number)).unique()) <= 24


def test_stripes_are_a_wave_of_at_most_eight_periods():
    for number in range(20):
        levels = wave(upright(128)[0], generator(number))[0]
        crossings = int(((levels[1:] > 0.5) != (levels[:-1] > 0.5)).sum())
        assert 1 <= crossings <= 17
