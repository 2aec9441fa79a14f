"""How similar two maps of one picture are: the four similarities of randomisation checks, and the entropy of a map."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.stats import entropy
from skimage.feature import hog
from skimage.metrics import structural_similarity
from torch import Tensor

from core.metrics.copies import similarity_by_chance

BRIGHTEST = 0.99
SIGMA = 1.5
WINDOW = 11
CELLS, CELL_SIDE, BLOCK, DIRECTIONS = 14, 4, 3, 9
BINS = 100
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Similarities:
    """How similar two maps are: 1 for identical ones; None where undefined.

    Unrelated maps have about 0 in rank correlation and may have more in SSIM and HOG, which respond to what the maps
    have in common as pictures, such as being noise; the random controls of a run show how much.

    Parameters
    ----------
    spearman
        Rank correlation of the values; a negated map has -1.
    spearman_abs
        Rank correlation of their magnitudes.
    ssim
        Structural similarity of the magnitudes as they are displayed.
    hog
        Correlation of their histograms of oriented gradients: the same edges in the same places.
    """

    spearman: float | None
    spearman_abs: float | None
    ssim: float | None
    hog: float | None


SIMILARITIES = tuple(field.name for field in fields(Similarities))
JUDGED = "spearman_abs"
"""The similarity that verdicts are based on, and that the page shows first."""


class Original:
    """A map that others are compared with; everything that depends on it alone is computed once.

    Adebayo et al. 2018 (arXiv:1810.03292) compare by rank correlation with and without sign, SSIM and HOG. Applying
    SSIM and HOG to the displayed map, and the size of the cells, are our choices.
    """

    def __init__(self, values: Float[Tensor, "height width"]) -> None:
        self._view = View(values)

    def compared(self, values: Float[Tensor, "height width"]) -> Similarities:
        """How similar the original and another map of its picture are.

        >>> import torch
        >>> rising = torch.arange(300.0).view(15, 20) - 100
        >>> found = Original(rising).compared(-rising)
        >>> round(found.spearman, 9), round(found.spearman_abs, 9), round(found.ssim, 9), round(found.hog, 9)
        (-1.0, 1.0, 1.0, 1.0)
        """
        one, other = self._view, View(values)
        return Similarities(
            cosine(one.ranks, other.ranks),
            cosine(one.magnitude_ranks, other.magnitude_ranks),
            shown_similarity(one.shown, other.shown),
            cosine(one.edges, other.edges),
        )

    def by_chance(self) -> tuple[float, float] | None:
        """The bounds that contain 95 % of the rank correlations of magnitudes with copies placed elsewhere.

        The copies are shifted in any way, flipped and rotated: what an unrelated map of the same texture has in common
        with this one. None where the map is constant.
        """
        ranks = self._view.magnitude_ranks
        if ranks is None:
            return None
        return similarity_by_chance(torch.from_numpy(ranks * ranks.size**0.5).view(self._view.size))


class View:
    """A map in the form that each of the similarities needs."""

    def __init__(self, values: Float[Tensor, "height width"]) -> None:
        numbers = values.detach().cpu().double().numpy()
        magnitudes = np.abs(numbers)
        self.size = numbers.shape
        self.ranks = direction(mean_ranks(numbers))
        unsigned = numbers.min() >= 0
        self.magnitude_ranks = self.ranks if unsigned else direction(mean_ranks(magnitudes))
        self.shown = as_shown(magnitudes)
        self.edges = None if self.shown is None else edge_directions(self.shown)


def rank_correlation(one: Float[Tensor, "height width"], other: Float[Tensor, "height width"]) -> float | None:
    """Spearman's correlation of two maps; None where one of them is constant."""
    return cosine(*(direction(mean_ranks(values.detach().cpu().double().numpy())) for values in (one, other)))


def mean_ranks(numbers: Numbers) -> Numbers:
    """Ranks from 1, equal numbers sharing their mean rank; the same as scipy's rankdata, in a seventh of the time.

    >>> mean_ranks(np.array([[0.5, -1.0], [0.5, 2.0]]))
    array([2.5, 1. , 2.5, 4. ])
    """
    _, place, counts = np.unique(numbers.ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def direction(numbers: Numbers) -> Numbers | None:
    """Numbers without their mean, scaled to unit length; None where they are all equal.

    >>> direction(np.array([1.0, 1.0])) is None
    True
    """
    centred = numbers - numbers.mean()
    length = np.linalg.norm(centred)
    rounding = np.finfo(np.float64).eps * np.linalg.norm(numbers)
    return None if length <= rounding else centred / length


def cosine(one: Numbers | None, other: Numbers | None) -> float | None:
    """The correlation behind two directions; None where one of them is None."""
    if one is None or other is None:
        return None
    return float(np.clip(one @ other, -1, 1))


def as_shown(magnitudes: Numbers) -> Numbers | None:
    """Magnitudes as shares of their 99th percentile, clipped at 1; None where all are equal: there is nothing to see.

    Where no pixel is below that percentile, for example where all but a few are 0, they are shares of the largest.

    >>> as_shown(np.array([[0.0, 0.0], [0.0, 4.0]])).max()
    np.float64(1.0)
    """
    faintest, limit, largest = np.quantile(magnitudes, [0, BRIGHTEST, 1])
    if largest == faintest:
        return None
    if limit == faintest:
        limit = largest
    shown: Numbers = np.minimum(magnitudes, limit) / limit
    return shown


def shown_similarity(one: Numbers | None, other: Numbers | None) -> float | None:
    """Mean SSIM in Gaussian windows; None where there is nothing to see, or the picture is smaller than a window."""
    if one is None or other is None or min(one.shape) < WINDOW:
        return None
    settings = {"gaussian_weights": True, "sigma": SIGMA, "use_sample_covariance": False, "data_range": 1.0}
    return float(structural_similarity(one, other, **settings))  # type: ignore[no-untyped-call]


def edge_directions(shown: Numbers) -> Numbers | None:
    """The directions of edges by place: 14 cells along the shorter side, none smaller than 4 pixels; None without
    edges.
    """
    side = max(CELL_SIDE, min(shown.shape) // CELLS)
    block = min(BLOCK, min(shown.shape) // side)
    if block == 0:
        return None
    found: Numbers = hog(shown, orientations=DIRECTIONS, pixels_per_cell=(side, side), cells_per_block=(block, block))
    return direction(found)


def map_entropy(values: Float[Tensor, "height width"]) -> float | None:
    """How varied a map's values are, in nats: the entropy of its histogram of 100 equal bins between its extremes.

    The complexity that the efficient randomisation check of Hedström et al. 2024 (arXiv:2401.06465) compares. None for
    a constant map, whose entropy would be 0; a few strong pixels on an even background have little, noise has much.

    >>> import math, torch
    >>> math.isclose(map_entropy(torch.arange(400.0).view(20, 20)), math.log(100))
    True
    """
    numbers = values.detach().cpu().double().numpy()
    if numbers.max() == numbers.min():
        return None
    counts, _ = np.histogram(numbers, bins=BINS)
    return float(entropy(counts))
