"""How concentrated a map is, from a constant map to a single pixel; neither end is called better."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from core.metrics.complexity import (
    complexity,
    gini,
    gini_index,
    relative_entropy,
    relevance_density,
    shares,
    total_variation,
)
from core.metrics.registry import find_metric

CONSTANT = torch.full((6, 8), 0.7, dtype=torch.float64)
SINGLE = torch.zeros(6, 8, dtype=torch.float64).index_put(
    (torch.tensor(2), torch.tensor(3)), torch.tensor(5.0).double()
)


@pytest.fixture
def values():
    return torch.randn(6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_gini_is_half_the_relative_mean_difference(values, evidence_of):
    sizes = values.abs().flatten().numpy()
    naive = np.abs(sizes[:, None] - sizes).mean() / (2 * sizes.mean())
    assert gini(evidence_of(values)) == pytest.approx(naive)


def test_complexity_is_the_entropy_over_the_largest_there_is(values, evidence_of):
    sizes = values.abs().flatten().numpy()
    assert complexity(evidence_of(values)) == pytest.approx(entropy(sizes / sizes.sum(), base=48))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_flattest_map_is_the_most_complex_and_the_least_sparse(sign, values, evidence_of):
    assert complexity(evidence_of(sign * CONSTANT)) == pytest.approx(1)
    assert complexity(evidence_of(sign * SINGLE)) == 0
    assert gini(evidence_of(sign * CONSTANT)) == pytest.approx(0)
    assert gini(evidence_of(sign * SINGLE)) == pytest.approx(47 / 48)
    assert 0 < complexity(evidence_of(values)) < 1


@pytest.mark.parametrize("count", [2, 12, 48])
def test_so_many_equal_pixels_have_the_logarithm_of_their_number(count, evidence_of):
    values = (torch.arange(48).view(6, 8) < count).double()
    assert complexity(evidence_of(values)) == pytest.approx(math.log(count) / math.log(48))
    assert gini(evidence_of(values)) == pytest.approx(1 - count / 48)


@pytest.mark.parametrize("measure", [gini, complexity])
def test_scale_sign_and_place_do_not_count(measure, values, evidence_of):
    expected = pytest.approx(measure(evidence_of(values)))
    assert measure(evidence_of(-values)) == expected
    assert measure(evidence_of(values.flip(0))) == expected
    for scale in (1e-300, 1e300):
        assert measure(evidence_of(values * scale)) == expected


@pytest.mark.parametrize("measure", [gini, complexity])
def test_a_map_of_zeros_has_neither(measure, evidence_of):
    assert measure(evidence_of(torch.zeros(6, 8))) is None


def test_a_random_map_of_a_photo_has_what_is_said_of_it():
    values = torch.rand(224, 224, generator=torch.Generator().manual_seed(2))
    assert gini_index(shares(values)) == pytest.approx(float(find_metric("gini").random), abs=0.005)
    # log n - log 2 + 1/2 of log n: the entropy of uniform shares
    assert relative_entropy(shares(values)) == pytest.approx(1 - (math.log(2) - 0.5) / math.log(224**2), abs=1e-3)


def test_they_describe_and_do_not_judge():
    assert {find_metric(name).direction for name in ("gini", "complexity", "total_variation", "relevance_density")} == {
        "none"
    }


def test_total_variation_is_the_mean_step_between_neighbours_over_the_range(values, evidence_of):
    table = values.numpy()
    steps = [abs(table[y, x] - table[y + 1, x]) for y in range(5) for x in range(8)]
    steps += [abs(table[y, x] - table[y, x + 1]) for y in range(6) for x in range(7)]
    expected = pytest.approx(np.mean(steps) / (table.max() - table.min()))
    assert total_variation(evidence_of(values)) == expected
    assert total_variation(evidence_of(7 - 3 * values)) == expected


def test_total_variation_of_a_checkerboard_is_the_largest_and_of_a_constant_map_0(evidence_of):
    rows, columns = torch.meshgrid(torch.arange(6), torch.arange(8), indexing="ij")
    assert total_variation(evidence_of(((rows + columns) % 2).double())) == 1
    assert total_variation(evidence_of(CONSTANT)) == 0
    ramp = torch.arange(8).double().expand(6, 8)
    assert total_variation(evidence_of(ramp)) == pytest.approx(42 / (7 * 82))


def test_relevance_density_is_the_mean_magnitude_over_the_largest(values, evidence_of):
    sizes = values.abs().numpy()
    assert relevance_density(evidence_of(values)) == pytest.approx(sizes.mean() / sizes.max())
    assert relevance_density(evidence_of(-4 * values)) == pytest.approx(sizes.mean() / sizes.max())
    assert relevance_density(evidence_of(SINGLE)) == pytest.approx(1 / 48)
    assert relevance_density(evidence_of(-CONSTANT)) == pytest.approx(1)
    assert relevance_density(evidence_of(torch.zeros(6, 8))) is None
