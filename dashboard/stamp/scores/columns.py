"""Scores of stamped pictures as columns of a table, each with what a random map gets in numbers."""

from typing import Any

from core.metrics.localisation import SHARE
from core.metrics.registry import Metric
from dashboard.components.columns import column


def stamp_column(metric: Metric, covered: float) -> dict[str, Any]:
    """The head of a column.

    Parameters
    ----------
    covered
        The share of the picture that the stamp covers.
    """
    return column(metric) | {"chance": chance(metric, covered)}


def chance(metric: Metric, covered: float) -> str:
    """What a random map gets where the stamp covers that share of the picture."""
    if metric.random == SHARE:
        return f"{100 * covered:.2g} %"
    share = column(metric)["percent"] and metric.random.replace(".", "", 1).isdigit()
    return f"{100 * float(metric.random):g} %" if share else metric.random
