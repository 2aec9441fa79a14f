"""Fidelity: what a map's order is worth compared with its reverse, with random orders and with the controls.

The corrected effect, LIF minus MIF, follows Brocki and Chung 2022; its halves relative to random order, the range of F
by chance and the verdict are ours.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean
from typing import Literal

from scipy.stats import t

from core.metrics.curves import Curve, area_between
from core.metrics.evidence import LIF, MIF, RANDOM, Evidence
from core.metrics.registry import metric

Verdict = Literal["finds", "edge", "random", "worse", "flat", "control"]
VERDICTS: Mapping[Verdict, str] = {
    "finds": "finds it",
    "edge": "like a control",
    "random": "like chance",
    "worse": "worse than chance",
    "flat": "undefined",
    "control": "a control",
}
"""The words of each, wherever a person reads them."""
BROCKI = "Brocki and Chung 2022, arXiv:2203.02928; 2023, arXiv:2303.01538"
OURS = "our reading of Brocki and Chung 2022, arXiv:2203.02928"
TRIAL = ("fidelity", "mrg", "lrg", "artifact_share")
"""The scores that every trial has."""

CONFIDENCE = 0.95
MARGIN = 0.01
CONTROL: tuple[Verdict, str] = ("control", "A control that ignores the model: this score takes no knowledge of it.")
KNOWING: tuple[Verdict, str] = ("control", "A control: it gets no verdict, and no method is measured by it.")
FLAT = 0.005
"""Below this, F and its spread are shown as 0.00."""


@dataclass(frozen=True)
class Fidelity:
    """The scores of a map on one picture.

    Parameters
    ----------
    value
        F, the area between the LIF and the MIF curve, in [-1, 1] for probabilities; higher is better, random 0.
    spread
        Half-width of the 95 % interval of F by chance, from shifted, flipped and rotated copies of this map on this
        picture: they have the map's shape and know nothing of where it should lie (for maps of superpixels see
        :func:`~core.metrics.copies.copy_for_chance`). None for controls.
    mrg, lrg
        The two halves of F: the MIF curve below the random one, the LIF curve above it.
    artifact_share
        The LIF curve's lost area divided by the MIF curve's: an upper bound on the share of the drop that the
        perturbation itself causes. None where the MIF curve loses almost nothing.
    best_bound
        The smallest area lost by any LIF curve of the run: the tightest known bound on the effect of the perturbation
        itself. The better the run's best map, the tighter the bound.
    """

    method: str
    value: float
    spread: float | None
    mrg: float
    lrg: float
    artifact_share: float | None
    best_bound: float
    verdict: Verdict
    sentence: str

    @property
    def words(self) -> str:
        """The verdict in a few words; ``sentence`` gives the reason."""
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class FidelityReady:
    """A score to show; preliminary while its curves are still coarse."""

    fidelity: Fidelity
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "fidelity", self.fidelity.method


def judge(
    mif: Mapping[str, Curve],
    lif: Mapping[str, Curve],
    random: Curve,
    controls: Mapping[str, str],
    copies: Mapping[str, Sequence[float]],
    knowing: Collection[str] = (),
) -> list[Fidelity]:
    """Every map's fidelity with its verdict, the highest first.

    Parameters
    ----------
    controls
        Name and label of the maps that ignore the model.
    copies
        F of moved copies of every map that is judged.
    knowing
        Names of the controls that look at the model or at the ground truth.
    """
    values = {name: area_between(lif[name], mif[name]) for name in mif}
    spreads = {name: null_spread(copies[name]) for name in values if name not in {*controls, *knowing}}
    rivals = {label: values[name] for name, label in controls.items() if name in values}
    verdicts = {name: pass_verdict(values[name], spread, rivals) for name, spread in spreads.items()}
    verdicts |= dict.fromkeys(controls, CONTROL) | dict.fromkeys(knowing, KNOWING)
    best_bound = min(lost_area(lif[name]) for name in values)
    scored = [
        score(name, mif[name], lif[name], random, spreads.get(name), best_bound, *verdicts[name]) for name in values
    ]
    return sorted(scored, key=lambda fidelity: -fidelity.value)


def score(
    name: str,
    mif: Curve,
    lif: Curve,
    random: Curve,
    spread: float | None,
    best_bound: float,
    verdict: Verdict,
    sentence: str,
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
    """Area between the LIF curve (least important pixels removed first) and the MIF curve (most important first)."""
    return area_between(evidence.curves[LIF], evidence.curves[MIF])


@metric(
    label="Most relevant gain", symbol="MRG", group="faithfulness", direction="higher", low=-1.0, high=1.0,
    unit="area", random="0", paper=OURS, reads=(MIF, RANDOM),
)  # fmt: skip
def mrg(evidence: Evidence) -> float:
    """Area by which removing the most important pixels first hurts more than random order."""
    return area_between(evidence.curves[RANDOM], evidence.curves[MIF])


@metric(
    label="Least relevant gain", symbol="LRG", group="faithfulness", direction="higher", low=-1.0, high=1.0,
    unit="area", random="0", paper=OURS, reads=(LIF, RANDOM),
)  # fmt: skip
def lrg(evidence: Evidence) -> float:
    """Area by which removing the least important pixels first hurts less than random order."""
    return area_between(evidence.curves[LIF], evidence.curves[RANDOM])


@metric(
    label="Total drop", symbol="T", group="faithfulness", direction="none", low=-1.0, high=1.0, unit="area",
    random="drop of a random order", paper=BROCKI, reads=(MIF,),
)  # fmt: skip
def total_drop(evidence: Evidence) -> float:
    """Area that the curve loses when the most important pixels are removed first: lost information plus artifact."""
    return lost_area(evidence.curves[MIF])


@metric(
    label="Artifact bound", symbol="P", group="faithfulness", direction="none", low=-1.0, high=1.0, unit="area",
    random="drop of a random order", paper=OURS, reads=(LIF,),
)  # fmt: skip
def artifact_bound(evidence: Evidence) -> float:
    """Area that the curve loses when the least important pixels are removed first: an upper bound on the artifact.

    The better the map, the tighter the bound; the best bound of a run is the smallest over its methods.
    """
    return lost_area(evidence.curves[LIF])


@metric(
    label="Artifact share", symbol="P / T", group="faithfulness", direction="none", low=None, high=None,
    unit="share of the total drop", random="1", paper=OURS, reads=(MIF, LIF),
    ratio_of=("artifact_bound", "total_drop"),
)  # fmt: skip
def artifact_share(evidence: Evidence) -> float | None:
    """Upper bound on the share of the drop that the perturbation itself causes, rather than lost information."""
    return share_of_artifact(evidence.curves[MIF], evidence.curves[LIF])


@metric(
    label="MIF area", symbol="", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=BROCKI, reads=(MIF,),
)  # fmt: skip
def mif_area(evidence: Evidence) -> float:
    """Area under the curve when the most important pixels are removed first."""
    return evidence.curves[MIF].area


@metric(
    label="LIF area", symbol="", group="faithfulness", direction="higher", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=BROCKI, reads=(LIF,),
)  # fmt: skip
def lif_area(evidence: Evidence) -> float:
    """Area under the curve when the least important pixels are removed first."""
    return evidence.curves[LIF].area


def share_of_artifact(mif: Curve, lif: Curve) -> float | None:
    """The LIF curve's lost area divided by the MIF curve's; None where the MIF curve loses almost nothing."""
    lost = lost_area(mif)
    return lost_area(lif) / lost if lost > MARGIN else None


def lost_area(curve: Curve) -> float:
    """Area between a curve and its starting level."""
    return float(curve.values[0]) - curve.area


def null_spread(by_chance: Sequence[float]) -> float:
    """Half-width of the 95 % interval of F for maps that know nothing, from what some of them score.

    It is taken around zero, where F of such maps lies, and not around the mean of these few, which would count as known
    [ours]; Student's t accounts for their number. Exact where F of such maps is normal: where a single spot decides,
    a map that lies there by luck is called better more often.
    """
    return float(t.ppf((1 + CONFIDENCE) / 2, len(by_chance))) * sqrt(fmean(value**2 for value in by_chance))


def to_beat(spread: float, rival: float) -> float:
    """The F above which a map does better than a control on the same picture, whatever the two maps share.

    To the degree r that a map's order agrees with a control's, it scores like the control; only the rest is luck of its
    own. By luck alone it reaches r times the control's F plus sqrt(1 - r^2) times its spread, and no agreement makes
    that more than this. It is never less than either of the two.

    >>> to_beat(0.3, 0.4), to_beat(0.3, -0.4)
    (0.5, 0.3)
    """
    return max(hypot(spread, max(0.0, rival)), rival + MARGIN)


def beyond(value: float, needed: float) -> str:
    """What is needed, in as many digits as show that the value is below it; three at most.

    >>> beyond(0.4, 0.45), beyond(0.481, 0.484)
    ('0.45', '0.484')
    """
    return f"{needed:.2f}" if f"{value:.2f}" != f"{needed:.2f}" else f"{needed:.3f}"


def pass_verdict(value: float, spread: float, rivals: Mapping[str, float]) -> tuple[Verdict, str]:
    """What a person may conclude on this one picture, and the reason in a sentence.

    A difference below 0.01 of area is never called a finding, however close together the moved copies score.

    Parameters
    ----------
    rivals
        F of each control.

    >>> pass_verdict(0.3, 0.05, {"Sobel": 0.1})[0]
    'finds'
    >>> pass_verdict(0.1, 0.05, {"Sobel": 0.1})[1].partition(": ")[2]
    'beside its F of 0.10, more than 0.11 is needed, since luck may add as much.'
    """
    if abs(value) < FLAT and spread < FLAT:
        return "flat", (
            f"F and its range of chance are both below {FLAT:g}, so orders cannot be compared. "
            "Try more steps, another imputer, the relative logit or a more probable class."
        )
    spread = max(spread, MARGIN)
    if value < -spread:
        return "worse", "Worse than chance: the pixels that it ranks highest matter least here."
    if value <= spread:
        return "random", f"F is within the range of chance on this picture (up to {spread:.2f})."
    if not rivals:
        return "finds", "Better than chance; no control was run for comparison."
    rival = max(rivals, key=lambda label: rivals[label])
    theirs = rivals[rival]
    needed = to_beat(spread, theirs)
    if value > needed:
        return "finds", "Finds pixels that the model uses: better than chance and than every control."
    return "edge", (
        f"Better than chance, but not clearly better than the {rival} control, which ignores the model: "
        f"beside its F of {theirs:.2f}, more than {beyond(value, needed)} is needed, since luck may add as much."
    )
