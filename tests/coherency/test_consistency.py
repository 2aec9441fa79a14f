"""Perturbation consistency: perfect, constant and random metrics come where they must."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.coherency.consistency import consistency, control_metrics, one_way, tau_b, worsened


@pytest.fixture
def draw():
    return np.random.default_rng(6)


def test_a_perfect_metric_keeps_its_ranking_and_sees_every_disruption(draw):
    clean = draw.normal(size=(30, 6))
    minor = clean + 1e-6 * draw.choice([-1, 1], size=clean.shape)
    found = consistency("fidelity", "weights", clean, minor, clean - 1)
    assert found.minor_inter.mean == pytest.approx(1)
    assert found.disruptive_intra.mean == found.disruptive_inter.mean == pytest.approx(1)
    assert found.minor_intra.mean > 0.8
    assert found.preserves
    assert found.notices


def test_a_constant_metric_preserves_no_ranking_and_notices_nothing():
    constant, _ = control_metrics("picture", 30, 6)
    assert constant.minor_intra.mean == 1
    assert np.isnan(constant.minor_inter.mean)
    assert constant.disruptive_intra.mean == 0
    assert constant.disruptive_inter.mean == 0.5
    assert not constant.preserves
    assert not constant.notices


def test_a_random_metric_is_at_chance():
    _, random = control_metrics("picture", 200, 6)
    assert random.minor_inter.mean == pytest.approx(0, abs=0.08)
    assert random.disruptive_inter.mean == pytest.approx(0.5, abs=0.05)
    assert random.disruptive_intra.mean < 0.15
    assert random.minor_intra.mean > 0.85


def test_a_metric_that_a_disruption_improves_is_noticed_only_without_direction(draw):
    clean = draw.normal(size=(30, 6))
    found = consistency("fidelity", "picture", clean, clean, clean + 1)
    assert found.disruptive_intra.mean == 1
    assert found.disruptive_inter.mean == 0
    assert found.disruptive_inter.high < 0.5


def test_the_paired_auroc_is_the_mean_of_each_pictures_own(draw):
    clean, changed = draw.integers(0, 4, (2, 25, 3)).astype(float)
    own = [
        [roc_auc_score([1, 0], [one, other]) for one, other in zip(*rows, strict=True)]
        for rows in zip(clean, changed, strict=True)
    ]
    np.testing.assert_allclose(worsened(clean, changed), own)
    expected = np.abs(2 * np.mean(own, axis=0) - 1).mean()
    assert one_way(worsened(clean, changed), 0, stays=False).mean == pytest.approx(expected)
    assert one_way(worsened(clean, changed), 0, stays=True).mean == pytest.approx(1 - expected)


def test_tau_b_counts_ties_as_kendall_did(draw):
    one, other = draw.integers(0, 4, (2, 9)).astype(float)
    pairs = list(combinations(range(9), 2))
    signs = [np.sign([(one[i] - one[j]), (other[i] - other[j])]) for i, j in pairs]
    both, first, second = (sum(s) for s in zip(*[(a * b, a * a, b * b) for a, b in signs], strict=True))
    assert tau_b(one, other) == pytest.approx(both / np.sqrt(first * second))
    assert np.isnan(tau_b(one, np.ones(9)))
    assert np.isnan(tau_b(np.array([1.0, np.nan]), np.array([1.0, 2.0])))


def test_gaps_are_left_out(draw):
    clean, changed = draw.normal(size=(2, 10, 4))
    changed[0] = np.nan
    changed[1, 2] = np.nan
    found = consistency("fidelity", "picture", clean, changed, changed)
    assert found.disruptive_inter.n == found.minor_inter.n == found.minor_intra.n == 9
    assert consistency("fidelity", "picture", clean[:0], changed[:0], changed[:0]).minor_intra.n == 0
