"""Every score knows its direction, its range and its value for a random map."""

from dataclasses import fields

import pytest

from core.metrics.fidelity import Fidelity
from core.metrics.registry import list_metrics


@pytest.mark.parametrize("metric", list_metrics(), ids=lambda metric: metric.name)
def test_every_metric_lies_in_its_range_for_a_random_map_and_is_computed_somewhere(metric):
    low, high = metric.low if metric.low is not None else -1e9, metric.high if metric.high is not None else 1e9
    assert low <= float(metric.random) <= high
    assert {"fidelity": "value"}.get(metric.name, metric.name) in {field.name for field in fields(Fidelity)}
    assert metric.summary.endswith(".")
