"""Fidelity: what a map's order is worth against the reverse, against random orders and against the controls.

The corrected effect, LIF minus MIF, follows Brocki and Chung 2022; its halves against random orders, the spread under
random orders and the verdict are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Literal

import torch
from scipy.stats import t

from core.metrics.curves import Curve

Verdict = Literal["finds", "edge", "random", "worse", "control"]
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
        Half-width of the 95 % interval of F for random orders of this picture.
    mrg, lrg
        The two halves of F: the MIF curve below the random one, the LIF curve above it.
    artifact_share
        The LIF curve's lost area over the MIF curve's: at most this share of the drop is the perturbation itself.
        None where the MIF curve loses nothing.
    artifact_bound
        The LIF curve's lost area. The run's smallest is the best bound on what the perturbation itself does.
    """

    method: str
    value: float
    spread: float
    mrg: float
    lrg: float
    artifact_share: float | None
    artifact_bound: float
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


def judge(
    mif: Mapping[str, Curve], lif: Mapping[str, Curve], random: Curve, controls: Mapping[str, str]
) -> list[Fidelity]:
    """Every map's fidelity with its verdict, the highest first.

    Parameters
    ----------
    controls
        Name and label of those maps that look at no model.
    """
    values = {name: lif[name].area - mif[name].area for name in mif}
    spread = null_spread(random)
    rivals = {label: values[name] for name, label in controls.items() if name in values}
    verdicts = {
        name: CONTROL if name in controls else pass_verdict(value, spread, rivals) for name, value in values.items()
    }
    scored = [score(name, mif[name], lif[name], random, spread, *verdicts[name]) for name in mif]
    return sorted(scored, key=lambda fidelity: -fidelity.value)


def score(name: str, mif: Curve, lif: Curve, random: Curve, spread: float, verdict: Verdict, sentence: str) -> Fidelity:
    lost_mif, lost_lif = (float(curve.values[0]) - curve.area for curve in (mif, lif))
    return Fidelity(
        method=name,
        value=lif.area - mif.area,
        spread=spread,
        mrg=random.area - mif.area,
        lrg=lif.area - random.area,
        artifact_share=lost_lif / lost_mif if lost_mif > 0 else None,
        artifact_bound=lost_lif,
        verdict=verdict,
        sentence=sentence,
    )


def null_spread(random: Curve) -> float:
    """Half-width of the 95 % interval of F under random orders.

    Each random order walked backwards is its own LIF curve, so every pair of draws is one F; their mean is zero by
    symmetry, and Student's t covers the few pairs.
    """
    areas = torch.trapezoid(random.draws, random.fractions)
    pairs = (areas[1::2] - areas[::2]).tolist()
    return float(t.ppf((1 + CONFIDENCE) / 2, len(pairs))) * sqrt(fmean(value**2 for value in pairs))


def pass_verdict(value: float, spread: float, rivals: Mapping[str, float]) -> tuple[Verdict, str]:
    """What a person may conclude on this one picture, and the sentence that says it.

    Where random orders all do the same, their spread says little about clustered maps; a difference below 0.01 of
    area is never called a finding.

    >>> pass_verdict(0.3, 0.05, {"Sobel": 0.1})[0]
    'finds'
    >>> pass_verdict(0.12, 0.05, {"Sobel": 0.1})[1]
    "Better than a random order, but can't be told from the control Sobel (F 0.10), which looks at no model."
    """
    spread = max(spread, MARGIN)
    if value < -spread:
        return "worse", "Worse than a random order: what it ranks high matters least here."
    if value <= spread:
        return "random", "Can't be told from a random order here."
    rival = max(rivals, key=rivals.__getitem__, default=None)
    if rival is None:
        return "finds", "Better than random orders; no control was run beside it."
    if value > rivals[rival] + spread:
        return "finds", "Finds what the model uses: better than random orders and than every control."
    worse = "is worse than" if value <= rivals[rival] - spread else "can't be told from"
    standing = f"{worse} the control {rival} (F {rivals[rival]:.2f}), which looks at no model."
    return "edge", f"Better than a random order, but {standing}"
