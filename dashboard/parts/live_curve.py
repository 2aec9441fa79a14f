"""The trial of a run's heatmaps, mounted once and fed by its events."""

from typing import Any

import core
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.runs import Run, collect
from dashboard.workshop import Asked

Y_NAMES = {"probability": "probability of the class", "relative_logit": "logit relative to the clean picture"}
ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
SHOWN = ("fidelity", "mrg", "lrg", "artifact_share")
_COMPONENT = declare("live_curve", "dom", "stream", "verdict", "curve_data", "plot", "removed", "scores")


def live_curve(run: str, asked: Asked, stale: bool, earlier: Run | None) -> None:
    """Curves that grow, the perturbed picture behind each point, and the scores.

    Parameters
    ----------
    earlier
        The same run with another imputer, so that the scores can show who moved.
    """
    told = {
        "run": run,
        "methods": list(described(asked)),
        "metrics": list(map(heading, SHOWN)),
        "y": asked.y,
        "yName": Y_NAMES[asked.y],
        "steps": asked.steps,
        "earlier": places(earlier) if earlier else None,
        "stale": stale,
    }
    _COMPONENT(data=told, key="live_curve")


def heading(name: str) -> dict[str, str]:
    """A score's column: its name, which way is better, and what it means."""
    metric = next(metric for metric in core.list_metrics() if metric.name == name)
    return {"symbol": metric.heading, "arrow": ARROWS[metric.direction], "summary": metric.summary}


def places(run: Run) -> dict[str, Any]:
    """Each method's place by F in a run, and the imputer's name."""
    label = next(imputer.label for imputer in core.list_imputers() if imputer.name == run.asked.imputer)
    final = {score["method"]: score["value"] for score in collect(run, "fidelity") if score["final"]}
    order = sorted(final, key=lambda method: -final[method])
    return {"imputer": label, "places": {method: place for place, method in enumerate(order, 1)}}
