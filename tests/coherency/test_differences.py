"""Critical differences as Demsar published them."""

import numpy as np
import pytest

from core.coherency.differences import critical_difference, critical_differences, nemenyi
from core.metrics.ranking import rank_methods
from core.metrics.statistics import Score, Tally

METHODS = ("gradient", "lime", "rise", "occlusion")
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
"""Table 6 of Demsar 2006; in row 13 the third algorithm ranks before the fourth, whose rounded area is the same."""


def tally_of(scores, methods=METHODS):
    tally = Tally()
    for method, column in zip(methods, scores.T, strict=True):
        tally.add(Score(f"set {place:03}", method, "fidelity", score) for place, score in enumerate(column))
    return tally


@pytest.fixture
def diagram():
    return critical_differences(rank_methods(tally_of(DEMSAR), "fidelity"))


def test_mean_ranks_and_friedmans_test_are_the_published_ones(diagram):
    assert {name: round(rank, 3) for name, rank in diagram.ranks.items()} == {
        "occlusion": 1.964,
        "lime": 2.0,
        "rise": 2.893,
        "gradient": 3.143,
    }
    assert diagram.n == 14
    ranks = np.array(list(diagram.ranks.values()))
    chi = 12 * 14 / (4 * 5) * ((ranks**2).sum() - 4 * 25 / 4)
    assert chi == pytest.approx(9.28, abs=0.01)
    assert diagram.friedman < 0.05


def test_the_critical_difference_is_the_published_one_and_no_pair_reaches_it(diagram):
    assert diagram.difference == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, level=0.1) == pytest.approx(1.12, abs=0.005)
    assert diagram.nemenyi == (("occlusion", "lime", "rise", "gradient"),)


@pytest.mark.parametrize(
    ("methods", "published"),
    [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)],
)
def test_the_quantiles_are_those_of_demsars_table_5(methods, published):
    pictures = 30
    assert critical_difference(methods, pictures) == pytest.approx(
        published * (methods * (methods + 1) / (6 * pictures)) ** 0.5, rel=5e-4
    )


def test_ranks_exactly_a_critical_difference_apart_have_the_p_of_the_level():
    assert nemenyi(critical_difference(6, 25), 6, 25) == pytest.approx(0.05)


def test_groups_are_runs_within_the_critical_difference():
    draw = np.random.default_rng(2)
    scores = draw.normal(loc=[0.0, 0.2, 3.0, 3.1], size=(60, 4))
    diagram = critical_differences(rank_methods(tally_of(scores), "fidelity"))
    assert {frozenset(group) for group in diagram.nemenyi} == {
        frozenset(("gradient", "lime")),
        frozenset(("rise", "occlusion")),
    }
