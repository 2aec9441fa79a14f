"""Do the controls come where they belong? Otherwise the metric rewards something that is no explanation."""

from dataclasses import dataclass

from core.methods.registry import find_method
from core.metrics.ranking import SIGNIFICANT, Ranking
from core.metrics.statistics import BASELINE

ORACLE, NEGATED = "oracle", "negated"


@dataclass(frozen=True)
class Placement:
    """Where a metric places the controls.

    Parameters
    ----------
    best
        The method with the best mean rank that is no control; empty where there is none.
    beats_random
        Whether it is significantly better than `random`; None where that was not in the study.
    preferred
        The controls that are significantly better than it.
    above_oracle
        The methods that are significantly better than the oracle, which knows the truth.
    """

    metric: str
    best: str
    beats_random: bool | None
    preferred: tuple[str, ...]
    above_oracle: tuple[str, ...]


def placement(ranking: Ranking) -> Placement:
    """The placement in a ranking, by its tests of pairs with Holm's correction."""
    better = {
        (pair.first, pair.second) for pair in ranking.pairs if pair.adjusted < SIGNIFICANT
    }  # the first has the better mean rank
    best = next((name for name in ranking.ranks if not find_method(name).control), "")
    controls = [name for name in ranking.ranks if find_method(name).control and not find_method(name).needs_truth]
    return Placement(
        ranking.metric,
        best,
        (best, BASELINE) in better if BASELINE in ranking.ranks and best else None,
        tuple(name for name in controls if (name, best) in better),
        tuple(name for name in ranking.ranks if (name, ORACLE) in better),
    )
