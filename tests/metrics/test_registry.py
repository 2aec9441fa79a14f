"""Every score knows its direction, its range and its value for a random map."""

import pytest

from core.metrics.registry import find_metric, list_metrics


@pytest.mark.parametrize("metric", list_metrics(), ids=lambda metric: metric.name)
def test_every_metric_describes_itself(metric):
    assert metric.summary.endswith(".")
    assert metric.label
    assert metric.paper
    assert metric.random
    assert metric.unit
    assert metric.low is None or metric.high is None or metric.low < metric.high
    assert metric.needs_truth == (metric.group == "plausibility")


def test_an_unknown_metric_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match="Did you mean fidelity"):
        find_metric("fidelty")


def test_a_heading_is_the_symbol_where_that_is_a_word_of_its_own():
    assert find_metric("fidelity").heading == "F"
    assert find_metric("artifact_share").heading == "Artifact share"
    assert find_metric("deletion").heading == "Deletion"
