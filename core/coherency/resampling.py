"""Intervals of statistics that are no means: pictures are resampled, and the statistic is computed anew each time."""

from collections.abc import Iterator
from math import ceil, nan, sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import norm, t

from core.metrics.statistics import CONFIDENCE, DRAWS_AT_ONCE, RESAMPLES, how_often
from core.randomness import generator

FEWEST_DEFINED = 0.5
"""Of the resamples; a statistic that fewer define has no interval."""
PRECISION = 0.05


def resamples(
    pictures: int, seed: int, values_each: int = 1, count: int = RESAMPLES
) -> Iterator[Float[np.ndarray, "some pictures"]]:
    """How often each picture occurs in each resample, in blocks that fit the memory; the first is all pictures, once.

    Every statistic of a study meets the same resamples.

    Parameters
    ----------
    values_each
        Numbers that a statistic holds for each picture of a resample.
    """
    draw = generator(seed, "coherency", pictures)
    at_once = max(1, DRAWS_AT_ONCE // max(1, pictures * values_each))
    yield np.ones((1, pictures))
    for start in range(0, count, at_once):
        yield how_often(min(at_once, count - start), pictures, draw)


def percentiles(resampled: Float[np.ndarray, " resamples"]) -> tuple[float, float]:
    """The bounds that hold 95 % of the defined resamples; NaN where too few are defined."""
    defined = resampled[np.isfinite(resampled)]
    if not len(defined) or len(defined) < FEWEST_DEFINED * len(resampled):
        return nan, nan
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def stretched(found: float, resampled: Float[np.ndarray, " resamples"], pictures: int) -> tuple[float, float]:
    """The same bounds, moved outwards from the statistic as :func:`core.metrics.statistics.intervals` does.

    Percentiles are too narrow for few pictures: by n / (n - 1) in the variance, and by the normal in place of Student's
    t. That holds for what is nearly a mean; a correlation's percentiles are wide enough without it.
    """
    if pictures < 2:
        return nan, nan
    low, high = percentiles(resampled)
    quantile = (1 + CONFIDENCE) / 2
    factor = float(t.ppf(quantile, pictures - 1) / norm.ppf(quantile)) * sqrt(pictures / (pictures - 1))
    return found + factor * (low - found), found + factor * (high - found)


def pictures_for(low: float, high: float, pictures: int, precision: float = PRECISION) -> int | None:
    """The pictures at which the interval would be plus or minus the precision, since it narrows as 1 / sqrt(n).

    None where there is no interval yet, or none of any width.

    >>> pictures_for(0.3, 0.7, 10)
    160
    """
    width = high - low
    return ceil(pictures * (width / 2 / precision) ** 2 - 1e-9) if width > 0 else None
