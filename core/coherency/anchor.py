"""Truth anchor: does a metric rank the methods as the known truth of a stamp network does?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from core.coherency.correlation import pearson
from core.coherency.cube import Cube
from core.coherency.resampling import percentiles, resamples

FEWEST_METHODS = 3


@dataclass(frozen=True)
class Anchor:
    """How a metric's ranking of the methods agrees with that by a known truth.

    Parameters
    ----------
    truth
        The metric that knows the truth.
    value, low, high
        Spearman's correlation of the methods' means, both turned so that higher is better, with its 95 % interval over
        pictures. Other methods could give another: that is not in the interval.
    methods, n
        Number of methods, controls left out, and of pictures.
    """

    metric: str
    truth: str
    value: float
    low: float
    high: float
    methods: int
    n: int


def anchors(cube: Cube, truth: str, seed: int = 0) -> Iterator[Anchor]:
    """The agreement of every metric that judges with one of them that knows the truth."""
    real = cube.with_methods(cube.real)
    for metric in cube.judging:
        if metric != truth:
            yield anchor(metric, truth, real.of(metric), real.of(truth), seed)


def anchor(
    metric: str,
    truth: str,
    scores: Float[np.ndarray, "pictures methods"],
    true: Float[np.ndarray, "pictures methods"],
    seed: int = 0,
) -> Anchor:
    """The agreement over the pictures where every method has both scores; methods that never have them are left out."""
    methods = np.isfinite(scores).any(axis=0) & np.isfinite(true).any(axis=0)
    both = np.isfinite(np.hstack([scores[:, methods], true[:, methods]])).all(axis=1)
    count, n = int(methods.sum()), int(both.sum())
    if count < FEWEST_METHODS or not n:
        return Anchor(metric, truth, np.nan, np.nan, np.nan, count, n)
    once = np.ones((1, count))
    blocks = []
    for often in resamples(n, seed, 2 * count):
        ranked = [rankdata(often @ each[both][:, methods], axis=1) for each in (scores, true)]
        blocks.append(pearson(np.stack(ranked, axis=2), np.repeat(once, len(often), axis=0))[:, 0, 1])
    found = np.concatenate(blocks)
    low, high = percentiles(found[1:])
    return Anchor(metric, truth, float(found[0]), low, high, count, n)
