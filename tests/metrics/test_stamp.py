"""Scores of stamps read the right mask, and tell nothing where there is none."""

from dataclasses import replace

import pytest
import torch

from core.methods.heatmap import Heatmap, Passes
from core.metrics.distance import stamp_distance
from core.metrics.evidence import Evidence
from core.metrics.registry import find_metric

SIZE = (6, 8)


def marked(rows, columns):
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[rows, columns] = True
    return mask


STAMP, USED, DECOY = marked(slice(1, 3), slice(1, 4)), marked(1, slice(1, 4)), marked(slice(4, 6), slice(5, 8))


@pytest.fixture
def evidence():
    values = torch.randn(SIZE, generator=torch.Generator().manual_seed(5))
    heatmap = Heatmap(values, values[None], "gradient", 0, "sum", 0.0, Passes())
    return Evidence(None, None, 0, 0, heatmap, STAMP, {}, 1.0, causal=USED, distractor=DECOY)


def of_values(evidence, values):
    return replace(evidence, heatmap=replace(evidence.heatmap, values=values))


def measure(name, evidence):
    return find_metric(name).measure(evidence)


def test_the_distances_are_those_from_their_own_masks(evidence):
    values = evidence.heatmap.values
    assert measure("stamp_distance", evidence) == stamp_distance(values, STAMP)
    assert measure("causal_distance", evidence) == stamp_distance(values, USED)


def test_specificity_compares_mean_with_mean_of_what_is_positive(evidence):
    values = torch.full(SIZE, -9.0)
    values[STAMP], values[DECOY] = 3.0, 1.0
    assert measure("specificity", of_values(evidence, values)) == pytest.approx(0.75)
    assert measure("specificity", of_values(evidence, STAMP.float())) == 1
    assert measure("specificity", of_values(evidence, DECOY.float())) == 0
    assert measure("specificity", of_values(evidence, torch.ones(SIZE))) == 0.5


def test_specificity_is_a_matter_of_density_not_of_size(evidence):
    small = replace(evidence, distractor=marked(5, 7))
    assert measure("specificity", of_values(small, torch.ones(SIZE))) == 0.5


def test_what_lies_under_both_counts_as_the_stamp(evidence):
    over = replace(evidence, distractor=STAMP | DECOY)
    assert measure("specificity", of_values(over, STAMP.float())) == 1


@pytest.mark.parametrize("name", ["stamp_distance", "causal_distance", "specificity", "copies_as_near"])
@pytest.mark.parametrize("mask", [None, torch.zeros(SIZE, dtype=torch.bool)])
def test_nothing_is_told_where_nothing_is_marked(evidence, name, mask):
    blank = replace(evidence, truth=mask, causal=mask, distractor=mask)
    positive = of_values(blank, torch.zeros(SIZE))
    assert measure(name, positive) is None


def test_a_constant_map_counts_as_such_and_has_the_distance_of_knowing_nothing(evidence):
    assert measure("constant", evidence) == 0
    flat = of_values(evidence, torch.full(SIZE, 0.1))
    assert measure("constant", flat) == 1
    assert measure("stamp_distance", flat) == 2


def test_only_scores_of_stamps_need_one():
    needing = {name for name in ("stamp_distance", "causal_distance", "specificity") if find_metric(name).needs_stamp}
    assert needing == {"causal_distance", "specificity"}
