"""Every score knows its direction, its range and its value for a random map."""

from core.metrics.registry import list_metrics


def test_every_metric_is_fully_described():
    for metric in list_metrics():
        assert metric.direction in ("higher", "lower", "none")
        assert all((metric.label, metric.symbol, metric.unit, metric.random, metric.paper, metric.summary))
