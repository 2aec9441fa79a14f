"""How far metrics agree across pictures: a correlation for each pair of metrics, method by method.

Spearman's for two metrics with many values, point-biserial for a metric of hits and misses with another, phi for two of
hits and misses [as in Vandersmissen and Oramas 2023, arXiv:2302.10764]: all three are Pearson's, of ranks or of the
scores themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from core.coherency.cube import Cube
from core.coherency.resampling import percentiles, resamples
from core.metrics.statistics import Estimate

Kind = Literal["spearman", "point-biserial", "phi"]
Form = Literal["raw", "partial", "equalised"]
FEWEST_FOR_CORRELATION = 4
RESAMPLES = 500
"""There are many pairs and methods; the ends of an interval are then off by a percent of its level or less."""
CONSTANT = 1e-12
"""Variance, as a share of the mean square, below which all values count as equal."""


@dataclass(frozen=True)
class Correlation:
    """The correlation of two metrics across pictures.

    Parameters
    ----------
    method
        Whose maps were scored; empty for the mean over all methods that are no controls.
    form
        ``raw``; ``partial``, given how difficult each picture is; or ``equalised``, of maps made equally sparse.
    kind
        Which correlation it is, by how many values the metrics take.
    value, low, high
        With its 95 % interval, both metrics turned so that higher is better; NaN where it is undefined, since a metric
        has the same score on all pictures.
    n
        Number of pictures with both scores.
    opposed
        The two pictures that they disagree on most: good for the first metric alone, and good for the second alone.
        Empty where fewer than two have both scores. Of a mean, by the mean over the same methods.
    """

    first: str
    second: str
    method: str
    form: Form
    kind: Kind
    value: float
    low: float
    high: float
    n: int
    opposed: tuple[str, ...]

    @property
    def estimate(self) -> Estimate:
        return Estimate(self.value, self.low, self.high, self.n)


def kind_of(first: bool, second: bool) -> Kind:
    """Which correlation suits two metrics, given whether each is binary.

    >>> kind_of(False, False), kind_of(True, False), kind_of(True, True)
    ('spearman', 'point-biserial', 'phi')
    """
    return "phi" if first and second else "point-biserial" if first or second else "spearman"


def correlate(cube: Cube, form: Form = "raw", seed: int = 0) -> Iterator[Correlation]:
    """Every pair of metrics for every method, then their means over the methods that are no controls.

    A mean is over the methods for which the correlation is defined, and its interval from the same resamples.

    Parameters
    ----------
    form
        ``partial`` takes out each picture's difficulty in both metrics, by :attr:`Cube.difficulty`.
    """
    pairs = list(combinations(range(len(cube.metrics)), 2))
    difficulty = cube.difficulty if form == "partial" else None
    sums: dict[tuple[int, int], list[Float[np.ndarray, " resamples+1"]]] = {pair: [] for pair in pairs}
    counts: dict[tuple[int, int], list[int]] = {pair: [] for pair in pairs}
    gaps: dict[tuple[int, int], list[Float[np.ndarray, " pictures"]]] = {pair: [] for pair in pairs}
    for place, method in enumerate(cube.methods):
        found = correlations(cube.values[:, place], cube.binary, difficulty, seed)
        for pair, (resampled, n) in found.items():
            gap = rank_gaps(*cube.values[:, place, pair].T)
            yield correlation(cube, pair, method, form, resampled, n, gap)
            if method in cube.real and n >= FEWEST_FOR_CORRELATION:
                sums[pair].append(resampled)
                counts[pair].append(n)
                gaps[pair].append(gap)
    for pair in pairs:
        if sums[pair]:
            resampled, gap = mean_defined(np.stack(sums[pair])), mean_known(np.stack(gaps[pair]))
            yield correlation(cube, pair, "", form, resampled, min(counts[pair]), gap)


def mean_defined(values: Float[np.ndarray, "methods resamples"]) -> Float[np.ndarray, " resamples"]:
    """The mean over methods of what is defined, among those that are defined on all pictures."""
    return mean_known(values[np.isfinite(values[:, 0])])


def mean_known(values: Float[np.ndarray, "methods columns"]) -> Float[np.ndarray, " columns"]:
    """The mean over methods of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total: Float[np.ndarray, " columns"] = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def correlation(
    cube: Cube,
    pair: tuple[int, int],
    method: str,
    form: Form,
    resampled: Float[np.ndarray, " resamples"],
    n: int,
    gap: Float[np.ndarray, " pictures"],
) -> Correlation:
    """The row of a pair, from its value on all pictures and on every resample, and how each picture's ranks differ."""
    first, second = pair
    low, high = percentiles(resampled[1:])
    return Correlation(
        cube.metrics[first],
        cube.metrics[second],
        method,
        form,
        kind_of(cube.binary[first], cube.binary[second]),
        float(resampled[0]),
        low,
        high,
        n,
        tuple(cube.pictures[place] for place in most_opposed(gap)),
    )


