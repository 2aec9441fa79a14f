"""Fidelity: what a map's order is worth against the reverse, against random orders and against the controls.

The corrected effect, LIF minus MIF, follows Brocki and Chung 2022; its halves against random orders, the spread under
random orders and the verdict are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean
from typing import Literal

import torch
from jaxtyping import Int
from scipy.stats import t
from torch import Tensor

from core.metrics.curves import Curve, area_between
from core.metrics.evidence import LIF, MIF, RANDOM, Evidence
from core.metrics.registry import metric
from core.pictures.blurring import blurred

Verdict = Literal["finds", "edge", "random", "worse", "control"]
BROCKI = "Brocki and Chung 2022, arXiv:2203.02928; 2023, arXiv:2303.01538"
OURS = "our reading of Brocki and Chung 2022, arXiv:2203.02928"
TRIAL = ("fidelity", "mrg", "lrg", "artifact_share")
"""The scores that every trial has."""

CONFIDENCE = 0.95
MARGIN = 0.01
CONTROL: tuple[Verdict, str] = (
    "control",
    "A control: it looks at no model, so this much can be had without knowing it.",
)


@dataclass(frozen=True)
class Fidelity:
    """What one picture says of a map.

    Parameters
    ----------
    value
        F, the area between the LIF and the MIF curve, in [-1, 1] for probabilities; higher is better, random 0.
    spread
        Half-width of the 95 % interval of F on this picture for maps that know nothing and are as clustered as this
        one: clustered masks are not as far from the data as scattered ones.
    mrg, lrg
        The two halves of F: the MIF curve below the random one, the LIF curve above it.
    artifact_share
        The LIF curve's lost area over the MIF curve's: at most this share of the drop is the perturbation itself.
        None where the MIF curve loses next to nothing.
    best_bound
        The smallest area that any LIF curve of the run lost. No less is known to bound what the perturbation itself
        does; the better the run's best map, the tighter.
    """

    method: str
    value: float
    spread: float
    mrg: float
    lrg: float
    artifact_share: float | None
    best_bound: float
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class FidelityReady:
    """A score to show; rough while its curves are still coarse."""

    fidelity: Fidelity
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "fidelity", self.fidelity.method


@dataclass(frozen=True)
class Chance:
    """What tells a map's luck.

    Parameters
    ----------
    clustering
        For each map how clustered it is, from 0 for scattered pixels to 1 for smooth random maps.
    blind
        Names of the smooth random maps; they get no score of their own.
    """

    clustering: Mapping[str, float]
    blind: Sequence[str] = ()


def judge(
    mif: Mapping[str, Curve],
    lif: Mapping[str, Curve],
    random: Curve,
    controls: Mapping[str, str],
    chance: Chance,
) -> list[Fidelity]:
    """Every map's fidelity with its verdict, the highest first.

    Parameters
    ----------
    controls
        Name and label of those maps that look at no model.
    chance
        How clustered each map is, and which of the curves are those of maps that know nothing.
    """
    values = {name: area_between(lif[name], mif[name]) for name in mif}
    by_chance = [values.pop(name) for name in chance.blind]
    scattered, clustered = null_spread(paired_fidelity(random)), null_spread(by_chance)
    spreads = {name: matched_spread(scattered, clustered, chance.clustering[name]) for name in values}
    rivals = {label: (values[name], spreads[name]) for name, label in controls.items() if name in values}
    verdicts = {
        name: CONTROL if name in controls else pass_verdict(value, spreads[name], rivals)
        for name, value in values.items()
    }
    best_bound = min(lost_area(lif[name]) for name in values)
    scored = [score(name, mif[name], lif[name], random, spreads[name], best_bound, *verdicts[name]) for name in values]
    return sorted(scored, key=lambda fidelity: -fidelity.value)


def score(
    name: str, mif: Curve, lif: Curve, random: Curve, spread: float, best_bound: float, verdict: Verdict, sentence: str
) -> Fidelity:
    return Fidelity(
        method=name,
        value=area_between(lif, mif),
        spread=spread,
        mrg=area_between(random, mif),
        lrg=area_between(lif, random),
        artifact_share=share_of_artifact(mif, lif),
        best_bound=best_bound,
        verdict=verdict,
        sentence=sentence,
    )


@metric(
    label="Fidelity", symbol="F", group="faithfulness", direction="higher", low=-1.0, high=1.0, unit="area",
    random="0", paper=BROCKI, reads=(MIF, LIF),
)  # fmt: skip
def fidelity(evidence: Evidence) -> float:
    """Area between the curve that loses the least important pixels first and the one that loses the most first."""
    return area_between(evidence.curves[LIF], evidence.curves[MIF])


@metric(
    label="Gain of the most important", symbol="MRG", group="faithfulness", direction="higher", low=-1.0, high=1.0,
    unit="area", random="0", paper=OURS, reads=(MIF, RANDOM),
)  # fmt: skip
def mrg(evidence: Evidence) -> float:
    """Area by which losing the most important pixels first hurts more than a random order."""
    return area_between(evidence.curves[RANDOM], evidence.curves[MIF])


@metric(
    label="Gain of the least important", symbol="LRG", group="faithfulness", direction="higher", low=-1.0, high=1.0,
    unit="area", random="0", paper=OURS, reads=(LIF, RANDOM),
)  # fmt: skip
def lrg(evidence: Evidence) -> float:
    """Area by which losing the least important pixels first hurts less than a random order."""
    return area_between(evidence.curves[LIF], evidence.curves[RANDOM])


@metric(
    label="Total drop", symbol="T", group="faithfulness", direction="none", low=-1.0, high=1.0, unit="area",
    random="drop of a random order", paper=BROCKI, reads=(MIF,),
)  # fmt: skip
def total_drop(evidence: Evidence) -> float:
    """Area that the curve loses when the most important pixels go first: lost information and artifact together."""
    return lost_area(evidence.curves[MIF])


@metric(
    label="Artifact bound", symbol="P", group="faithfulness", direction="none", low=-1.0, high=1.0, unit="area",
    random="drop of a random order", paper=OURS, reads=(LIF,),
)  # fmt: skip
def artifact_bound(evidence: Evidence) -> float:
    """Area that the curve loses when the least important pixels go first: no less is known to bound the artifact.

    The better the map, the tighter; the best bound of a run is the smallest over its methods.
    """
    return lost_area(evidence.curves[LIF])


@metric(
    label="Artifact share", symbol="P / T", group="faithfulness", direction="none", low=None, high=None,
    unit="share of the total drop", random="1", paper=OURS, reads=(MIF, LIF),
    ratio_of=("artifact_bound", "total_drop"),
)  # fmt: skip
def artifact_share(evidence: Evidence) -> float | None:
    """At most this share of the drop is the perturbation itself rather than lost information."""
    return share_of_artifact(evidence.curves[MIF], evidence.curves[LIF])


@metric(
    label="MIF area", symbol="", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=BROCKI, reads=(MIF,),
)  # fmt: skip
def mif_area(evidence: Evidence) -> float:
    """Area under the curve that loses the most important pixels first."""
    return evidence.curves[MIF].area


@metric(
    label="LIF area", symbol="", group="faithfulness", direction="higher", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=BROCKI, reads=(LIF,),
)  # fmt: skip
def lif_area(evidence: Evidence) -> float:
    """Area under the curve that loses the least important pixels first."""
    return evidence.curves[LIF].area


def share_of_artifact(mif: Curve, lif: Curve) -> float | None:
    """The LIF curve's lost area over the MIF curve's; None where the MIF curve loses next to nothing."""
    lost = lost_area(mif)
    return lost_area(lif) / lost if lost > MARGIN else None


def lost_area(curve: Curve) -> float:
    """Area between a curve and the level at which it starts."""
    return float(curve.values[0]) - curve.area


def paired_fidelity(random: Curve) -> list[float]:
    """F of each random order: walked backwards, it is its own LIF curve."""
    areas = torch.trapezoid(random.draws, random.fractions)
    pairs: list[float] = (areas[1::2] - areas[::2]).tolist()
    return pairs


def null_spread(by_chance: Sequence[float]) -> float:
    """Half-width of the 95 % interval of F for maps that know nothing; 0 where there are none.

    Negating a map negates its F, so the mean is known to be zero; Student's t covers the few draws.
    """
    if not by_chance:
        return 0.0
    return float(t.ppf((1 + CONFIDENCE) / 2, len(by_chance))) * sqrt(fmean(value**2 for value in by_chance))


def matched_spread(scattered: float, clustered: float, clustering: float) -> float:
    """What chance can do for a map that is in part clustered.

    F sums, over regions, what the region is worth times how early it goes. For a map that knows nothing its variance
    therefore grows with the share of the ranks' variance that regions explain, from that of scattered orders (0) to
    that of smooth random maps (1).

    >>> matched_spread(0.3, 0.4, 1.0)
    0.4
    """
    return sqrt((1 - clustering) * scattered**2 + clustering * clustered**2)


def coarse_share(rank: Int[Tensor, "height width"], radius: float) -> float:
    """The share of the ranks' variance that is left after a blur by a share of the shorter side."""
    places = rank[None, None].float() / rank.numel()
    return float(blurred(places, radius * min(rank.shape)).var() / places.var())


