"""Accuracies and their differences against independent counts."""

import numpy as np
import pytest

from core.retraining.outcomes import Accuracy, accuracies, areas_between


def outcomes(share: float, seed: int, seeds: int = 3, pictures: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, pictures)) < share


def accuracy(own: np.ndarray) -> Accuracy:
    return accuracies([own])[0]


def difference(first: np.ndarray, second: np.ndarray) -> Accuracy:
    return areas_between([([first], [second])])[0]


def test_an_accuracy_is_the_share_of_recognised_pictures_for_each_seed_and_over_all():
    own = outcomes(0.7, 0)
    found = accuracy(own)
    assert found.by_seed == pytest.approx([row.sum() / 400 for row in own])
    assert found.over_pictures.mean == pytest.approx(own.sum() / 1200)
    assert found.over_pictures.n == 400


def test_the_interval_is_that_of_means_over_pictures():
    own = outcomes(0.7, 1)
    deviation = own.mean(axis=0).std(ddof=1) / np.sqrt(400)
    found = accuracy(own).over_pictures
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_all_recognised_leaves_room_for_pictures_not_seen():
    found = accuracy(np.ones((3, 50), dtype=bool)).over_pictures
    assert (found.mean, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 50))


def test_a_difference_is_paired_by_picture():
    hard = np.random.default_rng(2).random(400) < 0.5
    first = np.broadcast_to(hard, (3, 400)).copy()
    second = first.copy()
    second[:, np.flatnonzero(hard)[:20]] = False
    gap = difference(first, second)
    assert gap.over_pictures.mean == pytest.approx(20 / 400)
    assert gap.above_zero, "though each accuracy alone is known to 5 points only"


def test_one_seed_against_the_others_leaves_it_open():
    first, second = np.ones((3, 200), dtype=bool), np.zeros((3, 200), dtype=bool)
    second[2], first[2, :50] = True, False
    gap = difference(first, second)
    assert gap.over_pictures.low > 0
    assert not gap.above_zero
    assert not gap.below_zero


def test_the_area_is_the_mean_difference_over_the_shares():
    upper, lower = [outcomes(share, 3) for share in (0.9, 0.8)], [outcomes(share, 4) for share in (0.6, 0.3)]
    gaps = [difference(a, b).over_pictures.mean for a, b in zip(upper, lower, strict=True)]
    [area] = areas_between([(upper, lower)])
    assert area.over_pictures.mean == pytest.approx(np.mean(gaps))


def test_curves_of_unequal_seeds_are_compared_by_the_seeds_that_both_have():
    upper, lower = [outcomes(share, 3) for share in (0.9, 0.8)], [outcomes(share, 4) for share in (0.6, 0.3)]
    [area] = areas_between([([upper[0], upper[1][:2]], lower)])
    gaps = [upper[0].astype(float) - lower[0], upper[1][:2].astype(float) - lower[1][:2]]
    assert area.over_pictures.mean == pytest.approx(np.mean([gap.mean() for gap in gaps]))
    first, second = (gap.mean(axis=1) for gap in gaps)
    assert area.by_seed == pytest.approx([*((first[:2] + second) / 2), first[2]])
    assert areas_between([(lower, [upper[0], upper[1][:2]])])[0].over_pictures.mean == pytest.approx(
        -area.over_pictures.mean
    )


def test_a_seed_that_disagrees_where_it_was_still_trained_leaves_the_area_open():
    """Two seeds were enough at the second fraction; the third of the first one is on the other side."""
    won, lost = np.ones((3, 100), dtype=bool), np.zeros((3, 100), dtype=bool)
    won[2], lost[2] = lost[0], won[0]
    [area] = areas_between([([won, won[:2]], [lost, lost[:2]])])
    assert area.over_pictures.low > 0
    assert area.by_seed == (1.0, 1.0, -1.0)
    assert not area.above_zero


def test_an_accuracy_does_not_depend_on_what_is_told_beside_it():
    several = [outcomes(share, 5) for share in (0.2, 0.5, 0.9)]
    assert accuracies(several) == [accuracy(own) for own in several]
    assert accuracies([]) == []


def test_no_area_s_interval_leaves_what_an_area_can_be():
    """Two pictures that differ: Student's factor alone would take it far beyond."""
    upper, lower = np.array([[True, True]]), np.array([[False, True]])
    [area] = areas_between([([upper], [lower])])
    assert (area.over_pictures.low, area.over_pictures.high) == (-1.0, 1.0)
