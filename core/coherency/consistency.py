"""Perturbation consistency: a metric must not care about a minor change, and must notice a disruptive one.

After MetaQuantus [Hedstroem et al. 2023, arXiv:2302.07265], with changes of our own: the size of a change is found from
the predictions that hold, the scores are compared picture by picture, a ranking that does not exist is not counted as
one that is preserved, and a constant and a random metric always run along.
"""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import kendalltau

from core.coherency.resampling import resamples, stretched
from core.metrics.statistics import Estimate, estimates, within
from core.randomness import generator

Change = Literal["picture", "weights"]
CONSTANT_CONTROL, RANDOM_CONTROL = "constant metric", "random metric"


@dataclass(frozen=True)
class Consistency:
    """How a metric meets minor and disruptive changes of the pictures, or of the network's weights.

    Parameters
    ----------
    metric
        Its name, ``constant metric`` or ``random metric``.
    minor_intra
        1 where each method's scores are neither better nor worse after a minor change, 0 where all moved one way:
        1 - |2 AUROC - 1|, the AUROC of clean against changed scores picture by picture; mean over methods.
    minor_inter
        Kendall's tau-b between the methods' rankings before and after a minor change, mean over pictures; NaN where
        there is no ranking.
    disruptive_intra
        |2 AUROC - 1| for a disruptive change: 1 where all scores moved one way; mean over methods.
    disruptive_inter
        The share of scores that a disruptive change makes worse in the metric's direction, an equal one counting half.
    """

    metric: str
    change: Change
    minor_intra: Estimate
    minor_inter: Estimate
    disruptive_intra: Estimate
    disruptive_inter: Estimate

    @property
    def preserves(self) -> bool:
        """Whether a minor change leaves the ranking more alike than chance, by the whole interval."""
        return self.minor_inter.low > 0

    @property
    def notices(self) -> bool:
        """Whether a disruptive change makes more scores worse than better, by the whole interval."""
        return self.disruptive_inter.low > 1 / 2


def consistency(
    metric: str,
    change: Change,
    clean: Float[np.ndarray, "pictures methods"],
    minor: Float[np.ndarray, "pictures methods"],
    disruptive: Float[np.ndarray, "pictures methods"],
    seed: int = 0,
) -> Consistency:
    """From scores turned so that higher is better."""
    worse = worsened(clean, disruptive)
    with_score = np.isfinite(worse).any(axis=1)
    shares = np.array([np.nanmean(row) for row in worse[with_score]]).reshape(-1, 1)
    taus = np.array([tau_b(*pair) for pair in zip(clean, minor, strict=True)]).reshape(-1, 1)
    return Consistency(
        metric,
        change,
        one_way(worsened(clean, minor), seed, stays=True),
        within(estimates(taus, seed)[0], -1.0, 1.0),
        one_way(worse, seed, stays=False),
        within(estimates(shares, seed)[0], 0.0, 1.0),
    )


def worsened(
    clean: Float[np.ndarray, "pictures methods"], changed: Float[np.ndarray, "pictures methods"]
) -> Float[np.ndarray, "pictures methods"]:
    """1 where the changed score is worse, 1/2 where it is equal, 0 where it is better; NaN where one is unknown.

    The mean over pictures is the AUROC of clean against changed scores, each picture compared with itself.

    >>> worsened(np.array([[3.0, 1.0, 1.0]]), np.array([[2.0, 1.0, np.nan]])).tolist()
    [[1.0, 0.5, nan]]
    """
    worse: Float[np.ndarray, "pictures methods"] = (1 + np.sign(clean - changed)) / 2
    return worse


def one_way(worse: Float[np.ndarray, "pictures methods"], seed: int, stays: bool) -> Estimate:
    """|2 AUROC - 1|, mean over methods, with its interval over pictures; or 1 less that, where scores should stay."""
    pictures = worse[np.isfinite(worse).any(axis=1)]
    n = len(pictures)
    if not n:
        return Estimate(nan, nan, nan, 0)
    known = np.isfinite(pictures).astype(float)
    filled = np.nan_to_num(pictures)
    blocks = []
    for often in resamples(n, seed):
        count = often @ known
        auroc = np.where(count > 0, (often @ filled) / np.where(count > 0, count, 1), np.nan)
        moved = np.abs(2 * auroc - 1)
        blocks.append(np.nanmean(1 - moved if stays else moved, axis=1))
    found = np.concatenate(blocks)
    low, high = stretched(float(found[0]), found[1:], n)
    return within(Estimate(float(found[0]), low, high, n), 0.0, 1.0)


def tau_b(one: Float[np.ndarray, " methods"], other: Float[np.ndarray, " methods"]) -> float:
    """Kendall's tau-b of two rankings of the methods that both know; NaN where either ties all of them."""
    both = np.isfinite(one) & np.isfinite(other)
    if len(np.unique(one[both])) < 2 or len(np.unique(other[both])) < 2:
        return nan
    return float(kendalltau(one[both], other[both]).statistic)


def control_metrics(change: Change, pictures: int, methods: int, seed: int = 0) -> tuple[Consistency, Consistency]:
    """The constant metric and the random one on as many pictures and methods."""
    draw = generator(seed, "coherency", "random metric", change)
    clean, minor, disruptive = torch.rand(3, pictures, methods, generator=draw, dtype=torch.float64).numpy()
    same = np.zeros_like(clean)
    return (
        consistency(CONSTANT_CONTROL, change, same, same, same, seed),
        consistency(RANDOM_CONTROL, change, clean, minor, disruptive, seed),
    )
