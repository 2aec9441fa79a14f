"""What is known of a metric itself: sound, biased, or undecided, each with its reasons. The rules are ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.coherency.anchor import Anchor
from core.coherency.consistency import Consistency
from core.coherency.controls import Placement
from core.coherency.degradation import Degradation
from core.coherency.explained import BOTH, Explained
from core.methods.registry import find_method

Verdict = Literal["sound", "biased", "undecided"]
MOST_EXPLAINED = 0.5
"""The share of a metric that the look of the maps may explain."""
CHANGED = {"picture": "the picture", "weights": "the weights"}


@dataclass(frozen=True)
class Status:
    """A metric's status.

    Parameters
    ----------
    verdict
        ``biased`` where one check found it to be; ``sound`` where every check that was made was passed, degradation and
        controls among them; ``undecided`` elsewhere.
    reasons
        How it is biased, or what is missing; empty for a sound one.
    """

    metric: str
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Checks:
    """What was found about one metric; None, or nothing, where a check was not made."""

    metric: str
    placement: Placement | None = None
    degradation: Degradation | None = None
    explained: Explained | None = None
    consistency: Sequence[Consistency] = ()
    anchors: Sequence[Anchor] = ()


def status(checks: Checks) -> Status:
    """The status that follows from the checks."""
    biases = tuple(biased(checks))
    open_ = tuple(undecided(checks))
    verdict: Verdict = "biased" if biases else "undecided" if open_ else "sound"
    return Status(checks.metric, verdict, biases or open_)


def biased(checks: Checks) -> list[str]:
    """The ways in which the metric is biased."""
    found = []
    if checks.placement and checks.placement.preferred:
        names = ", ".join(find_method(name).label for name in checks.placement.preferred)
        found.append(f"Prefers the control {names} to every method.")
    if checks.placement and checks.placement.above_oracle:
        names = ", ".join(find_method(name).label for name in checks.placement.above_oracle)
        found.append(f"Rates {names} above the ground truth.")
    if checks.degradation and checks.degradation.fall == "rises":
        found.append("Rises while a good map is degraded.")
    if checks.explained and follows_look(checks.explained):
        found.append(f"Sparsity and total variation explain {100 * checks.explained.share:.0f} % of it.")
    found += [
        f"Improves where noise on {CHANGED[each.change]} breaks the predictions."
        for each in checks.consistency
        if each.disruptive_inter.high < 1 / 2
    ]
    found += ["Ranks the methods against the known truth." for each in checks.anchors if each.high < 0]
    return list(dict.fromkeys(found))


def undecided(checks: Checks) -> list[str]:
    """What keeps the metric from being called sound."""
    found = []
    if checks.placement is None or checks.placement.beats_random is None:
        found.append("Controls were not compared.")
    elif not checks.placement.beats_random:
        found.append("No method is significantly better than random.")
    if checks.degradation is None:
        found.append("Degradation was not tested.")
    elif checks.degradation.fall != "falls":
        found.append("No significant fall while a good map is degraded.")
    if checks.explained and checks.explained.high >= max(MOST_EXPLAINED, checks.explained.chance):
        found.append("Sparsity and total variation may explain more than half of it.")
    for each in checks.consistency:
        if not each.preserves:
            found.append(f"Little noise on {CHANGED[each.change]} may reorder the methods.")
        if not each.notices:
            found.append(f"Noise on {CHANGED[each.change]} that breaks predictions may go unnoticed.")
    found += ["Agreement with the known truth is unclear." for each in checks.anchors if not each.low > 0]
    return list(dict.fromkeys(found))


def follows_look(explained: Explained) -> bool:
    """Whether the look of the maps explains more than half, and more than other methods' looks would."""
    return explained.by == BOTH and explained.low > MOST_EXPLAINED and explained.share > explained.chance