def correlations(
    scores: Float[np.ndarray, "pictures metrics"],
    binary: Sequence[bool],
    difficulty: Float[np.ndarray, "pictures metrics"] | None = None,
    seed: int = 0,
) -> dict[tuple[int, int], tuple[Float[np.ndarray, " resamples+1"], int]]:
    """For each pair of columns the correlation on all pictures and on every resample of them, and their number.

    Each pair is compared on the pictures that have both scores.

    Parameters
    ----------
    difficulty
        What is taken out of both, if given: the partial correlation given both columns' difficulties.
    """
    known = np.isfinite(scores) if difficulty is None else np.isfinite(scores) & np.isfinite(difficulty)
    alike: dict[bytes, list[tuple[int, int]]] = {}
    for pair in combinations(range(scores.shape[1]), 2):
        alike.setdefault(known[:, pair].all(axis=1).tobytes(), []).append(pair)
    found: dict[tuple[int, int], tuple[Float[np.ndarray, " resamples+1"], int]] = {}
    for pairs in alike.values():
        both = known[:, pairs[0]].all(axis=1)
        columns = sorted({column for pair in pairs for column in pair})
        given = None if difficulty is None else difficulty[both][:, columns]
        matrices = matrices_of(scores[both][:, columns], np.array(binary)[columns], given, seed)
        for first, second in pairs:
            found[first, second] = matrices[:, columns.index(first), columns.index(second)], int(both.sum())
    return dict(sorted(found.items()))


def matrices_of(
    scores: Float[np.ndarray, "pictures metrics"],
    binary: Bool[np.ndarray, " metrics"],
    difficulty: Float[np.ndarray, "pictures metrics"] | None,
    seed: int,
) -> Float[np.ndarray, "resamples+1 metrics metrics"]:
    """The correlations of all columns with each other, on all pictures and on every resample."""
    n, count = scores.shape
    everything = scores if difficulty is None else np.hstack([scores, difficulty])
    by_score = binary[:, None] | binary
    blocks = []
    for often in resamples(n, seed, everything.shape[1], RESAMPLES) if n >= FEWEST_FOR_CORRELATION else ():
        coded = [pearson(ranks(everything, often), often)]
        if by_score.any():
            coded.append(pearson(np.broadcast_to(everything, (len(often), *everything.shape)), often))
        matrices = coded if difficulty is None else [given_both(each, count) for each in coded]
        blocks.append(np.where(by_score, matrices[-1], matrices[0]))
    return np.concatenate(blocks) if blocks else np.full((1, count, count), np.nan)


def ranks(
    scores: Float[np.ndarray, "pictures columns"], often: Float[np.ndarray, "resamples pictures"]
) -> Float[np.ndarray, "resamples pictures columns"]:
    """The rank of each score in each resample; equal scores, and copies of one picture, share theirs."""
    found = np.empty((len(often), *scores.shape))
    for column, values in enumerate(scores.T):
        order = values.argsort(kind="stable")
        ends = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
        upto = often[:, order].cumsum(axis=1)[:, ends]
        before = np.hstack([np.zeros((len(often), 1)), upto[:, :-1]])
        group = np.empty(len(values), dtype=np.int64)
        group[order] = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
        found[:, :, column] = ((before + upto + 1) / 2)[:, group]
    return found


