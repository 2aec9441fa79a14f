"""The truth anchor: Spearman's correlation of the methods' means."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.coherency.anchor import anchor, anchors
from core.coherency.cube import Cube


@pytest.fixture
def draw():
    return np.random.default_rng(9)


def test_it_is_the_rank_correlation_of_the_methods_means(draw):
    scores, true = draw.normal(size=(2, 20, 7)) + np.arange(7) / 5
    found = anchor("fidelity", "stamp_distance", scores, true)
    assert found.value == pytest.approx(spearmanr(scores.mean(axis=0), true.mean(axis=0)).statistic)
    assert found.low <= found.value <= found.high
    assert (found.methods, found.n) == (7, 20)


def test_a_metric_that_orders_methods_as_the_truth_does_is_surely_anchored(draw):
    true = draw.normal(size=(30, 6)) + 5 * np.arange(6)
    assert anchor("fidelity", "auroc", np.exp(true / 9), true).low > 0.9
    assert anchor("fidelity", "auroc", -true, true).high < -0.9


def test_methods_and_pictures_without_both_scores_do_not_count(draw):
    scores, true = draw.normal(size=(2, 20, 5))
    scores[:, 4] = np.nan
    true[3, 0] = np.nan
    found = anchor("fidelity", "auroc", scores, true)
    assert (found.methods, found.n) == (4, 19)
    assert np.isnan(anchor("fidelity", "auroc", scores[:, :2], true[:, :2]).value)


def test_controls_and_metrics_without_a_better_end_do_not_count(draw):
    names = ("gradient", "lime", "oracle", "random", "rise")
    cube = Cube(tuple("abcd"), names, ("auroc", "deletion", "gini"), draw.normal(size=(4, 5, 3)))
    (found,) = anchors(cube, "auroc")
    assert (found.metric, found.methods) == ("deletion", 3)
