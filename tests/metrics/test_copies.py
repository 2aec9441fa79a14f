"""A copy has the map's shape and lies elsewhere."""

import itertools
from math import sqrt

import pytest
import torch
from skimage.measure import label
from torch.nn import functional as F

from core.metrics.copies import (
    FIRST_AT_RANDOM,
    copy_for_chance,
    correlations_with_copies,
    irregular_parts,
    moved_copy,
    similarity_by_chance,
)
from core.metrics.removal import Cells, removal_rank


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_copy_has_the_very_values_of_the_map():
    values = torch.rand(6, 8, generator=drawn(0))
    for seed in range(20):
        assert torch.equal(
            moved_copy(values, 1 + seed, drawn(seed)).flatten().sort().values, values.flatten().sort().values
        )


def shares_of_best(numbers, runs, spots):
    """For each region that counts, how often a blob whose place is drawn covers more of it than each of its copies."""
    best = dict.fromkeys(spots, 0)
    for run in range(runs):
        blob = 1e-3 * torch.rand(12, 12, generator=drawn(10**6 + run))
        blob[:3, :3] += 1
        own = moved_copy(blob, FIRST_AT_RANDOM, drawn(10**5 + run))
        copies = [moved_copy(own, number, drawn(1000 * run + number)) for number in numbers]
        for spot, counts in spots.items():
            best[spot] += all((own * counts).sum() > (copy * counts).sum() for copy in copies)
    return {spot: count / runs for spot, count in best.items()}


def one_spot(low, high):
    """A square that counts, no two of its pixels alike: two copies that hold the same there, turned, would be equal."""
    counts = torch.zeros(12, 12)
    counts[low:high, low:high] = 1 + torch.rand(high - low, high - low, generator=drawn(1))
    return counts


SPOTS = {"middle": one_spot(4, 8), "corner": one_spot(0, 4), "most": one_spot(2, 11)}


def test_a_map_that_knows_nothing_is_the_best_of_itself_and_its_first_eight_copies_in_one_case_of_nine():
    shares = shares_of_best(range(1, FIRST_AT_RANDOM), 4000, SPOTS)
    assert shares == pytest.approx(dict.fromkeys(SPOTS, 1 / 9), abs=3 * sqrt(1 / 9 * 8 / 9 / 4000))


def test_a_map_that_knows_nothing_is_the_best_of_itself_and_19_copies_drawn_one_by_one_in_one_case_of_twenty():
    shares = shares_of_best(range(FIRST_AT_RANDOM, FIRST_AT_RANDOM + 19), 3000, {"middle": SPOTS["middle"]})
    assert shares["middle"] == pytest.approx(1 / 20, abs=3 * sqrt(1 / 20 * 19 / 20 / 3000))


def test_square_copies_meet_all_turns_and_flips_and_others_only_those_that_fit():
    """The corner and its right neighbour are found again around all four sides of a square."""
    square, oblong = torch.zeros(8, 8), torch.zeros(6, 8)
    square[0, :2] = oblong[0, :2] = torch.tensor([2.0, 1.0])

    def directions(values):
        found = set()
        for seed in range(100):
            copy = moved_copy(values, FIRST_AT_RANDOM, drawn(seed))
            (big,), (small,) = ((copy == level).nonzero() for level in (2, 1))
            found.add(
                tuple((step + 1) % side - 1 for step, side in zip((small - big).tolist(), copy.shape, strict=True))
            )
        return found

    assert directions(square) == {(0, 1), (0, -1), (1, 0), (-1, 0)}
    assert directions(oblong) == {(0, 1), (0, -1)}


def test_masks_of_a_copy_are_as_clustered_as_the_map_s():
    rows = torch.arange(64.0 * 64).view(64, 64)
    edges = []
    for values in (rows, moved_copy(rows, FIRST_AT_RANDOM, drawn(3))):
        mask = removal_rank(values, drawn(0)) < 2048
        edges.append(sum(int((mask != mask.roll(1, axis)).sum()) for axis in (0, 1)))
    assert edges[0] == edges[1]


def voronoi(points, side, seed=12):
    """Each pixel's nearest of some points: parts with borders in every direction."""
    spots = side * torch.rand(points, 2, generator=drawn(seed))
    pixels = torch.cartesian_prod(torch.arange(side), torch.arange(side)).float()
    return torch.cdist(pixels, spots).argmin(dim=1).reshape(side, side)


def chance_copies(values):
    parts = irregular_parts(values)
    return [copy_for_chance(values, parts, number, drawn(number)) for number in range(1, FIRST_AT_RANDOM + 2)]


def merely_moved(values):
    return [moved_copy(values, number, drawn(number)) for number in range(1, FIRST_AT_RANDOM + 2)]


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_a_copy_of_a_map_of_irregular_parts_has_the_moved_map_s_means_on_the_same_parts(kind):
    parts = voronoi(40, 32)
    assert label(parts.numpy(), background=-1, connectivity=1).max() == len(parts.unique())  # none is in two pieces
    values = torch.randperm(40, generator=drawn(0)).to(kind)[parts]
    for copy, moved in zip(chance_copies(values), merely_moved(values), strict=True):
        assert not torch.equal(copy, values)
        for part in parts.unique():
            within = copy[parts == part]
            assert within.unique().numel() == 1
            assert float(within[0]) == pytest.approx(float(moved[parts == part].double().mean()))


