"""How much of a metric the look of the maps explains: as a regression on ranks within each picture has it."""

import numpy as np
import pytest
from scipy.stats import rankdata

from core.coherency.cube import Cube
from core.coherency.explained import centred_ranks, explained, shares_of


@pytest.fixture
def draw():
    return np.random.default_rng(8)


def by_name(rows):
    return {row.by: row for row in rows}


def test_shares_are_those_of_a_regression_with_an_intercept_for_each_picture(draw):
    looks = draw.normal(size=(12, 6, 2))
    scores = looks @ [1.0, 0.5] + draw.normal(size=(12, 6)) + draw.normal(size=(12, 1)) * 9
    ranked = rankdata(np.concatenate([scores[:, :, None], looks], axis=2), axis=1)
    pictures = np.repeat(np.eye(12), 6, axis=0)
    found = by_name(shares_of("fidelity", scores, looks))
    flat = ranked.reshape(72, 3)
    base = flat[:, 0] - pictures @ np.linalg.lstsq(pictures, flat[:, 0], rcond=None)[0]
    for by, columns in (("gini", [1]), ("total_variation", [2]), ("both", [1, 2])):
        design = np.hstack([pictures, flat[:, columns]])
        left = flat[:, 0] - design @ np.linalg.lstsq(design, flat[:, 0], rcond=None)[0]
        assert found[by].share == pytest.approx(1 - (left**2).sum() / (base**2).sum())
        assert found[by].low <= found[by].share <= found[by].high
        assert found[by].n == 12


def test_a_metric_that_is_sparsity_is_explained_by_it_entirely(draw):
    looks = draw.normal(size=(20, 8, 2))
    found = by_name(shares_of("fidelity", np.exp(looks[:, :, 0]), looks))
    assert found["gini"].share == pytest.approx(1)
    assert found["both"].share == pytest.approx(1)
    assert found["total_variation"].share < 0.1


def test_what_the_same_few_methods_differ_in_anyway_is_within_chance(draw):
    """Characteristics that belong to a method say little where there are eight methods, however many pictures."""
    within = 0
    for _ in range(60):
        own = draw.normal(size=(1, 8, 3))
        every = own + 0.1 * draw.normal(size=(30, 8, 3))
        found = by_name(shares_of("fidelity", every[:, :, 0], every[:, :, 1:]))
        within += found["both"].share <= found["both"].chance
    assert within >= 52


def test_gaps_leave_out_the_method_on_that_picture_alone(draw):
    columns = draw.normal(size=(3, 5, 3))
    columns[0, 1, 2] = np.nan
    columns[1, :3, 0] = np.nan
    found = centred_ranks(columns)
    assert found.shape == (2, 5, 3)
    assert (found[0, 1] == 0).all()
    np.testing.assert_allclose(found[0, [0, 2, 3, 4]], rankdata(columns[0, [0, 2, 3, 4]], axis=0) - 2.5)
    np.testing.assert_allclose(found[1], rankdata(columns[2], axis=0) - 3)


def test_controls_do_not_count_and_two_methods_are_too_few(draw):
    names = ("gradient", "lime", "random", "rise")
    metrics = ("fidelity", "gini", "total_variation")
    cube = Cube(tuple("abcdefgh"), names, metrics, draw.normal(size=(8, 4, 3)))
    rows = list(explained(cube))
    assert {row.metric for row in rows} == {"fidelity"}
    changed = cube.values.copy()
    changed[:, 2] = 5.0
    assert list(explained(Cube(cube.pictures, names, metrics, changed))) == rows
    assert list(explained(cube.with_methods(("gradient", "lime", "random")))) == []
    assert list(explained(cube.with_metrics(("fidelity", "gini")))) == []
