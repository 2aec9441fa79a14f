"""Stamps: agreement with what was put on the picture to be found, and with what of it the network really uses."""

from jaxtyping import Bool
from torch import Tensor

from core.metrics.evidence import Evidence
from core.metrics.ideal import share_as_near
from core.metrics.ideal import stamp_distance as distance
from core.metrics.registry import metric

JUNG = "after Jung and Kwon 2020, doi:10.1109/ACCESS.2020.3040349; the formula is ours"
OURS = "ours"
STANDARDISED = "squared standard deviations"


def distance_to(evidence: Evidence, mask: Bool[Tensor, "height width"] | None) -> float | None:
    """The map's distance from showing a mask; None where nothing is marked, or everything."""
    if mask is None or mask.all() or not mask.any():
        return None
    return distance(evidence.heatmap.values, mask.cpu())


@metric(
    label="Stamp distance", symbol="d", group="plausibility", direction="lower", low=0.0, high=4.0,
    unit=STANDARDISED, random="2", paper=JUNG, needs=("truth",),
)  # fmt: skip
def stamp_distance(evidence: Evidence) -> float | None:
    """How far the map is from showing the marked pixels and nothing else: 0 the ideal, 2 unrelated, 4 the opposite.

    Both are standardised first, so it is 2 (1 - r) with r their correlation. A constant map gets 2. None where nothing
    is marked, or everything.
    """
    return distance_to(evidence, evidence.truth)


@metric(
    label="Causal distance", symbol="d causal", group="plausibility", direction="lower", low=0.0, high=4.0,
    unit=STANDARDISED, random="2", paper=OURS, needs=("truth", "causal"),
)  # fmt: skip
def causal_distance(evidence: Evidence) -> float | None:
    """The same distance from those pixels of the stamp that the network turns out to use.

    They are found by taking the stamp's pixels away and putting them on in many orders. A network that looks at half a
    stamp makes a map of that half right. None where the stamp does nothing.
    """
    return distance_to(evidence, evidence.causal)


@metric(
    label="Copies as near", group="plausibility", direction="lower", low=0.0, high=1.0, unit="fraction of copies",
    random="0.5", paper=OURS, needs=("truth",),
)  # fmt: skip
def copies_as_near(evidence: Evidence) -> float | None:
    """The share of the map's own copies, shifted around, flipped and turned, that lie as near to the marked pixels.

    It tells on one picture whether a distance may be chance: below 0.05 the map is nearer than 95 of 100 maps of its
    very shape and values somewhere else. None where nothing is marked, or everything.
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
    """How much denser the map's positive part is on the stamp than on the distractor: 1 on the stamp alone, 0.5 alike.

    The mean over the stamp's pixels, as a share of both means. None where no distractor is on the picture, or nothing
    positive on either.
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
    """Whether every pixel has the same value, so that the map says nothing.

    Such maps count in every mean with the score of a map that knows nothing: 2 as stamp distance.
    """
    values = evidence.heatmap.values
    return float(values.amax() == values.amin())
