"""The stamp distance is 2 (1 - r), whatever the map's scale, and says where it can't be told."""

import numpy as np
import pytest
import torch

import core
from core.metrics.distance import share_as_near, stamp_distance


@pytest.fixture
def mask():
    mask = torch.zeros(9, 14, dtype=torch.bool)
    mask[2:5, 7:12] = True
    return mask


@pytest.fixture
def values():
    return torch.randn(9, 14, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_it_is_twice_one_minus_the_correlation(values, mask):
    r = np.corrcoef(values.flatten(), mask.flatten())[0, 1]
    assert stamp_distance(values, mask) == pytest.approx(2 * (1 - r), abs=1e-12)


def test_it_is_the_mean_squared_difference_of_both_standardised(values, mask):
    def z(array):
        return (array - array.mean()) / array.std()

    expected = ((z(values.numpy()) - z(mask.double().numpy())) ** 2).mean()
    assert stamp_distance(values, mask) == pytest.approx(expected, abs=1e-12)


def test_the_mask_itself_has_none_and_upside_down_four(mask):
    assert stamp_distance(mask.float(), mask) == pytest.approx(0, abs=1e-12)
    assert stamp_distance(-mask.float(), mask) == pytest.approx(4, abs=1e-12)


def test_unrelated_maps_have_two_within_the_sampling_error(mask):
    draw = torch.Generator().manual_seed(4)
    distances = [stamp_distance(torch.rand(9, 14, generator=draw), mask) for _ in range(2000)]
    # r of unrelated values has variance 1 / (N - 1), so d has four times that.
    deviation = 2 / (mask.numel() - 1) ** 0.5
    assert np.mean(distances) == pytest.approx(2, abs=4 * deviation / 2000**0.5)
    assert np.std(distances) == pytest.approx(deviation, rel=0.07)


@pytest.mark.parametrize(("factor", "shift"), [(3.0, -7.0), (1e-12, 0.0), (1e-300, 0.0), (1e12, 5.0), (1.0, 1e6)])
def test_a_factor_above_zero_and_a_constant_change_nothing(values, mask, factor, shift):
    assert stamp_distance(factor * values + shift, mask) == pytest.approx(stamp_distance(values, mask), rel=1e-7)
    assert stamp_distance(-factor * values + shift, mask) == pytest.approx(4 - stamp_distance(values, mask), rel=1e-7)


@pytest.mark.parametrize("level", [0.0, 0.1, -3.0, 1e30])
def test_a_constant_map_has_two(mask, level):
    assert stamp_distance(torch.full(mask.shape, level), mask) == 2.0


def test_arrays_will_do_and_the_package_has_it(values, mask):
    assert core.stamp_distance(values.numpy(), mask.numpy()) == stamp_distance(values, mask)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda values, mask: (values[1:], mask), "make them equal"),
        (lambda values, mask: (values * float("nan"), mask), "not finite"),
        (lambda values, mask: (values, torch.zeros_like(mask)), "must mark some pixels"),
        (lambda values, mask: (values, torch.ones_like(mask)), "must mark some pixels"),
    ],
)
def test_what_has_no_distance_is_refused_with_a_sentence(values, mask, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        stamp_distance(*change(values, mask))


def test_copies_as_near_are_counted_over_every_shift_flip_and_turn(values, mask):
    own = stamp_distance(values, mask)
    copies = [
        stamp_distance(torch.roll(turned, (down, across), dims=(0, 1)), mask)
        for half in (values, values.rot90(2))
        for turned in (half, half.flip(1))
        for down in range(9)
        for across in range(14)
    ]
    expected = np.mean([copy <= own + 1e-9 for copy in copies])
    assert share_as_near(values, mask) == pytest.approx(expected, abs=1e-12)


def test_a_square_map_is_turned_by_quarters_as_well():
    mask = torch.zeros(6, 6, dtype=torch.bool)
    mask[1, 1:5] = True
    upright = torch.zeros(6, 6, dtype=torch.float64)
    upright[2, 3], upright[0:4, 1] = 0.01, 1.0
    lies_as_the_mask = sum(
        stamp_distance(torch.roll(turned, (down, across), dims=(0, 1)), mask) <= stamp_distance(upright, mask) + 1e-9
        for k in range(4)
        for turned in (upright.rot90(k), upright.rot90(k).flip(1))
        for down in range(6)
        for across in range(6)
    )
    assert share_as_near(upright, mask) == pytest.approx(lies_as_the_mask / (8 * 36))
    assert share_as_near(mask.double(), mask) == pytest.approx(4 / (8 * 36))  # four of the eight lie the same way


def test_a_map_that_knows_nothing_has_any_share_of_nearer_copies_alike(mask):
    draw = torch.Generator().manual_seed(6)
    shares = np.sort([share_as_near(torch.rand(9, 14, generator=draw), mask) for _ in range(1000)])
    assert np.abs(shares - np.linspace(0, 1, 1000)).max() < 1.63 / 1000**0.5  # Kolmogorov and Smirnov, 1 %


def test_a_constant_map_is_as_near_as_all_its_copies(mask):
    assert share_as_near(torch.full(mask.shape, 0.1), mask) == 1
