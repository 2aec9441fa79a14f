"""Krippendorff's alpha against his example, its closed form for rankings, and a definition written out pair by pair."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import rankdata

from core.coherency.alpha import agreement, alpha, alpha_of, alphas
from core.coherency.resampling import pictures_for, resamples

GAP = np.nan
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
)
"""Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C."""


@pytest.fixture
def draw():
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_example_of_2011(level, published):
    assert alpha(EXAMPLE, level) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(("pictures", "methods"), [(2, 3), (5, 4), (40, 8)])
@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_complete_untied_rankings_follow_kendalls_w(pictures, methods, level, draw):
    ranked = np.array([draw.permutation(methods) + 1.0 for _ in range(pictures)])
    sums = ranked.sum(axis=0)
    w = 12 * ((sums - sums.mean()) ** 2).sum() / (pictures**2 * (methods**3 - methods))
    rho = (pictures * w - 1) / (pictures - 1)
    expected = 1 - (1 - rho) * (pictures * methods - 1) / (pictures * methods)
    assert alpha(ranked, level) == pytest.approx(expected, abs=1e-12)


def by_definition(ratings, level):
    """1 - observed / expected disagreement, pair by pair."""
    units = [column[np.isfinite(column)] for column in ratings.T]
    units = [unit for unit in units if len(unit) > 1]
    every = np.concatenate(units)

    def apart(one, other):
        low, high = min(one, other), max(one, other)
        if level == "ordinal":
            return (np.sum((every >= low) & (every <= high)) - (np.sum(every == low) + np.sum(every == high)) / 2) ** 2
        return {"nominal": float(one != other), "interval": (one - other) ** 2}[level]

    observed = sum(sum(apart(*pair) for pair in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    expected = sum(apart(*pair) for pair in permutations(every, 2)) / (len(every) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_ties_and_gaps_follow_the_definition(level, draw):
    ratings = draw.integers(1, 5, (6, 7)).astype(float)
    ratings[draw.random((6, 7)) < 0.25] = GAP
    assert alpha(ratings, level) == pytest.approx(by_definition(ratings, level))


def test_a_resample_leaves_out_the_agreement_of_a_picture_with_itself(draw):
    ratings, often = draw.integers(1, 4, (5, 6)).astype(float), np.array([2.0, 0, 1, 1, 1])
    repeated = np.repeat(np.arange(5), often.astype(int))
    every = ratings[repeated]
    total = 0.0
    for unit in every.T:
        pairs = [(i, j) for i, j in permutations(range(5), 2) if repeated[i] != repeated[j]]
        total += sum((unit[i] - unit[j]) ** 2 for i, j in pairs) * 5 / len(pairs)
    flat = every.ravel()
    expected = ((flat[:, None] - flat) ** 2).sum() * len(flat) / (len(flat) ** 2 - 6 * (often**2).sum())
    assert alphas(ratings, "interval", often[None])[0] == pytest.approx(1 - total / expected)


def test_the_resamples_are_not_biased_towards_agreement(draw):
    scores = draw.normal(size=(10, 6)) + np.arange(6) / 3
    ranked = rankdata(scores, axis=1)
    resampled = np.concatenate([alphas(ranked, "ordinal", often) for often in resamples(10, 0)])
    assert resampled[1:].mean() == pytest.approx(resampled[0], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("pictures", "spread"), [(20, 0.3), (20, 1.0), (60, 0.3)])
def test_the_interval_holds_the_true_alpha_in_19_of_20_studies(pictures, spread, draw):
    level = np.arange(6) * spread
    many = rankdata(draw.normal(size=(40_000, 6)) + level, axis=1)
    true = alpha(many, "ordinal")
    held = 0
    for study in range(250):
        found = alpha_of("fidelity", draw.normal(size=(pictures, 6)) + level, study)
        held += found.low <= true <= found.high
    assert 0.92 <= held / 250 <= 0.99


def test_scores_are_ranked_within_each_picture_and_their_size_does_not_matter(draw):
    scores = draw.normal(size=(12, 5))
    once, (again,) = alpha_of("deletion", scores), agreement(["deletion"], (np.exp(scores) * 7)[:, :, None])
    assert once == again
    assert once.value == pytest.approx(alpha(rankdata(scores, axis=1), "ordinal"))
    assert once.low < once.value < once.high
    assert once.needed == pictures_for(once.low, once.high, 12)


def test_pictures_that_rank_nothing_do_not_count(draw):
    scores = draw.normal(size=(6, 4))
    scores[5, 1:] = GAP
    assert alpha_of("deletion", scores).n == 5
    assert np.isnan(alpha_of("deletion", scores[:1]).value)
    assert np.isnan(alpha_of("deletion", np.ones((4, 3))).value)


def test_a_quarter_of_the_width_takes_sixteen_times_the_pictures():
    assert pictures_for(0.2, 0.6, 20) == 320
    assert pictures_for(0.55, 0.65, 20) == 20
    assert pictures_for(0.5, 0.5, 20) is None
