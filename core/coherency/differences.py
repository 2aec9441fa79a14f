"""Critical differences: which mean ranks of methods a metric can tell apart [Demsar 2006, JMLR 7:1-30]."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, nan, sqrt

from scipy.stats import studentized_range

from core.metrics.ranking import SIGNIFICANT, Ranking, indistinguishable


@dataclass(frozen=True)
class CriticalDifferences:
    """A critical-difference diagram.

    Parameters
    ----------
    ranks
        Mean rank of each method, the best first; 1 is the best rank.
    n
        Number of pictures with a score for every method.
    friedman
        p-value of Friedman's test that all methods are equal.
    difference
        Nemenyi's critical difference: mean ranks further apart differ at 5 %. NaN for one method or no picture.
    nemenyi
        Runs of neighbours in rank that are not further apart than that.
    holm
        Runs of neighbours that Wilcoxon's test of pairs with Holm's correction does not tell apart; it has more power,
        and uses the size of the differences.
    """

    metric: str
    ranks: Mapping[str, float]
    n: int
    friedman: float
    difference: float
    nemenyi: tuple[tuple[str, ...], ...]
    holm: tuple[tuple[str, ...], ...]


def critical_differences(ranking: Ranking) -> CriticalDifferences:
    """The diagram of a ranking."""
    methods, n = list(ranking.ranks), ranking.n
    told = tuple(
        replace(pair, adjusted=nemenyi(abs(ranking.ranks[pair.first] - ranking.ranks[pair.second]), len(methods), n))
        for pair in ranking.pairs
    )
    return CriticalDifferences(
        ranking.metric,
        ranking.ranks,
        n,
        ranking.friedman,
        critical_difference(len(methods), n),
        indistinguishable(methods, told),
        ranking.groups,
    )


def critical_difference(methods: int, pictures: int, level: float = SIGNIFICANT) -> float:
    """How far two mean ranks must be apart to differ, by Nemenyi's test; NaN for one method or no picture.

    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    if methods < 2 or not pictures:
        return nan
    return float(studentized_range.ppf(1 - level, methods, inf)) * standard_error(methods, pictures)


def nemenyi(apart: float, methods: int, pictures: int) -> float:
    """p-value of mean ranks this far apart, by Nemenyi's test."""
    return float(studentized_range.sf(apart / standard_error(methods, pictures), methods, inf))


def standard_error(methods: int, pictures: int) -> float:
    """Of a mean rank over pictures, where all methods are equal."""
    return sqrt(methods * (methods + 1) / (12 * pictures))