def pearson(
    values: Float[np.ndarray, "resamples pictures columns"], often: Float[np.ndarray, "resamples pictures"]
) -> Float[np.ndarray, "resamples columns columns"]:
    """Pearson's correlations of all columns, each picture counted as often as it occurs; NaN with a constant one."""
    n = often.sum(axis=1)[:, None, None]
    centred = values - np.einsum("rp,rpc->rc", often, values)[:, None] / n
    products = np.matmul(np.swapaxes(centred * often[:, :, None], 1, 2), centred) / n
    variance = np.einsum("rcc->rc", products)
    size = np.einsum("rp,rpc->rc", often, values**2) / n[:, 0]
    deviation = np.sqrt(np.where(variance > CONSTANT * size, variance, np.nan))
    found: Float[np.ndarray, "resamples columns columns"] = np.clip(
        products / deviation[:, :, None] / deviation[:, None], -1, 1
    )
    return found


def given_both(
    matrices: Float[np.ndarray, "resamples columns columns"], metrics: int
) -> Float[np.ndarray, "resamples metrics metrics"]:
    """Partial correlations of each two metrics given the difficulties of both, which follow in the same order."""
    own, shared = matrices[:, :metrics, :metrics], matrices[:, metrics:, metrics:]
    across = np.nan_to_num(matrices[:, :metrics, metrics:])  # a constant difficulty explains nothing
    first = np.einsum("rmm->rm", across)  # each metric with its own difficulty
    a_with_za, b_with_zb = first[:, :, None], first[:, None]
    a_with_zb, b_with_za = across, np.swapaxes(across, 1, 2)
    zs = np.nan_to_num(shared)
    once = given(own, a_with_za, b_with_za)
    a_then, b_then = given(a_with_zb, a_with_za, zs), given(b_with_zb, b_with_za, zs)
    return given(once, np.nan_to_num(a_then), np.nan_to_num(b_then))


def given(
    first: Float[np.ndarray, "*pairs"], one: Float[np.ndarray, "*pairs"], other: Float[np.ndarray, "*pairs"]
) -> Float[np.ndarray, "*pairs"]:
    """The partial correlation given a third variable, from the three plain ones; NaN where that explains one entirely.

    >>> round(float(given(np.array(0.5), np.array(0.5), np.array(0.5))), 4)
    0.3333
    """
    left = (1 - one**2) * (1 - other**2)
    scale = np.sqrt(np.where(left > CONSTANT, left, np.nan))
    found: Float[np.ndarray, "*pairs"] = np.clip((first - one * other) / scale, -1, 1)
    return found


def rank_gaps(
    first: Float[np.ndarray, " pictures"], second: Float[np.ndarray, " pictures"]
) -> Float[np.ndarray, " pictures"]:
    """How far each picture ranks higher by the first metric than by the second; NaN where a score is unknown.

    >>> rank_gaps(np.array([1.0, 2.0, np.nan, 3.0]), np.array([3.0, 2.0, 0.0, 1.0])).tolist()
    [-2.0, 0.0, nan, 2.0]
    """
    both = np.isfinite(first) & np.isfinite(second)
    gaps = np.full(len(first), np.nan)
    if both.any():
        gaps[both] = rankdata(first[both]) - rankdata(second[both])
    return gaps


def most_opposed(gaps: Float[np.ndarray, " pictures"]) -> tuple[int, ...]:
    """The pictures with the largest and the smallest gap; none where fewer than two have one.

    >>> most_opposed(np.array([-2.0, 0.0, np.nan, 2.0])), most_opposed(np.array([np.nan, 1.0]))
    ((3, 0), ())
    """
    known = np.flatnonzero(np.isfinite(gaps))
    return (int(known[gaps[known].argmax()]), int(known[gaps[known].argmin()])) if len(known) > 1 else ()
