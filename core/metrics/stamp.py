"""Stamps: agreement with the cue that was pasted on the picture, and with the part of it that the network uses."""

from jaxtyping import Bool
from torch import Tensor

from core.metrics.distance import share_as_near
from core.metrics.distance import stamp_distance as distance
from core.metrics.evidence import Evidence
from core.metrics.registry import metric

JUNG = "after Jung and Kwon 2020, doi:10.1109/ACCESS.2020.3040349; the formula is ours"
OURS = "ours"
STANDARDISED = "squared standard deviations"


def distance_to(evidence: Evidence, mask: Bool[Tensor, "height width"] | None) -> float | None:
    """The map's distance from showing a mask; None where nothing or everything is marked."""
    if mask is None or mask.all() or not mask.any():
        return None
    return distance(evidence.heatmap.values, mask.cpu())


@metric(
    label="Stamp distance", symbol="d", group="plausibility", direction="lower", low=0.0, high=4.0,
    unit=STANDARDISED, random="2", paper=JUNG, needs=("truth",),
)  # fmt: skip
def stamp_distance(evidence: Evidence) -> float | None:
    """How far the map is from showing exactly the marked pixels: 0 ideal, 2 unrelated, 4 opposite.

    Both are standardised first, so the distance is 2 (1 - r), where r is their correlation. A constant map gets 2.
    Undefined where nothing or everything is marked.
    """
    return distance_to(evidence, evidence.truth)


@metric(
    label="Causal distance", symbol="d causal", group="plausibility", direction="lower", low=0.0, high=4.0,
    unit=STANDARDISED, random="2", paper=OURS, needs=("truth", "causal"),
)  # fmt: skip
def causal_distance(evidence: Evidence) -> float | None:
    """The same distance, measured from those pixels of the stamp that the network actually uses.

    They are found by removing the stamp's pixels and restoring them in many orders. For a network that uses half a
    stamp, a map of that half is right. Undefined where the stamp has no effect.
    """
    return distance_to(evidence, evidence.causal)


@metric(
    label="Copies as near", group="plausibility", direction="lower", low=0.0, high=1.0, unit="share of copies",
    random="0.5", paper=OURS, needs=("truth",),
)  # fmt: skip
def copies_as_near(evidence: Evidence) -> float | None:
    """The share of the map's own shifted, flipped and rotated copies that are at least as near to the marked pixels.

    It shows on one picture whether a distance may be chance: below 0.05 the map is nearer than 95 of 100 maps of the
    same shape and values placed elsewhere. Undefined where nothing or everything is marked.
    """
    mask = evidence.truth
    if mask is None or mask.all() or not mask.any():
        return None
    return share_as_near(evidence.heatmap.values, mask.cpu())


@metric(
    label="Specificity", group="plausibility", direction="higher", low=0.0, high=1.0, unit="ratio of densities",
    random="0.5", paper=OURS, needs=("truth", "distractor"),
)  # fmt: skip
def specificity(evidence: Evidence) -> float | None:
    """How much denser the map's positive part is on the stamp than on the distractor: 1 stamp only, 0.5 equal.

    The mean over the stamp's pixels, as a share of the sum of both means. Undefined without a distractor, or where
    nothing is positive on either.
    """
    if evidence.truth is None or evidence.distractor is None:
        return None
    positive = evidence.heatmap.values.clamp(min=0).double()
    masks = (evidence.truth.cpu(), evidence.distractor.cpu() & ~evidence.truth.cpu())
    found, fooled = (float(positive[mask].mean()) if mask.any() else 0.0 for mask in masks)
    return found / (found + fooled) if found + fooled else None


@metric(
    label="Constant maps", group="complexity", direction="none", low=0.0, high=1.0, unit="share of maps",
    random="0", paper=OURS,
)  # fmt: skip
def constant(evidence: Evidence) -> float:
    """Whether every pixel has the same value, so that the map carries no information.

    Such maps enter every mean with the score of an uninformed map: 2 for the stamp distance.
    """
    values = evidence.heatmap.values
    return float(values.amax() == values.amin())
