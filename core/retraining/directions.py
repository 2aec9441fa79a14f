"""The four directions of the paper's results, and whether they show here.

Hooker et al. 2019 (arXiv:1806.10758) found them with ResNet-50 on ImageNet: (a) retrained accuracy falls slowly as
random places are removed, while the accuracy without retraining collapses; (b) squared and variance ensembles remove
more than random places at every share; (c) single estimators and their mean remove no more than random places, for half
of the places and more; (d) keeping separates methods less than removing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.stats import t

from core.jobs.durations import counted
from core.methods.registry import find_method
from core.metrics.ranking import SIGNIFICANT, holm
from core.metrics.statistics import BASELINE, CONFIDENCE, FEWEST, Estimate, estimates
from core.retraining.masks import FORMS, Form
from core.retraining.outcomes import Accuracy, Curves, Recognised, areas_between, over_pictures

Finding = Literal["reproduced", "not reproduced", "undecided"]
SLOWLY = 0.5
"""Random removal costs slowly where it costs less than this share of what it costs a network without adaptation."""
MARGIN = 0.02
"""An accuracy this much lower still counts as no lower."""
FEW_PLACES_LEFT = 0.5
WITHOUT_AVERAGING = ("gradient", "integrated_gradients", "guided_backprop")
MEANS = ("smoothgrad", "smoothgrad_integrated_gradients", "smoothgrad_guided_backprop")


@dataclass(frozen=True)
class Direction:
    """One of the paper's directions.

    Parameters
    ----------
    name
        ``a`` to ``d``.
    claim
        What the paper found.
    finding
        Whether it shows here.
    why
        The figures that decide.
    accuracies
        By method, form and fraction: those that it compares with random removal, or with each other.
    leak_decides
        Whether the leak decides at more than half of them: the masks' shape may then be why, whatever was found.
    """

    name: str
    claim: str
    finding: Finding
    why: str
    accuracies: tuple[tuple[str, Form, float], ...] = ()
    leak_decides: bool = False


def check_directions(trained: Curves, unadapted: Curves, seed: int) -> tuple[Direction, ...]:
    """Each direction that the methods at hand can show.

    Parameters
    ----------
    trained
        Of networks that learned with removed places: retrained or fine-tuned ones.
    unadapted
        Of the explained network.
    """
    fractions = trained.fractions(BASELINE, "roar")
    if not fractions or fractions != unadapted.fractions(BASELINE, "roar"):
        return ()  # some of it is still on its way
    found = [
        random_falls_slowly(trained, unadapted, seed),
        squares_remove_more(trained, seed),
        single_estimators_remove_no_more(trained, seed),
        keeping_separates_less(trained, seed),
    ]
    return tuple(each for each in found if each)


def random_falls_slowly(trained: Curves, unadapted: Curves, seed: int) -> Direction | None:
    """(a): from the middle share on, random removal costs networks that learned with gaps less than half of what it
    costs the one that did not, each measured from its own accuracy on whole pictures.
    """
    fractions = trained.fractions(BASELINE, "roar")
    middle = fractions[len(fractions) // 2]
    later = [each for each in fractions if each >= middle]
    before, after = cost_of_random(unadapted, later), cost_of_random(trained, later)
    if before is None or after is None:
        return None
    gaps = over_pictures([SLOWLY * first - second for first, second in zip(before, after, strict=True)], seed)
    adapted, unprepared = (in_points(cost) for cost in over_pictures([after[0], before[0]], seed))
    return Direction(
        "a",
        "Random removal costs a network that learned with gaps less than half of the accuracy that it costs one that "
        "did not.",
        finding(gaps),
        f"Removing {percent(middle)} at random costs {adapted} of accuracy after learning with gaps, {unprepared} "
        "before.",
    )


def cost_of_random(curves: Curves, fractions: Sequence[float]) -> list[Float[np.ndarray, "seeds pictures"]] | None:
    """What removing these shares at random costs of the accuracy on whole pictures; None before that is known."""
    if curves.whole is None:
        return None
    whole = curves.whole.astype(np.float64)
    return [whole[: len(each)] - each[: len(whole)] for each in curves.curve(BASELINE, "roar", fractions)]


def squares_remove_more(trained: Curves, seed: int) -> Direction | None:
    """(b): SmoothGrad squared and VarGrad lie below random at every share."""
    methods = [name for name in trained.methods() if name.startswith(("smoothgrad_squared", "vargrad"))]
    gaps = gaps_to_random(trained, methods, 0.0, seed)
    if not gaps:
        return None
    return Direction(
        "b",
        "Removing what squares or variances of noisy gradients rank high costs more accuracy than random removal, at "
        "every share.",
        finding([negated(gap) for gap in gaps.values()]),
        extremes(gaps),
        removed(gaps),
    )


def single_estimators_remove_no_more(trained: Curves, seed: int) -> Direction | None:
    """(c): single estimators and means of noisy ones lie at or above random from half of the places on."""
    methods = [name for name in trained.methods() if name in (*WITHOUT_AVERAGING, *MEANS)]
    gaps = gaps_to_random(trained, methods, FEW_PLACES_LEFT, seed)
    if not gaps:
        return None
    return Direction(
        "c",
        "Removing what gradients rank high, single or averaged, costs no more accuracy than random removal, from half "
        "of the picture on.",
        finding(list(gaps.values()), MARGIN),
        extremes(gaps),
        removed(gaps),
    )


def keeping_separates_less(trained: Curves, seed: int) -> Direction | None:
    """(d): the methods' accuracies differ less among each other when the important places are kept."""
    methods = [name for name in trained.methods() if not find_method(name).control]
    if len(methods) < 2 or not all(trained.fractions(each, "kar") for each in methods):
        return None
    fractions = trained.fractions(methods[0], "roar")
    tables = of_shared_seeds([[trained.curve(each, form, fractions) for each in methods] for form in ("roar", "kar")])
    without, kept = (spread(each.mean(axis=2)) for each in tables)
    gap = spread_difference(tables[0], tables[1], seed)
    return Direction(
        "d",
        "Keeping the most important part separates methods less than removing it.",
        finding([gap]),
        f"Standard deviation of accuracy between methods: {100 * without:.1f} points with that part removed, "
        f"{100 * kept:.1f} with it kept{difference(gap)}.",
        tuple((method, form, each) for form in FORMS for method in methods for each in fractions),
    )


