"""Degrading a good map: what the noise leaves, and which metrics are called falling."""

import numpy as np
import pytest
import torch

from core.coherency.degradation import LEVELS, degradation, degraded


def seeded():
    return torch.Generator().manual_seed(4)


def test_the_values_stay_and_a_larger_share_moves_the_pixels_of_a_smaller_one():
    values = torch.randn(20, 30, generator=torch.Generator().manual_seed(1))
    moved = [degraded(values, share, seeded()) != values for share in LEVELS]
    assert not moved[0].any()
    for less, more, share in zip(moved, moved[1:], LEVELS[1:], strict=False):
        assert torch.equal(degraded(values, share, seeded()).flatten().sort().values, values.flatten().sort().values)
        assert more.float().mean() == pytest.approx(share, abs=0.02)
        assert (less & more).sum() >= 0.97 * less.sum()


def test_the_correlation_with_the_map_falls_by_the_share_that_is_shuffled():
    values = torch.randn(100, 100, generator=torch.Generator().manual_seed(1))
    for share in LEVELS:
        both = torch.stack([values.flatten(), degraded(values, share, seeded()).flatten()])
        assert float(torch.corrcoef(both)[0, 1]) == pytest.approx(1 - share, abs=0.03)


@pytest.fixture
def noise():
    return 0.05 * np.random.default_rng(3).normal(size=(20, 5))


def test_a_metric_that_falls_with_every_step_falls_and_one_that_jumps_up_rises(noise):
    down = np.array([1.0, 0.7, 0.5, 0.3, 0.1])
    assert degradation("fidelity", down + noise, 1).fall == "falls"
    assert degradation("fidelity", np.array([1.0, 0.3, 0.9, 0.2, 0.1]) + noise, 1).fall == "rises"
    assert degradation("fidelity", -down + noise, 1).fall == "rises"
    assert degradation("fidelity", noise, 1).fall == "unclear"


def test_a_level_part_does_not_make_a_fall_unclear(noise):
    assert degradation("fidelity", np.array([1.0, 1.0, 0.5, 0.5, 0.1]) + noise, 1).fall == "falls"


def test_few_pictures_are_no_proof(noise):
    assert degradation("fidelity", (np.array([1.0, 0.7, 0.5, 0.3, 0.1]) + noise)[:4], 1).fall == "unclear"


def test_means_are_shown_as_the_metric_has_them(noise):
    found = degradation("deletion", np.array([-0.1, -0.2, -0.3, -0.4, -0.5]) + noise, -1)
    assert found.means[0].mean == pytest.approx(0.1, abs=0.05)
    assert found.means[4].mean == pytest.approx(0.5, abs=0.05)
    assert found.levels == LEVELS


def test_pictures_with_a_gap_do_not_count(noise):
    scores = np.array([1.0, 0.7, 0.5, 0.3, 0.1]) + noise
    scores[3, 2] = np.nan
    assert degradation("fidelity", scores, 1).n == 19
    assert degradation("fidelity", scores[3:4], 1).fall == "unclear"


def test_a_metric_that_knows_nothing_is_called_falling_or_rising_in_one_study_of_ten_at_most():
    draw = np.random.default_rng(0)
    named = sum(degradation("fidelity", draw.normal(size=(12, 5)), 1).fall != "unclear" for _ in range(300))
    assert named / 300 <= 0.1
