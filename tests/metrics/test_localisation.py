"""Agreement with marks: ties in expectation, the oracle first and its negative last, and what can't be told is not."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from core.metrics.localisation import (
    area_under_roc,
    auroc,
    average_precision,
    hit_rate,
    levels,
    mass_inside,
    mean_precision,
    pointing_game,
    rank_accuracy,
    relevance_mass,
    top_accuracy,
)

ALL = [pointing_game, relevance_mass, rank_accuracy, auroc, average_precision]
RANKED = [hit_rate, top_accuracy, area_under_roc, mean_precision]


def drawn(seed: int, values: int, share: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    """A map of 6 x 8 with so many different values at most, and marks."""
    draw = torch.Generator().manual_seed(seed)
    marks = torch.rand(6, 8, generator=draw) < share
    marks[0, :2] = torch.tensor([True, False])
    return torch.randint(values, (6, 8), generator=draw).double() - values // 2, marks


@pytest.fixture
def box():
    mask = torch.zeros(6, 8, dtype=torch.bool)
    mask[1:3, 2:7] = True
    return mask


@pytest.mark.parametrize("values", [2, 5, 20, 10**6])
@pytest.mark.parametrize("seed", range(5))
def test_roc_and_precision_are_those_of_scikit_learn_whatever_is_tied(seed, values):
    scores, marks = drawn(seed, values)
    found = levels(scores, marks)
    assert area_under_roc(found) == pytest.approx(roc_auc_score(marks.flatten(), scores.flatten()), abs=1e-12)
    assert mean_precision(found) == pytest.approx(average_precision_score(marks.flatten(), scores.flatten()), abs=1e-12)


def orders(values: list[float]) -> list[list[int]]:
    """Every way to put the highest first."""
    return [
        list(order)
        for order in itertools.permutations(range(len(values)))
        if all(values[a] >= values[b] for a, b in itertools.pairwise(order))
    ]


@pytest.mark.parametrize("marks", [(1, 0, 0, 1, 1, 0), (0, 1, 1, 0, 0, 0), (1, 1, 1, 1, 0, 1)])
@pytest.mark.parametrize("values", [[3, 3, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 5, 0, 0], [6, 5, 4, 3, 2, 1]])
def test_ties_give_the_mean_over_every_order_they_could_have(values, marks):
    found = levels(torch.tensor([values]), torch.tensor([marks]).bool())
    ways = orders(values)
    marked = sum(marks)
    hits = np.mean([marks[way[0]] for way in ways])
    tops = np.mean([np.mean([marks[place] for place in way[:marked]]) for way in ways])
    pairs = [(one, other) for one in range(6) for other in range(6) if marks[one] > marks[other]]
    above = np.mean([way.index(one) < way.index(other) for way in ways for one, other in pairs])
    assert hit_rate(found) == pytest.approx(hits)
    assert top_accuracy(found) == pytest.approx(tops)
    assert area_under_roc(found) == pytest.approx(above)


def test_the_mass_is_that_of_the_positive_part(box):
    values, _ = drawn(3, 9)
    total = sum(max(0, value) for value in values.flatten().tolist())
    inside = sum(max(0, value) for value, mark in zip(values.flatten().tolist(), box.flatten(), strict=True) if mark)
    assert mass_inside(values, box) == pytest.approx(inside / total)
    assert mass_inside(values * 1e30, box) == pytest.approx(inside / total)


@pytest.mark.parametrize("measure", ALL)
def test_the_oracle_gets_1_and_what_avoids_the_marks_gets_the_worst(measure, box, evidence_of):
    oracle = box.double()
    assert measure(evidence_of(oracle, truth=box)) == 1
    assert measure(evidence_of(1 - oracle, truth=box)) == (10 / 48 if measure is average_precision else 0)


def test_marks_below_everything_else_get_the_least_there_is(box):
    falling = torch.arange(48.0).flip(0).view(6, 8) - 100 * box
    found = levels(falling, box)
    assert hit_rate(found) == top_accuracy(found) == area_under_roc(found) == 0
    assert mean_precision(found) == pytest.approx(np.mean([place / (38 + place) for place in range(1, 11)]))


@pytest.mark.parametrize("score", RANKED)
@pytest.mark.parametrize("change", [lambda s: 3 * s - 7, torch.exp, lambda s: s**3, torch.atan])
def test_ranks_are_all_that_counts(score, change, box):
    values, _ = drawn(7, 12)
    assert score(levels(change(values), box)) == pytest.approx(score(levels(values, box)))


def test_the_negative_has_the_rest_of_the_roc(box):
    values, _ = drawn(8, 6)
    assert area_under_roc(levels(values, box)) + area_under_roc(levels(-values, box)) == pytest.approx(1)


@pytest.mark.parametrize(("measure", "chance"), list(zip(ALL, [10 / 48] * 3 + [0.5, 10 / 48], strict=True)))
def test_a_constant_map_gets_what_a_random_map_gets_on_average(measure, chance, box, evidence_of):
    assert measure(evidence_of(torch.full((6, 8), 2.5), truth=box)) == pytest.approx(chance)
    draw = torch.Generator().manual_seed(6)
    evidence = [evidence_of(torch.rand(6, 8, generator=draw), truth=box) for _ in range(400)]
    # Mean precision over so few pixels is above the share; it nears it as pictures grow.
    slack = 0.09 if measure is average_precision else 0.04
    assert np.mean([measure(each) for each in evidence]) == pytest.approx(chance, abs=slack)


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("marked", [False, True])
def test_nothing_or_everything_marked_tells_no_map_from_another(measure, marked, evidence_of):
    values, _ = drawn(9, 30)
    assert measure(evidence_of(values, truth=torch.full((6, 8), marked))) is None
    assert measure(evidence_of(values)) is None


def test_a_map_without_a_positive_place_has_no_mass_and_still_its_ranks(box, evidence_of):
    values = box.double() - 2
    assert mass_inside(values, box) is mass_inside(torch.zeros(6, 8), box) is None
    assert pointing_game(evidence_of(values, truth=box)) == 1


def test_no_two_values_become_equal_by_being_read(box):
    """Values that are one in single precision are two in double."""
    values = 1 + box.double() * 1e-12
    assert area_under_roc(levels(values, box)) == 1