def difference(gap: Accuracy) -> str:
    """The ends of the interval in words; nothing where one picture gives none."""
    low, high = (100 * each for each in gap.over_pictures[1:3])
    return "" if isnan(low) else f"; the difference is {low:.1f} to {high:.1f}".replace("-", "−")


Gaps = Mapping[tuple[str, float], Accuracy]
"""Accuracy without what a method calls important, minus that of random removal, by method and share."""


def gaps_to_random(trained: Curves, methods: Sequence[str], least: float, seed: int) -> Gaps:
    """Those of these methods from a share on."""
    places = [(method, each) for method in methods for each in trained.fractions(method, "roar") if each >= least]
    pairs = (
        ([trained.recognised[method, "roar", each]], [trained.recognised[BASELINE, "roar", each]])
        for method, each in places
    )
    return dict(zip(places, areas_between(pairs, seed), strict=True))


Table = Float[np.ndarray, "methods fractions seeds pictures"]


def of_shared_seeds(tables: Sequence[Sequence[Sequence[Recognised]]]) -> list[Table]:
    """Tables of the seeds that every method has at every fraction: fewer seeds alone would spread methods more."""
    seeds = min(len(each) for table in tables for curve in table for each in curve)
    return [np.array([[each[:seeds] for each in curve] for curve in table], dtype=np.float64) for table in tables]


def spread_difference(removed: Table, kept: Table, seed: int) -> Accuracy:
    """The spread among methods under removal minus that under keeping, each picture's influence on it resampled.

    The interval is that of the mean over seeds; its linear part in each picture is what a picture adds to the spread
    (the delta method).
    """

    def influence(table: Table) -> Float[np.ndarray, " pictures"]:
        values = table.mean(axis=2)
        means = values.mean(axis=2)
        deviation = means.std(axis=0)
        pull = (means - means.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0) / len(means)
        shift = np.einsum("mf,mfp->fp", pull, values - means[:, :, None])
        whole: np.ndarray = (deviation[:, None] + shift).mean(axis=0)
        return whole

    (found,) = estimates((influence(removed) - influence(kept))[:, None], seed)
    seeds = range(removed.shape[2])
    return Accuracy(found, tuple(spread(removed[:, :, each]) - spread(kept[:, :, each]) for each in seeds))


