"""What a method's curve says of it: how much lower it lies than that of the random control."""

from dataclasses import dataclass

from core.methods.registry import find_method, list_methods
from core.metrics.statistics import BASELINE, Standing, verdict
from core.retraining.masks import Form
from core.retraining.outcomes import Accuracy, Curves, area_between


@dataclass(frozen=True)
class Verdict:
    """How a method compares with the random control and with every other that ignores the model.

    Parameters
    ----------
    removal
        Mean accuracy of the random control minus the method's, as the most important places are removed; positive
        where the network needs what the method points at.
    keeping
        Mean accuracy of the method minus the random control's, as the most important places are kept; None where
        nothing was kept.
    standing
        By the area of removal and its intervals: ``better``, ``edge``, ``worse``, ``unclear`` or ``control``.
    """

    method: str
    removal: Accuracy
    keeping: Accuracy | None
    standing: Standing


def judge(curves: Curves, seed: int) -> tuple[Verdict, ...]:
    """A verdict for each method, the largest area first; nothing before the random control is there."""
    methods = curves.methods()
    if BASELINE not in methods or not curves.fractions(BASELINE, "roar"):
        return ()
    blind = [entry.name for entry in list_methods() if entry.blind and entry.name in methods and entry.name != BASELINE]
    found = [judged(curves, method, blind, seed) for method in methods]
    return tuple(sorted(found, key=lambda each: -each.removal.over_pictures.mean))


def judged(curves: Curves, method: str, rivals: list[str], seed: int) -> Verdict:
    """The verdict on one method; `better` needs every seed to agree."""
    fractions = curves.fractions(method, "roar")

    def area(form: Form, upper: str, lower: str) -> Accuracy:
        return area_between(curves.curve(upper, form, fractions), curves.curve(lower, form, fractions), seed)

    removal = area("roar", BASELINE, method)
    keeping = area("kar", method, BASELINE) if curves.fractions(method, "kar") else None
    if find_method(method).control:
        return Verdict(method, removal, keeping, "control")
    gaps = [area("roar", rival, method) for rival in (BASELINE, *rivals)]
    standing = verdict(*(gap.over_pictures for gap in gaps), direction="higher")
    if standing in ("better", "edge", "worse") and not (removal.above_zero or removal.below_zero):
        standing = "unclear"
    if standing == "better" and not all(gap.above_zero for gap in gaps):
        standing = "edge"
    return Verdict(method, removal, keeping, standing)
