"""Krippendorff's alpha: do the pictures agree on which methods are better?

Each picture is a rater, and each method a unit that it ranks [Vandersmissen and Oramas 2023, arXiv:2302.10764;
Krippendorff 2011, Computing Krippendorff's alpha-reliability].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from core.coherency.resampling import pictures_for, resamples, stretched

Level = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True)
class Alpha:
    """How far the pictures agree on the order of the methods, by one metric.

    Parameters
    ----------
    value, low, high
        1 for the same order on every picture, 0 for chance, with its 95 % interval; NaN where it is undefined.
    n
        Number of pictures that rank at least two methods.
    needed
        Number of pictures for an interval of plus or minus 0.05; None where that is unknown.
    """

    metric: str
    value: float
    low: float
    high: float
    n: int
    needed: int | None


def alpha_of(metric: str, scores: Float[np.ndarray, "pictures methods"], seed: int = 0) -> Alpha:
    """Ordinal alpha of one metric's scores, with its interval over pictures.

    A method without a score on a picture is left out of that picture's ranking. In simulations of six methods the
    interval held the true alpha in 94 % of studies of 20 or 60 pictures, and in 89 % of 10 where alpha is high; near 0
    it is wider than it need be.
    """
    ranked = ranks_by_picture(scores[np.isfinite(scores).sum(axis=1) > 1])
    n = len(ranked)
    if n < 2:
        return Alpha(metric, np.nan, np.nan, np.nan, n, None)
    values = np.concatenate([alphas(ranked, "ordinal", often) for often in resamples(n, seed, 2 * ranked.size // n)])
    low, high = (min(end, 1.0) for end in stretched(float(values[0]), values[1:], n))
    return Alpha(metric, float(values[0]), low, high, n, pictures_for(low, high, n))


def ranks_by_picture(scores: Float[np.ndarray, "pictures methods"]) -> Float[np.ndarray, "pictures methods"]:
    """Rank of each method among those known on the picture, the smallest score first; equal scores share theirs.

    >>> ranks_by_picture(np.array([[0.5, 0.5, np.nan, 0.1]])).tolist()
    [[2.5, 2.5, nan, 1.0]]
    """
    found: Float[np.ndarray, "pictures methods"] = rankdata(scores, axis=1, nan_policy="omit")
    return np.where(np.isfinite(scores), found, np.nan)


def alpha(ratings: Float[np.ndarray, "raters units"], level: Level) -> float:
    """Krippendorff's alpha by the general coincidence form, with ties and gaps; NaN where nothing could disagree.

    Parameters
    ----------
    ratings
        NaN where a rater did not rate a unit.
    level
        How values differ: ``nominal``, ``ordinal``, ``interval`` or ``ratio``.
    """
    return float(alphas(ratings, level, np.ones((1, len(ratings))))[0])


def alphas(
    ratings: Float[np.ndarray, "raters units"], level: Level, often: Float[np.ndarray, "resamples raters"]
) -> Float[np.ndarray, " resamples"]:
    """Alpha of each resample of raters.

    A rater who was drawn twice agrees with himself; such pairs say nothing about agreement and are left out [ours],
    without which alpha would rise by about (1 - alpha) / raters in every resample.
    """
    known = np.isfinite(ratings)
    values, place = np.unique(ratings[known], return_inverse=True)
    if len(values) < 2:
        return np.full(len(often), np.nan)
    rated = np.zeros((*ratings.shape, len(values)))
    rated[(*np.nonzero(known), place)] = 1
    counts = np.einsum("rp,puv->ruv", often, rated, optimize=True)
    same = np.einsum("rp,puv->ruv", often**2, rated, optimize=True)
    held, itself = counts.sum(axis=2), same.sum(axis=2)
    pairable = held**2 - itself
    weight = np.divide(held, pairable, out=np.zeros_like(held), where=pairable > 0)
    coincidences = np.einsum("ru,ruv,ruw->rvw", weight, counts, counts, optimize=True)
    np.einsum("rvv->rv", coincidences)[:] -= np.einsum("ru,ruv->rv", weight, same, optimize=True)
    totals = np.einsum("ru,ruv->rv", np.sign(pairable), counts, optimize=True)
    size = totals.sum(axis=1)
    distances = squared_distances(values, totals, level)
    observed = (coincidences * distances).sum(axis=(1, 2))
    own = np.where(pairable > 0, itself, 0.0).sum(axis=1)
    expected = np.einsum("rv,rw,rvw->r", totals, totals, distances, optimize=True) * size
    observed *= size**2 - own
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def squared_distances(
    values: Float[np.ndarray, " values"], totals: Float[np.ndarray, "resamples values"], level: Level
) -> Float[np.ndarray, "resamples values values"]:
    """How far every two values are apart, squared; on the ordinal level that depends on how often values occur."""
    if level == "ordinal":
        upto = totals.cumsum(axis=1) - totals / 2
        apart: Float[np.ndarray, "resamples values values"] = (upto[:, :, None] - upto[:, None]) ** 2
        return apart
    difference = (values[:, None] - values)[None]
    if level == "nominal":
        return np.where(difference == 0, 0.0, 1.0)
    total = (values[:, None] + values)[None] if level == "ratio" else np.ones(1)
    return np.where(difference == 0, 0.0, difference / np.where(total == 0, 1, total)) ** 2


def agreement(
    metrics: Sequence[str], values: Float[np.ndarray, "pictures methods metrics"], seed: int = 0
) -> list[Alpha]:
    """Alpha of every metric."""
    return [alpha_of(metric, values[:, :, place], seed) for place, metric in enumerate(metrics)]
