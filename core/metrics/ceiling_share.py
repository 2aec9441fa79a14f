"""F beside its ceiling: how much of what any order of the pixels reaches a map's own order does."""

from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF, Evidence
from core.metrics.registry import metric

TRACE = "after Wang and Wang 2024 (TRACE, ICML); the search and the share are ours"


@metric(
    label="Ceiling of F", group="faithfulness", direction="none", low=-1.0, high=1.0, unit="area",
    random="that of every map", paper=TRACE, needs=("ceiling",), reads=(MIF, LIF),
)  # fmt: skip
def ceiling(evidence: Evidence) -> float | None:
    """The largest F that any order of the pixels was found to reach, the same for every map of a picture.

    Undefined where it is not above what orders of patches score by chance.
    """
    return evidence.ceiling


@metric(
    label="Share of the ceiling", group="faithfulness", direction="higher", unit="share of the ceiling", random="0",
    paper=TRACE, needs=("ceiling",), reads=(MIF, LIF), ratio_of=("fidelity", "ceiling"),
)  # fmt: skip
def ceiling_share(evidence: Evidence) -> float | None:
    """F as a share of the ceiling, the largest F that any order was found to reach: at most this share is reached.

    Where F is above 0 it is an upper bound, since a better order may exist. The search for that order takes at least
    1,500 passes for each picture. The orders of the run's methods are among those searched: with other methods the
    ceiling, and every share of it, may differ.
    A picture whose ceiling is not above chance is left out; n says how many remain. Over pictures it is the mean F
    divided by the mean ceiling, each picture weighing what there is to be found on it: a mean of shares would be
    decided by pictures with hardly anything to find.
    """
    if evidence.ceiling is None:
        return None
    return area_between(evidence.curves[LIF], evidence.curves[MIF]) / evidence.ceiling
