"""F as a share of its ceiling over many pictures: a ratio of means, over those where there is something to find."""

from math import nan

import pytest

from core.metrics.ceiling_share import ceiling, ceiling_share
from core.metrics.statistics import Score, Tally

FIDELITIES = {"a": (0.3, 0.6), "b": (0.1, 0.2), "c": (0.2, 0.8), "d": (0.05, None)}
"""F and the ceiling of each picture; on the last no order beats chance."""


@pytest.fixture
def summary():
    tally = Tally()
    for picture, (fidelity, best) in FIDELITIES.items():
        share = nan if best is None else fidelity / best
        found = {"fidelity": fidelity, "ceiling": nan if best is None else best, "ceiling_share": share}
        tally.add(Score(picture, "gradient", metric, score) for metric, score in found.items())
        chance = {"fidelity": 0.0, "ceiling": found["ceiling"], "ceiling_share": 0.0 * share}
        tally.add(Score(picture, "random", metric, score) for metric, score in chance.items())
    return {(row.method, row.metric): row for row in tally.summary()}


def test_over_pictures_it_is_the_mean_f_over_the_mean_ceiling_of_those_that_have_one(summary):
    row = summary["gradient", "ceiling_share"]
    assert row.mean == pytest.approx((0.3 + 0.1 + 0.2) / (0.6 + 0.2 + 0.8))
    assert row.low < row.mean < row.high
    assert (row.n, summary["gradient", "fidelity"].n) == (3, 4)


def test_its_difference_to_the_random_control_is_paired(summary):
    row = summary["gradient", "ceiling_share"]
    assert row.difference == pytest.approx(row.mean)
    assert row.difference_low == pytest.approx(row.low)


def test_without_a_ceiling_above_chance_neither_is_defined(evidence_of, pixels):
    evidence = evidence_of(pixels[0, 0], "ceiling_share")
    assert evidence.ceiling is None
    assert ceiling(evidence) is None
    assert ceiling_share(evidence) is None
