"""Correlations between metrics: as scipy has them, with intervals that hold what they claim."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from core.coherency.correlation import correlate, correlations, kind_of, most_opposed, rank_gaps, ranks
from core.coherency.cube import cube_of
from core.coherency.resampling import percentiles
from core.metrics.statistics import Score, Tally


@pytest.fixture
def draw():
    return np.random.default_rng(3)


def of(scores, binary=(False, False), difficulty=None):
    return {pair: found[0][0] for pair, found in correlations(scores, binary, difficulty).items()}


def test_two_metrics_of_many_values_have_spearmans_correlation_with_ties(draw):
    scores = np.column_stack([draw.integers(0, 6, 40), draw.normal(size=40)]).astype(float)
    assert of(scores)[0, 1] == pytest.approx(stats.spearmanr(*scores.T).statistic)


def test_hits_against_scores_have_the_point_biserial_correlation(draw):
    scores = np.column_stack([draw.integers(0, 2, 40), draw.exponential(size=40)]).astype(float)
    expected = stats.pointbiserialr(scores[:, 0].astype(bool), scores[:, 1]).statistic
    assert of(scores, (True, False))[0, 1] == pytest.approx(expected)
    assert of(scores[:, ::-1], (False, True))[0, 1] == pytest.approx(expected)


def test_hits_against_hits_have_phi_from_the_table_of_counts(draw):
    hits = draw.integers(0, 2, (50, 2)).astype(float)
    (both, first), (second, neither) = [
        [np.sum((hits == cell).all(axis=1)) for cell in row] for row in (([1, 1], [1, 0]), ([0, 1], [0, 0]))
    ]
    sums = (both + first) * (second + neither) * (both + second) * (first + neither)
    assert of(hits, (True, True))[0, 1] == pytest.approx((both * neither - first * second) / sqrt(sums))
    assert kind_of(True, True) == "phi"


def test_each_pair_uses_the_pictures_that_have_both(draw):
    scores = draw.normal(size=(30, 3))
    scores[:7, 0] = scores[4:12, 1] = np.nan
    found = correlations(scores, (False,) * 3)
    assert {pair: n for pair, (_, n) in found.items()} == {(0, 1): 18, (0, 2): 23, (1, 2): 22}
    for (first, second), (values, _) in found.items():
        expected = stats.spearmanr(scores[:, first], scores[:, second], nan_policy="omit").statistic
        assert values[0] == pytest.approx(expected)


def test_a_resample_is_the_same_as_pictures_written_down_as_often_as_they_were_drawn(draw):
    scores, often = draw.integers(0, 5, (12, 2)).astype(float), draw.multinomial(12, np.ones(12) / 12)
    repeated = np.repeat(scores, often, axis=0)
    expected = stats.rankdata(repeated, axis=0)
    found = np.repeat(ranks(scores, often[None].astype(float))[0], often, axis=0)
    np.testing.assert_allclose(found, expected)


def test_a_partial_correlation_is_that_of_what_a_regression_on_both_difficulties_leaves(draw):
    difficulty = draw.normal(size=(60, 2))
    scores = difficulty @ [[1.0, 0.5], [0.3, 1.0]] + draw.normal(size=(60, 2))
    ranked, given = stats.rankdata(scores, axis=0), stats.rankdata(difficulty, axis=0)
    design = np.column_stack([np.ones(60), given])
    left = ranked - design @ np.linalg.lstsq(design, ranked, rcond=None)[0]
    assert of(scores, difficulty=difficulty)[0, 1] == pytest.approx(np.corrcoef(left.T)[0, 1])


def test_what_only_the_difficulty_of_pictures_makes_alike_is_gone_once_it_is_taken_out(draw):
    easy = draw.normal(size=500)
    scores = np.column_stack([easy, easy]) + draw.normal(size=(500, 2))
    assert of(scores)[0, 1] > 0.4
    assert of(scores, difficulty=np.column_stack([easy, easy]))[0, 1] == pytest.approx(0, abs=0.1)


def test_one_difficulty_that_is_constant_explains_nothing(draw):
    scores, shared = draw.normal(size=(40, 2)), draw.normal(size=40)
    first, second, both = (
        stats.spearmanr(*pair).statistic
        for pair in ((scores[:, 0], shared), (scores[:, 1], shared), (scores[:, 0], scores[:, 1]))
    )
    expected = (both - first * second) / sqrt((1 - first**2) * (1 - second**2))
    found = of(scores, difficulty=np.column_stack([shared, np.full(40, 0.2)]))[0, 1]
    assert found == pytest.approx(expected)


def test_a_metric_with_one_value_has_no_correlation(draw):
    scores = np.column_stack([np.full(20, 0.1), draw.normal(size=20)])
    assert np.isnan(of(scores)[0, 1])
    assert np.isnan(of(scores, (True, False))[0, 1])
    assert np.isnan(of(draw.normal(size=(3, 2)))[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize(("n", "rho"), [(12, 0.0), (20, 0.5), (40, 0.8)])
def test_the_interval_holds_the_true_correlation_in_19_of_20_studies(n, rho, draw):
    true = 6 / np.pi * np.arcsin(rho / 2)
    held = 0
    for study in range(300):
        scores = draw.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
        values, _ = correlations(scores, (False, False), None, study)[0, 1]
        low, high = percentiles(values[1:])
        held += low <= true <= high
    assert 0.92 <= held / 300 <= 0.985


def tally_of(**columns):
    tally = Tally()
    for cell, values in columns.items():
        metric, method = cell.split("__")
        tally.add(Score(f"picture {place:02}", method, metric, value) for place, value in enumerate(values))
    return tally


def test_metrics_are_turned_so_that_two_that_agree_correlate_positively(draw):
    good = draw.normal(size=15)
    cube = cube_of(tally_of(insertion__gradient=good, deletion__gradient=-good))
    rows = list(correlate(cube))
    assert [(row.first, row.second, row.method) for row in rows] == [
        ("deletion", "insertion", "gradient"),
        ("deletion", "insertion", ""),
    ]
    assert [row.value for row in rows] == pytest.approx([1, 1])


def test_the_mean_is_over_real_methods_and_its_interval_from_the_same_resamples(draw):
    values = {
        f"{metric}__{method}": draw.normal(size=25)
        for metric in ("fidelity", "deletion")
        for method in ("gradient", "lime", "random")
    }
    rows = {row.method: row for row in correlate(cube_of(tally_of(**values)))}
    assert rows[""].value == pytest.approx((rows["gradient"].value + rows["lime"].value) / 2)
    assert rows[""].high - rows[""].low < rows["gradient"].high - rows["gradient"].low


def test_the_difficulty_of_a_picture_is_the_mean_over_controls_that_know_no_model():
    cube = cube_of(
        tally_of(fidelity__gradient=[9.0, 9.0], fidelity__random=[0.25, 1.0], fidelity__sobel=[0.75, np.nan])
    )
    np.testing.assert_allclose(cube.difficulty, [[0.5], [1.0]])
    assert cube.real == ("gradient",)


def test_hits_are_recognised_by_the_ends_of_the_metrics_range():
    cube = cube_of(
        tally_of(increase_in_confidence__lime=[0, 1, 1], fidelity__lime=[0.0, 1.0, 0.5], average_drop__lime=[0, 1, 0.5])
    )
    assert dict(zip(cube.metrics, cube.binary, strict=True)) == {
        "average_drop": False,
        "fidelity": False,
        "increase_in_confidence": True,
    }


def test_a_cell_names_the_pictures_that_its_metrics_disagree_on_most():
    first, second = np.array([5.0, 1, 2, 3, np.nan]), np.array([1.0, 4, 2, 3, 9])
    assert most_opposed(rank_gaps(first, second)) == (0, 1)
    assert most_opposed(rank_gaps(first[:1], second[:1])) == ()


def test_a_mean_names_the_pictures_by_the_mean_gap_over_real_methods():
    values = {
        "fidelity__gradient": [4.0, 3, 1, 2], "insertion__gradient": [1.0, 3, 4, 2],
        "fidelity__lime": [4.0, 1, 2, 3], "insertion__lime": [3.0, 4, 1, 2],
        "fidelity__random": [1.0, 2, 3, 4], "insertion__random": [4.0, 3, 2, 1],
    }  # fmt: skip
    rows = {row.method: row.opposed for row in correlate(cube_of(tally_of(**values)))}
    assert rows["gradient"] == ("picture 00", "picture 02")  # gaps 3, 0, -3, 0
    assert rows["lime"] == ("picture 00", "picture 01")  # gaps 1, -3, 1, 1
    assert rows[""] == ("picture 00", "picture 01")  # their means 2, -1.5, -1, 0.5
