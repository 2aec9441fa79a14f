"""Whether a leak decides, from the accuracies alone."""

import pytest

from core.metrics.statistics import Estimate
from core.retraining.events import compared
from core.retraining.outcomes import Accuracy
from core.retraining.plan import Cell


def accuracy(low: float, high: float) -> Accuracy:
    return Accuracy(Estimate((low + high) / 2, low, high, 60), ((low + high) / 2,))


@pytest.mark.parametrize(
    ("leak", "score", "decides"),
    [
        ((0.60, 0.70), (0.80, 0.90), False),
        ((0.60, 0.81), (0.80, 0.90), True),
        ((0.90, 0.95), (0.80, 0.85), True),
        ((0.45, 0.60), (0.45, 0.60), False),  # nothing is left, and nothing leaks
        (None, (0.45, 0.60), None),
    ],
)
def test_the_leak_decides_where_masks_alone_tell_something_and_no_clearly_less(leak, score, decides):
    found = compared(Cell("gradient", "roar", 0.5), accuracy(*score), accuracy(0, 1), leak and accuracy(*leak), 0.5)
    assert found.leak_decides == decides
