"""A copy has the map's shape and lies elsewhere."""

import itertools

import pytest
import torch

from core.metrics.copies import correlations_with_copies, moved_copy, similarity_by_chance
from core.metrics.removal import removal_rank


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_copy_has_the_very_values_of_the_map():
    values = torch.rand(6, 8, generator=drawn(0))
    for seed in range(20):
        assert torch.equal(
            moved_copy(values, 1 + seed, drawn(seed)).flatten().sort().values, values.flatten().sort().values
        )


def test_a_map_that_knows_nothing_is_the_best_of_twenty_in_one_case_of_twenty():
    """Its place is drawn like those of its copies; the score is what a blob covers of a region that counts."""
    counts = torch.zeros(32, 32)
    counts[10:22, 8:20] = 1
    best, runs = 0, 600
    for run in range(runs):
        blob = torch.zeros(32, 32)
        blob[:12, :12] = 1
        noise = 1e-3 * torch.rand(32, 32, generator=drawn(10**6 + run))
        own = moved_copy(blob + noise, 9, drawn(10**5 + run))
        copies = [moved_copy(own, copy, drawn(100 * run + copy)) for copy in range(1, 20)]
        best += all((own * counts).sum() > (copy * counts).sum() for copy in copies)
    assert 0.03 < best / runs < 0.07


def test_square_copies_meet_all_turns_and_flips_and_others_only_those_that_fit():
    """The corner and its right neighbour are found again around all four sides of a square."""
    square, oblong = torch.zeros(8, 8), torch.zeros(6, 8)
    square[0, :2] = oblong[0, :2] = torch.tensor([2.0, 1.0])

    def directions(values):
        found = set()
        for seed in range(100):
            copy = moved_copy(values, 9, drawn(seed))
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
    for values in (rows, moved_copy(rows, 9, drawn(3))):
        mask = removal_rank(values, drawn(0)) < 2048
        edges.append(sum(int((mask != mask.roll(1, axis)).sum()) for axis in (0, 1)))
    assert edges[0] == edges[1]


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


@pytest.mark.parametrize("side", [9, 10, 28, 224])
def test_a_map_and_its_first_eight_copies_take_the_nine_places_of_a_grid(side):
    """Of a single pixel in the middle, which no turn and no flip moves, only the shifts are seen."""
    dot = torch.zeros(side | 1, side | 1)
    dot[side // 2, side // 2] = 1
    copies = [moved_copy(dot, number, drawn(number)) for number in range(1, 9)]
    places = {tuple(copy.nonzero()[0].tolist()) for copy in (dot, *copies)}
    rows, columns = ({place[axis] for place in places} for axis in (0, 1))
    assert (len(places), len(rows), len(columns)) == (9, 3, 3)
    gaps = {(later - earlier) % len(dot) for earlier, later in itertools.permutations(rows, 2)}
    assert all(abs(gap - len(dot) / 3) <= 1 or abs(gap - 2 * len(dot) / 3) <= 1 for gap in gaps)
