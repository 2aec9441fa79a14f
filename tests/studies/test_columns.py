"""Scores in columns of numbers are the same scores."""

from math import nan

import numpy as np
import pytest

from core.metrics.statistics import Score, Tally
from core.studies.columns import Columns

PICTURES = [f"picture {number}" for number in range(12)]


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    drawn = np.random.default_rng(0)
    return [
        Score(picture, method, metric, nan if drawn.random() < 0.1 else float(drawn.random()))
        for picture in PICTURES[:9]
        for method in ("gradient", "random", "sobel")
        for metric in ("mif_area", "lif_area", "artifact_drop", "mrg", "artifact_share")
    ]


def test_means_and_intervals_are_those_of_a_tally(scores):
    tally, columns = Tally(), Columns(PICTURES[::-1])
    tally.add(scores)
    columns.add(scores[::-1])
    assert (len(columns), columns.cells()) == (len(tally), tally.cells())
    assert repr(columns.summary(3)) == repr(tally.summary(3))
    assert repr(columns.scores()) == repr(tally.scores())
