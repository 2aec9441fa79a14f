"""Metrics as columns of a table: in separate groups, each with its direction and its value for a random map."""

from collections.abc import Sequence
from typing import Any

import core

ALWAYS = ("fidelity", "mrg", "lrg", "artifact_share")
ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
BETTER = {"higher": "higher is better", "lower": "lower is better", "none": "neither way is better"}
GROUPS = {
    "faithfulness": "what the model uses",
    "plausibility": "where the object or stamp is",
    "robustness": "what small changes do",
    "complexity": "how much is pointed at",
}


def grouped(names: Sequence[str]) -> list[dict[str, Any]]:
    """The columns of these scores, group by group; there is no column over all groups, for no number says all."""
    metrics = [metric for metric in core.list_metrics() if metric.name in names]
    columns = {group: [column(metric) for metric in metrics if metric.group == group] for group in GROUPS}
    return [
        {"title": f"{group.capitalize()}: {GROUPS[group]}", "metrics": found}
        for group, found in columns.items()
        if found
    ]


def column(metric: Any) -> dict[str, Any]:
    """What the head of a column says, and how its numbers are written."""
    return {
        "name": metric.name,
        "symbol": metric.heading,
        "arrow": ARROWS[metric.direction],
        "direction": metric.direction,
        "better": BETTER[metric.direction],
        "summary": metric.summary,
        "random": metric.random,
        "paper": metric.paper,
        "percent": metric.unit.startswith("share"),
    }
