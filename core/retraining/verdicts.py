"""What a method's curve says of it: how much lower it lies than that of the random control."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.methods.registry import find_method, list_methods
from core.metrics.statistics import BASELINE, Standing, verdict
from core.retraining.masks import Form
from core.retraining.outcomes import Accuracy, Curves, Recognised, areas_between

Pair = tuple[Form, str, str]
"""The form of two curves, and whose lies above and below."""


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
    unbeaten
        The control that ignores the model and has the largest area of those that the method is not clearly better
        than; empty where there is none, and for a control.
    beaten_by
        The strongest of those that are clearly better than the method; empty where there is none, and for a control.
    leaky
        Number of shares at which the leak decides, where networks are retrained.
    leak_decides
        Whether it does at more than half of the shares: there is no verdict then.
    """

    method: str
    removal: Accuracy
    keeping: Accuracy | None
    standing: Standing
    unbeaten: str = ""
    beaten_by: str = ""
    leaky: int = 0
    leak_decides: bool = False


def judge(curves: Curves, seed: int) -> tuple[Verdict, ...]:
    """A verdict for each method, the largest area first; nothing before the random control is there."""
    methods = curves.methods()
    if BASELINE not in methods or not curves.fractions(BASELINE, "roar"):
        return ()
    rivals = rivals_among(methods)
    kept = [method for method in methods if curves.fractions(method, "kar")]
    pairs: list[Pair] = [("kar", method, BASELINE) for method in kept]
    pairs += [("roar", rival, method) for method in methods for rival in rivals]
    found = areas(curves, pairs, seed)
    verdicts = [
        judged(method, found.get(("kar", method, BASELINE)), {rival: found["roar", rival, method] for rival in rivals})
        for method in methods
    ]
    return tuple(sorted(verdicts, key=lambda each: -each.removal.over_pictures.mean))


def areas(curves: Curves, pairs: Sequence[Pair], seed: int) -> dict[Pair, Accuracy]:
    """The area between the curves of each pair."""

    def both(form: Form, upper: str, lower: str) -> tuple[list[Recognised], list[Recognised]]:
        fractions = curves.fractions(lower, form)
        return curves.curve(upper, form, fractions), curves.curve(lower, form, fractions)

    return dict(zip(pairs, areas_between((both(*pair) for pair in pairs), seed), strict=True))


def judged(method: str, keeping: Accuracy | None, gaps: Mapping[str, Accuracy]) -> Verdict:
    """The verdict on one method by its areas to the controls."""
    return Verdict(method, gaps[BASELINE], keeping, *standing_against(method, gaps))


def beside_the_leak(own: Verdict, decides: Sequence[bool | None]) -> Verdict:
    """The verdict, which stays open where the leak decides at more than half of the shares; a control has none.

    Parameters
    ----------
    decides
        Whether the leak does, for each share; None where it is not known yet, and then there is no verdict yet.
    """
    leaky = sum(each is True for each in decides)
    if own.standing == "control":
        return replace(own, leaky=leaky)
    known = None not in decides
    decided = known and 2 * leaky > len(decides)
    return replace(
        own, leaky=leaky, leak_decides=decided, standing=own.standing if known and not decided else "unclear"
    )


def rivals_among(methods: Collection[str]) -> tuple[str, ...]:
    """The controls that ignore the model: the random one, then those of the others that are among the methods."""
    blind = [entry.name for entry in list_methods() if entry.blind and entry.name in methods and entry.name != BASELINE]
    return (BASELINE, *blind)


def standing_against(method: str, gaps: Mapping[str, Accuracy]) -> tuple[Standing, str, str]:
    """How a method stands against these controls, the strongest that it does not beat, and the strongest that beats it;
    every seed has to agree.

    Parameters
    ----------
    gaps
        How much better it is than each control, the random one among them.
    """
    if find_method(method).control:
        return "control", "", ""
    to_random = gaps[BASELINE]
    standing = verdict(*(gap.over_pictures for gap in gaps.values()), direction="higher")
    if standing in ("better", "edge", "worse") and not (to_random.above_zero or to_random.below_zero):
        standing = "unclear"
    strongest_first = sorted(gaps, key=lambda control: gaps[control].over_pictures.mean)
    unbeaten = next((control for control in strongest_first if not gaps[control].above_zero), "")
    beaten_by = next((control for control in strongest_first if gaps[control].below_zero), "")
    if standing == "better" and unbeaten:
        standing = "edge"
    return standing, unbeaten, beaten_by
