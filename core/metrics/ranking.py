"""Ranking: which methods a metric can tell apart over many pictures, and which it cannot.

Methods are ranked picture by picture and each pair is tested on the pictures that both have [Demsar 2006, JMLR 7:1-30;
pairs after Benavoli, Corani and Mangili 2016, JMLR 17:1-10], with Holm's correction for multiple tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, log2, nan

import numpy as np
from jaxtyping import Float
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

from core.metrics.registry import find_metric
from core.metrics.statistics import Tally

SIGNIFICANT = 0.05
MOST_EXACT = 50


@dataclass(frozen=True)
class Pair:
    """Two methods on the same pictures.

    Parameters
    ----------
    n
        Number of pictures with both scores.
    difference
        Mean of the first method's score minus the second's.
    p
        p-value of Wilcoxon's signed-rank test, two-sided.
    adjusted
        The same after Holm's correction over all pairs.
    """

    first: str
    second: str
    n: int
    difference: float
    p: float
    adjusted: float


@dataclass(frozen=True)
class Ranking:
    """How a metric orders methods over pictures.

    Parameters
    ----------
    ranks
        Mean rank of each method, the best first; 1 is the best rank, and equal scores share theirs.
    n
        Number of pictures with a score for every method; ranks and Friedman's test are based on these.
    friedman
        p-value of Friedman's test; NaN for fewer than three methods.
    enough
        Number of pictures needed before any of this many pairs can differ significantly at all.
    pairs
        Every pair, the better mean rank first.
    groups
        Runs of neighbours in rank that cannot be told apart: none of their pairs differs at 5 % after correction. A
        method may belong to several.
    """

    metric: str
    ranks: Mapping[str, float]
    n: int
    friedman: float
    enough: int
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]


def rank_methods(tally: Tally, metric: str) -> Ranking:
    """Every method with scores in this metric, controls included.

    Raises
    ------
    ValueError
        Where the metric has no better end, or no picture has a score for every method.
    """
    direction = find_metric(metric).direction
    if direction == "none":
        raise ValueError(f"{metric} describes a heatmap without judging it, so it cannot rank methods.")
    asked = [method for name, method in tally.cells() if name == metric]
    if tally.cells() and not asked:
        known = ", ".join(sorted({name for name, _ in tally.cells()}))
        raise ValueError(f"{metric} is not part of this study; its metrics are {known}.")
    scores = tally.columns([(metric, method) for method in asked])
    known = np.isfinite(scores).any(axis=0)
    methods, scores = [method for method, any_score in zip(asked, known, strict=True) if any_score], scores[:, known]
    whole = scores[np.isfinite(scores).all(axis=1)]
    if not whole.size:
        raise ValueError(f"No picture has a score in {metric} for every method, so the methods cannot be ranked.")
    ranks = mean_ranks(-whole if direction == "higher" else whole)
    order = sorted(range(len(methods)), key=lambda column: (ranks[column], methods[column]))
    ordered = [methods[column] for column in order]
    pairs = compare(ordered, scores[:, order])
    return Ranking(
        metric,
        {methods[column]: float(ranks[column]) for column in order},
        len(whole),
        friedman(whole),
        pictures_needed(len(pairs)),
        pairs,
        indistinguishable(ordered, pairs),
    )


def mean_ranks(scores: Float[np.ndarray, "pictures methods"]) -> Float[np.ndarray, " methods"]:
    """Mean rank of each method when the smallest score of a picture comes first; equal scores share their ranks.

    >>> mean_ranks(np.array([[1.0, 2.0, 2.0], [1.0, 2.0, 3.0]])).tolist()
    [1.0, 2.25, 2.75]
    """
    places: Float[np.ndarray, " methods"] = rankdata(scores, axis=1).mean(axis=0)
    return places


def friedman(scores: Float[np.ndarray, "pictures methods"]) -> float:
    """p-value of Friedman's test: the probability of ranks this uneven if all methods were equal."""
    if scores.shape[1] < 3:
        return nan
    if (scores == scores[:, :1]).all():
        return 1.0
    return float(friedmanchisquare(*scores.T).pvalue)


def compare(methods: Sequence[str], scores: Float[np.ndarray, "pictures methods"]) -> tuple[Pair, ...]:
    """Every pair of methods, tested on the pictures that both have."""
    both = list(combinations(range(len(methods)), 2))
    gaps = [scores[:, first] - scores[:, second] for first, second in both]
    gaps = [gap[np.isfinite(gap)] for gap in gaps]
    found = [signed_rank(gap) for gap in gaps]
    return tuple(
        Pair(methods[first], methods[second], len(gap), float(gap.mean()), p, adjusted)
        for (first, second), gap, p, adjusted in zip(both, gaps, found, holm(found), strict=True)
    )


def signed_rank(differences: Float[np.ndarray, " pictures"]) -> float:
    """Two-sided p of Wilcoxon's test: exact for few pictures, 1 where no picture differs.

    Pictures without a difference are dropped first, as Wilcoxon did. scipy's exact form does not support ties and would
    try every arrangement of signs where there are some.
    """
    moved = differences[differences != 0]
    if len(moved) > MOST_EXACT:
        return float(wilcoxon(moved, method="approx").pvalue)
    return exact_signed_rank(moved) if len(moved) else 1.0


def exact_signed_rank(moved: Float[np.ndarray, " pictures"]) -> float:
    """The share of all arrangements of signs whose smaller rank sum is no larger than this one's.

    >>> exact_signed_rank(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    0.03125
    """
    doubled = (2 * rankdata(np.abs(moved))).astype(int)  # ties share a rank that may end in a half
    chance = np.ones(1)
    for rank in doubled:
        chance = (np.pad(chance, (0, rank)) + np.pad(chance, (rank, 0))) / 2
    smaller = min(doubled[moved > 0].sum(), doubled[moved < 0].sum())
    return min(1.0, 2 * float(chance[: smaller + 1].sum()))


def pictures_needed(pairs: int) -> int:
    """The fewest pictures at which one of this many pairs can differ at 5 % after correction.

    With n pictures the smallest possible p is 2 / 2 ** n, where all differences have one sign.

    >>> pictures_needed(1), pictures_needed(105)
    (6, 13)
    """
    return 1 + max(1, ceil(log2(max(1, pairs) / SIGNIFICANT)))


def holm(found: Sequence[float]) -> list[float]:
    """Holm's correction: the smallest p times the number of tests, the next times one less, never decreasing.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted, reached = [0.0] * len(found), 0.0
    for place, index in enumerate(np.argsort(found, kind="stable")):
        reached = max(reached, min(1.0, (len(found) - place) * found[index]))
        adjusted[index] = reached
    return adjusted


def indistinguishable(methods: Sequence[str], pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """Longest runs of neighbours without a pair that differs; a method that differs from both neighbours has none."""
    differ = {frozenset((pair.first, pair.second)) for pair in pairs if pair.adjusted < SIGNIFICANT}
    runs: list[tuple[int, int]] = []
    for start in range(len(methods)):
        end = start + 1
        while end < len(methods) and all(frozenset((methods[end], each)) not in differ for each in methods[start:end]):
            end += 1
        if end - start > 1 and (not runs or end > runs[-1][1]):
            runs.append((start, end))
    return tuple(tuple(methods[start:end]) for start, end in runs)
