"""The energy score: its expected value for a perfect sampler, and that no other sampler does better."""

from itertools import product
from math import sqrt

import pytest
import torch

from core.generation.energy import distances, energy_score

ONE = torch.tensor([[True, False]])


def scored(fills, truth):
    """The score of fills of one pixel of a picture of two."""
    pictures = torch.tensor([[fill, 0.3] for fill in fills]).view(-1, 1, 1, 2)
    return energy_score(pictures, torch.tensor([truth, 0.3]).view(1, 1, 2), ONE)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_a_perfect_sampler_of_two_levels_scores_half_their_mean_distance_whatever_the_number_of_fills(p):
    """Each pixel is 1 with probability p: E|X - x| - E|X - X'| / 2 = 2 · 2p(1 - p) / 2, over all that may be drawn."""
    for n in (2, 3, 5):
        expected = sum(
            scored(fills, truth) * likely((*fills, truth), p)
            for fills in product((0.0, 1.0), repeat=n)
            for truth in (0.0, 1.0)
        )
        assert expected == pytest.approx(2 * p * (1 - p), abs=1e-6)


def likely(values, p):
    return torch.tensor([p if value else 1 - p for value in values], dtype=torch.float64).prod().item()


@pytest.mark.parametrize("q", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_no_other_sampler_scores_better_on_average_than_the_pictures_own_distribution(q):
    p = 0.3
    of_q = sum(
        scored(fills, truth) * likely(fills, q) * likely((truth,), p)
        for fills in product((0.0, 1.0), repeat=2)
        for truth in (0.0, 1.0)
    )
    assert of_q - 2 * p * (1 - p) == pytest.approx(2 * (p - q) ** 2, abs=1e-6)


def test_the_score_is_what_two_loops_give():
    draw = torch.Generator().manual_seed(1)
    fills, truth = torch.rand(7, 3, 4, 5, generator=draw), torch.rand(3, 4, 5, generator=draw)
    hole = torch.rand(4, 5, generator=draw) < 0.4

    def apart(one, other):
        return 2 * float((one - other)[:, hole].square().mean().sqrt())

    n = len(fills)
    towards = sum(apart(fill, truth) for fill in fills) / n
    among = sum(apart(a, b) for a, b in product(fills, fills)) / (n * (n - 1))
    assert energy_score(fills, truth, hole) == pytest.approx(towards - among / 2, abs=1e-6)
    assert distances(fills, truth, hole) == pytest.approx([apart(fill, truth) for fill in fills], abs=1e-6)


def test_a_grey_fill_of_black_and_white_is_one_from_them_in_the_range_of_generators():
    picture, grey = torch.tensor([[[0.0, 1.0]]]), torch.full((2, 1, 1, 2), 0.5)
    assert energy_score(grey, picture, torch.ones(1, 2, dtype=torch.bool)) == pytest.approx(1.0)


def test_what_lies_outside_of_the_hole_does_not_count():
    draw = torch.Generator().manual_seed(2)
    fills, truth = torch.rand(4, 3, 4, 5, generator=draw), torch.rand(3, 4, 5, generator=draw)
    hole = torch.zeros(4, 5, dtype=torch.bool)
    hole[1, 2] = True
    other = torch.where(hole, fills, torch.rand(4, 3, 4, 5, generator=draw))
    assert energy_score(other, truth, hole) == energy_score(fills, truth, hole)


def test_one_fill_or_no_hole_has_no_score():
    hole = torch.ones(2, 2, dtype=torch.bool)
    assert energy_score(torch.zeros(1, 3, 2, 2), torch.zeros(3, 2, 2), hole) is None
    assert energy_score(torch.zeros(4, 3, 2, 2), torch.zeros(3, 2, 2), ~hole) is None
    assert distances(torch.zeros(2, 3, 2, 2), torch.zeros(3, 2, 2), ~hole) == [0.0, 0.0]


def test_a_sharp_gaussian_sampler_has_its_closed_form():
    """One value, standard normal: E|X - X'| = 2 / sqrt(pi), of which a perfect sampler scores half."""
    draw = torch.Generator().manual_seed(3)
    fills, truths = torch.randn(400, 8, generator=draw), torch.randn(400, generator=draw)
    found = torch.tensor([scored(row.tolist(), float(truth)) for row, truth in zip(fills, truths, strict=True)])
    expected, spread = 2 / sqrt(torch.pi), float(found.std()) / sqrt(len(found))
    assert abs(float(found.mean()) - expected) < 4 * spread
