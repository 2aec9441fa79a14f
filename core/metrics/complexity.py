"""How concentrated a map is. That describes a map and does not judge it: a map may be sharp and wrong."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from core.metrics.evidence import Evidence
from core.metrics.registry import metric

CHALASANI = "Chalasani et al. 2020, arXiv:1810.06583"
BHATT = "Bhatt et al. 2020, arXiv:2005.00631"
RUDIN = "Rudin, Osher and Fatemi 1992, doi:10.1016/0167-2789(92)90242-F"
VANDERSMISSEN = "Vandersmissen and Oramas 2023, arXiv:2302.10764"


def shares(values: Float[Tensor, "height width"]) -> Float[Tensor, " pixels"] | None:
    """Each pixel's share of the sum of magnitudes; None where all are zero."""
    magnitudes = values.flatten().abs().double()
    # The largest first, so that no sum overflows and no tiny one becomes zero.
    largest = magnitudes.amax()
    return None if largest == 0 else (magnitudes / largest) / (magnitudes / largest).sum()


def gini_index(shares: Float[Tensor, " pixels"]) -> float:
    """Half the mean difference between two shares, divided by their mean.

    >>> gini_index(torch.tensor([0.25, 0.25, 0.25, 0.25])), gini_index(torch.tensor([0.0, 1.0, 0.0, 0.0]))
    (0.0, 0.75)
    """
    count = len(shares)
    weights = torch.arange(1 - count, count, 2, device=shares.device, dtype=shares.dtype)
    return float(shares.sort().values @ weights / count)


def relative_entropy(shares: Float[Tensor, " pixels"]) -> float:
    """The entropy of the shares divided by that of equal ones.

    >>> relative_entropy(torch.tensor([1.0, 1.0]).double() / 2), relative_entropy(torch.tensor([0.0, 1.0, 0.0]))
    (1.0, 0.0)
    """
    return float(torch.special.entr(shares).sum()) / math.log(len(shares))


@metric(
    label="Gini sparseness", group="complexity", direction="none", low=0.0, high=1.0, unit="Gini index",
    random="0.33", paper=CHALASANI,
)  # fmt: skip
def gini(evidence: Evidence) -> float | None:
    """How unevenly the map's magnitudes are distributed: 0 for a constant map, near 1 for a single pixel.

    Neither end is better: some scores favour sparse maps and others smooth ones, whatever they show. Undefined for an
    all-zero map.
    """
    each = shares(evidence.heatmap.values)
    return None if each is None else gini_index(each)


@metric(
    label="Complexity", group="complexity", direction="none", low=0.0, high=1.0, unit="share of the largest entropy",
    random="just below 1", paper=f"our reading of {BHATT}",
)  # fmt: skip
def complexity(evidence: Evidence) -> float | None:
    """Over how many pixels the map is spread: 0 for a single pixel, 1 for a constant map.

    The entropy of the magnitudes' shares, divided by its maximum so that pictures of any size are comparable. Neither
    end is better: a constant map, which carries no information, is the most complex by this measure. Undefined for an
    all-zero map.
    """
    each = shares(evidence.heatmap.values)
    return None if each is None else relative_entropy(each)


@metric(
    label="Total variation", group="complexity", direction="none", low=0.0, high=1.0, unit="share of the map's range",
    random="0.33", paper=f"our form of {RUDIN}",
)  # fmt: skip
def total_variation(evidence: Evidence) -> float | None:
    """How much neighbouring pixels of the map differ on average: 0 for a constant map, 1 for a checkerboard.

    As a share of the map's range, so that maps in any unit are comparable. Neither end is better. Undefined for a map
    of a single pixel.
    """
    values = evidence.heatmap.values.double()
    steps = torch.cat([values.diff(dim=axis).abs().flatten() for axis in (0, 1)])
    span = float(values.max() - values.min())
    if not steps.numel():
        return None
    return float((steps / span).mean()) if span > 0 else 0.0


@metric(
    label="Relevance density", group="complexity", direction="none", low=0.0, high=1.0, unit="share of the maximum",
    random="0.5", paper=f"our reading of {VANDERSMISSEN}",
)  # fmt: skip
def relevance_density(evidence: Evidence) -> float | None:
    """The mean magnitude of the map as a share of its largest: 1 for a constant map, near 0 for a single pixel.

    Neither end is better. Undefined for an all-zero map.
    """
    magnitudes = evidence.heatmap.values.abs().double()
    largest = float(magnitudes.max())
    return float((magnitudes / largest).mean()) if largest > 0 else None