SIDE = 64
ROWS, COLUMNS = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
SMOOTH = {
    "a bump": torch.exp(-3 * (ROWS.square() + COLUMNS.square())),
    "an oblique ramp": 0.8 * ROWS + 0.6 * COLUMNS,
    "a plane of 7 cells": F.interpolate(torch.rand(1, 1, 7, 7, generator=drawn(2)), (SIDE, SIDE), mode="bilinear")[
        0, 0
    ],
}
IN_FEW_LEVELS = {
    f"{name} in {levels} levels": ((levels - 1) * (values - values.min()) / (values.max() - values.min())).round()
    for name, values in SMOOTH.items()
    for levels in (12, 32, 64, 128, 255)
}
OTHERS = {
    "pixels": torch.rand(32, 32, generator=drawn(1)),
    "a grid": torch.rand(8, 8, generator=drawn(1)).repeat_interleave(4, 0).repeat_interleave(4, 1),
    "columns": torch.arange(32.0).expand(32, 32),
    "two halves": (voronoi(40, 32) < 20).float(),
    "channels": torch.rand(3, 40, generator=drawn(1))[:, voronoi(40, 32)],
    "one value": torch.ones(8, 8),
    "one pixel": torch.ones(1, 1),
    **SMOOTH,
    **IN_FEW_LEVELS,
}


@pytest.mark.parametrize("values", OTHERS.values(), ids=OTHERS)
def test_other_maps_are_merely_moved(values):
    assert all(map(torch.equal, chance_copies(values), merely_moved(values)))


@pytest.mark.parametrize(
    ("counts", "least"),
    [
        (lambda run: torch.rand(40, generator=drawn(run))[voronoi(40, 24)], 1 / 9),
        (
            lambda run: moved_copy(SPOTS["middle"].repeat_interleave(2, 0).repeat_interleave(2, 1), 9, drawn(run)),
            1 / 30,
        ),
    ],
    ids=["for each part by itself", "in one place"],
)
def test_random_values_of_parts_are_the_best_of_themselves_and_eight_copies_in_at_most_one_case_of_nine(counts, least):
    """In one of nine where what counts is known of each part by itself; more seldom where it spans several parts."""
    runs, best, parts = 1000, 0, voronoi(40, 24)
    cells = Cells(parts.flatten())
    for run in range(runs):
        counted = counts(run)
        own = torch.rand(40, generator=drawn(10**5 + run))[parts]
        copies = [copy_for_chance(own, cells, number, drawn(9 * run + number)) for number in range(1, FIRST_AT_RANDOM)]
        shares = [
            float(counted[values >= values.median()].sum() / (values >= values.median()).sum())
            for values in (own, *copies)
        ]
        best += shares[0] > max(shares[1:])
    noise = 3 * sqrt(1 / 9 * 8 / 9 / runs)
    assert least - noise <= best / runs <= 1 / 9 + noise


def test_correlations_with_copies_are_those_of_every_shift_flip_and_turn():
    draw = torch.Generator().manual_seed(0)
    one, other = torch.randn(4, 5, generator=draw).double(), torch.randn(4, 5, generator=draw).double()
    found = correlations_with_copies(one, other)
    expected = [
        float((one * torch.roll(turned, (down, right), (0, 1))).mean())
        for quarter in (0, 2)
        for turned in (other.rot90(quarter), other.rot90(quarter).flip(1))
        for down in range(4)
        for right in range(5)
    ]
    assert sorted(found.flatten().tolist()) == pytest.approx(sorted(expected))


def test_maps_of_noise_are_alike_by_chance_as_far_as_two_standard_errors():
    noise = torch.randn(64, 64, generator=torch.Generator().manual_seed(1)).double()
    low, high = similarity_by_chance((noise - noise.mean()) / noise.std(correction=0))
    assert low == pytest.approx(-1.96 / 64, rel=0.1)
    assert high == pytest.approx(1.96 / 64, rel=0.1)


def test_the_first_eight_copies_are_shifted_by_all_thirds_whatever_turns_come_after():
    """A copy's turn is undone by the four turns and two flips, one of which gives a mere shift of the map."""
    values = torch.rand(12, 12, generator=drawn(5))
    shifts = set()
    for number in range(1, FIRST_AT_RANDOM):
        copy = moved_copy(values, number, drawn(number))
        upright = [each.rot90(turns) for each in (copy, copy.flip(-1)) for turns in range(4)]
        shifts |= {
            (down, across)
            for down, across in itertools.product(range(12), repeat=2)
            if any(torch.equal(torch.roll(values, (down, across), (0, 1)), each) for each in upright)
        }
    assert shifts == set(itertools.product((0, 4, 8), repeat=2)) - {(0, 0)}
