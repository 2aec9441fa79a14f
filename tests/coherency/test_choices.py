"""Which choice flips the winner, and how often that is the choice of pictures instead."""

import numpy as np
import pytest

from core.coherency.choices import flip

METHODS = ("gradient", "lime", "rise")


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(size=(2, 40, 3))


def test_a_choice_that_turns_the_order_around_flips_the_winner_in_every_resample(noise):
    found = flip("imputer", "blur", METHODS, noise[0] + [9, 0, 0], noise[1] + [0, 0, 9])
    assert (found.winner, found.otherwise, found.share, found.by_chance) == ("gradient", "rise", 1, 0)
    assert found.n == 40


def test_a_choice_that_changes_nothing_flips_nothing(noise):
    found = flip("imputer", "blur", METHODS, noise[0], noise[0] * 3 + 1)
    assert found.winner == found.otherwise
    assert found.share == 0


def test_the_winner_of_two_equal_methods_is_a_matter_of_the_pictures():
    draw = np.random.default_rng(5)
    gap = draw.normal(size=(50, 1))
    gap -= gap.mean() - 1e-3
    scores = np.hstack([gap, np.zeros((50, 1)), np.full((50, 1), -9.0)])
    assert flip("y", "accuracy", METHODS, scores, scores).by_chance == pytest.approx(0.5, abs=0.04)


def test_only_pictures_with_every_score_under_both_choices_count(noise):
    usual, changed = noise.copy()
    usual[0, 0] = changed[1, 1] = np.nan
    assert flip("y", "accuracy", METHODS, usual, changed).n == 38
    assert flip("y", "accuracy", METHODS, usual[:1], changed[:1]).winner == ""
