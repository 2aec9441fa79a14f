"""How near each heatmap comes to the stamp, in a table that fills as they come."""

from core.metrics.localisation import SHARE
from core.metrics.registry import Metric, find_metric
from dashboard.parts.columns import column
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.stamping import LiveStamp, stamp_model

SCORES = ("stamp_distance", "relevance_mass", "rank_accuracy", "auroc", "average_precision", "pointing_game")
CAUSAL, WITH_A_DISTRACTOR = "causal_distance", "specificity"
COPIES = "copies_as_near"
_COMPONENT = declare("stamp_scores", "dom", "stream", "table")


def stamp_scores(run: LiveStamp, truth: bool) -> None:
    """A row a method, the nearest to the stamp first; pale until they are of what is chosen now.

    Parameters
    ----------
    truth
        Whether the stamp's place is the truth about the model.
    """
    asked = run.asked
    first, *companions = SCORES
    causal, specific = [CAUSAL] if stamp_model(asked.model) else [], [WITH_A_DISTRACTOR] if asked.distractor else []
    names = [first, COPIES, *causal, *companions, *specific]
    covered = float(asked.stamp.mask(run.about.subject.classifier.size).double().mean())
    metrics = [column(metric) | {"chance": chance(metric, covered)} for metric in map(find_metric, names)]
    told = {"run": run.id, "metrics": metrics, "methods": list(described(asked)), "truth": truth}
    _COMPONENT(data=told, key="stamp_scores")


def chance(metric: Metric, covered: float) -> str:
    """What a random map gets where the stamp covers that share of the picture."""
    return f"{100 * covered:.2g} %" if metric.random == SHARE else metric.random