def pass_verdict(value: float, spread: float, rivals: Mapping[str, tuple[float, float]]) -> tuple[Verdict, str]:
    """What a person may conclude on this one picture, and the sentence that says it.

    A difference below 0.01 of area is never called a finding, however alike the random maps did.

    Parameters
    ----------
    rivals
        For each control its F and its spread.

    >>> pass_verdict(0.3, 0.05, {"Sobel": (0.1, 0.05)})[0]
    'finds'
    >>> pass_verdict(0.12, 0.05, {"Sobel": (0.1, 0.05)})[1]
    "Better than a random order, but can't be told from the control Sobel (F 0.10), which looks at no model."
    """
    spread = max(spread, MARGIN)
    if value < -spread:
        return "worse", "Worse than a random order: what it ranks high matters least here."
    if value <= spread:
        return "random", "Can't be told from a random order here."
    if not rivals:
        return "finds", "Better than random orders; no control was run beside it."
    rival = max(rivals, key=lambda label: rivals[label][0])
    theirs, their_spread = rivals[rival]
    doubt = hypot(spread, their_spread)
    if value > theirs + doubt:
        return "finds", "Finds what the model uses here: it beats chance and every control."
    standing = "worse than" if value <= theirs - doubt else "can't be told from"
    control = f"the control {rival} (F {theirs:.2f}), which looks at no model."
    return "edge", f"Better than a random order, but {standing} {control}"