def spread(recognised: Float[np.ndarray, "methods fractions pictures"]) -> float:
    """The standard deviation of accuracy between methods, averaged over the fractions."""
    return float(recognised.mean(axis=2).std(axis=0).mean())


def finding(gaps: Sequence[Accuracy], margin: float = 0.0) -> Finding:
    """Whether every gap is above zero, or at least one below it; with a margin, above or below minus the margin.

    That all are above needs no correction, since each has to be; that any is below is tested with Holm's, since one of
    forty gaps often lies below by chance.

    >>> above, open_ = (Accuracy(Estimate(0.1, low, 0.2, 9), (0.1,)) for low in (0.05, -0.01))
    >>> finding([above]), finding([above, open_]), finding([above, open_], margin=0.02)
    ('reproduced', 'undecided', 'reproduced')
    """
    if any(gap.over_pictures.n < FEWEST for gap in gaps):
        return "undecided"
    chances = holm([chance_below(gap.over_pictures, -margin) for gap in gaps])
    if any(p < SIGNIFICANT and max(gap.by_seed) < -margin for gap, p in zip(gaps, chances, strict=True)):
        return "not reproduced"
    above = all(gap.over_pictures.low > -margin and min(gap.by_seed) > -margin for gap in gaps)
    return "reproduced" if above else "undecided"


def chance_below(found: Estimate, limit: float) -> float:
    """Two-sided p of a mean below the limit, 1 for one above it; under 5 % just where the interval ends below it.

    The interval gives the error on its own side, which is Student's t with its width.

    >>> [round(chance_below(Estimate(-0.2, -0.3, high, 100), 0.0), 4) for high in (0.0, -0.1)]
    [0.05, 0.0001]
    """
    mean, _, high, n = found
    if mean >= limit:
        return 1.0
    if high == mean:
        return 0.0
    freedom = n - 1
    error = (high - mean) / t.ppf((1 + CONFIDENCE) / 2, freedom)
    return float(2 * t.sf((limit - mean) / error, freedom))


def negated(gap: Accuracy) -> Accuracy:
    """The gap seen from the other side."""
    mean, low, high, n = gap.over_pictures
    return Accuracy(Estimate(-mean, -high, -low, n), tuple(-each for each in gap.by_seed))


def removed(gaps: Gaps) -> tuple[tuple[str, Form, float], ...]:
    """The accuracies that the gaps are of."""
    return tuple((method, "roar", fraction) for method, fraction in gaps)


def extremes(gaps: Gaps) -> str:
    """The smallest and the largest gap, each with its method and share, and among how many they are."""
    ends = (pick(gaps.items(), key=lambda each: each[1].over_pictures.mean) for pick in (min, max))
    in_words = " to ".join(dict.fromkeys(told(*each) for each in ends))
    among = f", in {counted(len(gaps), 'comparison')}" if len(gaps) > 1 else ""
    return f"Compared with random removal, accuracy differs by {in_words}{among}."


def told(place: tuple[str, float], gap: Accuracy) -> str:
    """A gap in points of accuracy, with its interval, which one picture does not give, and where it is.

    >>> told(("vargrad", 0.9), Accuracy(Estimate(-0.471, -0.562, -0.37, 100), (-0.47,)))
    '−47 points (−56 to −37; VarGrad, 90 % removed)'
    >>> none = float("nan")
    >>> told(("vargrad", 0.9), Accuracy(Estimate(-1.0, none, none, 1), (-1.0,)))
    '−100 points (VarGrad, 90 % removed)'
    """
    method, fraction = place
    return in_points(gap, f"{find_method(method).label}, {percent(fraction)} removed")


def in_points(gap: Accuracy, of: str = "") -> str:
    """
    >>> in_points(Accuracy(Estimate(0.28, 0.2, 0.36, 100), (0.28,)))
    '28 points (20 to 36)'
    """
    mean, low, high, _ = gap.over_pictures
    beside = "; ".join(filter(None, ("" if isnan(low) else f"{points(low)} to {points(high)}", of)))
    return f"{points(mean)} points" + (f" ({beside})" if beside else "")


def points(share: float) -> str:
    """
    >>> points(-0.471), points(-0.001)
    ('−47', '0')
    """
    return f"{round(100 * share)}".replace("-", "−")


def percent(share: float) -> str:
    """
    >>> percent(0.5)
    '50 %'
    """
    return f"{points(share)} %"
