"""Further scores from perturbed pictures: deletion, insertion, ROAD, average drop and increase in confidence.

All read curves from the same engine, so they differ in what is removed, what replaces it, and what is read.
"""

from statistics import fmean

from core.metrics.copies import FIRST_AT_RANDOM
from core.metrics.curves import Curve, area_between
from core.metrics.evidence import LIF, MIF, Evidence, Trace
from core.metrics.registry import metric

PETSIUK = "Petsiuk et al. 2018, arXiv:1806.07421"
RONG = "Rong et al. 2022, arXiv:2202.00449"
CHATTOPADHAY = "Chattopadhay et al. 2018, arXiv:1710.11063"
TOP_SHARE = "our reading of Vandersmissen and Oramas 2023, arXiv:2302.10764"
OURS = "ours, after Brocki and Chung 2022, arXiv:2203.02928"
DELETED = Trace("mif", imputer="dataset_mean")
INSERTED = Trace("lif", imputer="blur")
ROAD_FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
ROAD_MORF = Trace("mif", "noisy_linear", ROAD_FRACTIONS)
ROAD_LERF = Trace("lif", "noisy_linear", ROAD_FRACTIONS)
KEPT_SHARE = 0.2
ROUNDING = 1e-5
"""The same picture's value differs by up to a tenth of this from batch to batch; no smaller rise is an increase."""

TOP_KEPT = Trace("lif", "dataset_mean", (1 - KEPT_SHARE,))
COPIES = tuple(
    (Trace("mif", copy=number), Trace("lif", copy=number)) for number in (FIRST_AT_RANDOM, FIRST_AT_RANDOM + 1)
)


@metric(
    label="Deletion", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=PETSIUK, reads=(DELETED,),
)  # fmt: skip
def deletion(evidence: Evidence) -> float:
    """Area under the curve as the most important pixels are replaced by the data set's mean.

    It falls early where the map finds what the class depends on, but also where a clustered hole alone confuses the
    model.
    """
    return evidence.curves[DELETED].area


@metric(
    label="Insertion", group="faithfulness", direction="higher", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=PETSIUK, reads=(INSERTED,),
)  # fmt: skip
def insertion(evidence: Evidence) -> float:
    """Area under the curve as the most important pixels are restored in the blurred picture.

    Inserting the most important share first equals removing the least important rest: the same pictures, read
    backwards.
    """
    return evidence.curves[INSERTED].area


@metric(
    label="ROAD MoRF", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=f"our reading of {RONG}", reads=(ROAD_MORF,),
)  # fmt: skip
def road_morf(evidence: Evidence) -> float:
    """Area under the curve as the most relevant pixels are replaced by noisy linear interpolation.

    Over the published shares (10 to 90 %) and both ends, by the trapezoidal rule, since the shares are unevenly spaced.
    """
    return evidence.curves[ROAD_MORF].area


@metric(
    label="ROAD LeRF", group="faithfulness", direction="higher", low=0.0, high=1.0, unit="area",
    random="area of a random order", paper=f"our reading of {RONG}", reads=(ROAD_LERF,),
)  # fmt: skip
def road_lerf(evidence: Evidence) -> float:
    """Area under the curve as the least relevant pixels are replaced by noisy linear interpolation."""
    return evidence.curves[ROAD_LERF].area


@metric(
    label="Average drop", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="share of the clean value",
    random="drop of a random map", paper=CHATTOPADHAY,
    needs=("kept",),
)  # fmt: skip
def average_drop(evidence: Evidence) -> float | None:
    """The share of its value that the class loses on the picture multiplied by the map.

    Evidence against the class counts as unimportant, and unimportant places fade to the data set's mean, which is what
    multiplying the normalised picture amounts to.
    """
    return drop(evidence.clean, evidence.kept)


@metric(
    label="Increase in confidence", group="faithfulness", direction="higher", low=0.0, high=1.0,
    unit="share of pictures", random="increase of a random map", paper=CHATTOPADHAY, needs=("kept",),
)  # fmt: skip
def increase_in_confidence(evidence: Evidence) -> float | None:
    """Whether the value of the class rises on the picture multiplied by the map."""
    return increase(evidence.clean, evidence.kept)


@metric(
    label="Average drop, top 20 % kept", group="faithfulness", direction="lower", low=0.0, high=1.0,
    unit="share of the clean value", random="drop of a random order", paper=TOP_SHARE, reads=(TOP_KEPT,),
)  # fmt: skip
def average_drop_binary(evidence: Evidence) -> float | None:
    """The share of its value that the class loses when only the top 20 % of the pixels are kept."""
    return drop(evidence.clean, between_ends(evidence.curves[TOP_KEPT]))


@metric(
    label="Increase in confidence, top 20 % kept", group="faithfulness", direction="higher", low=0.0, high=1.0,
    unit="share of pictures", random="increase of a random order", paper=TOP_SHARE, reads=(TOP_KEPT,),
)  # fmt: skip
def increase_in_confidence_binary(evidence: Evidence) -> float | None:
    """Whether the value of the class rises when only the top 20 % of the pixels are kept."""
    return increase(evidence.clean, between_ends(evidence.curves[TOP_KEPT]))


@metric(
    label="Gain over shifted copies", group="faithfulness", direction="higher", low=-2.0, high=2.0, unit="area",
    random="0", paper=OURS, reads=(MIF, LIF, *(trace for copy in COPIES for trace in copy)),
)  # fmt: skip
def shape_gain(evidence: Evidence) -> float:
    """Fidelity above that of shifted and flipped copies of the same map: what location adds to shape.

    Clustered and scattered masks are not equally far from the data; a copy of the same shape elsewhere is as far.
    """
    curves = evidence.curves
    by_shape = fmean(area_between(curves[lif], curves[mif]) for mif, lif in COPIES)
    return area_between(curves[LIF], curves[MIF]) - by_shape


def drop(clean: float, left: float | None) -> float | None:
    """The lost share of the clean value, never below 0; None where there was nothing to lose, or nothing is kept.

    >>> drop(1.0, 0.25), drop(0.5, 0.6)
    (0.75, 0.0)
    """
    return None if left is None or clean <= 0 else max(0.0, clean - left) / clean


def increase(clean: float, now: float | None) -> float | None:
    """1 where the value has risen, 0 where not; None where nothing is kept.

    >>> increase(0.5, 0.6), increase(0.5, 0.5000001)
    (1.0, 0.0)
    """
    return None if now is None else float(now > clean + ROUNDING)


def between_ends(curve: Curve) -> float:
    """The value between both ends of a curve with a single share."""
    return float(curve.values[1])
