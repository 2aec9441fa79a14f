"""How much of a metric the look of the maps explains, whatever they show: their sparsity, and their total variation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import rankdata

from core.coherency.cube import Cube
from core.coherency.resampling import resamples, stretched
from core.metrics.statistics import CONFIDENCE
from core.randomness import generator

CHARACTERISTICS = ("gini", "total_variation")
BOTH = "both"
FEWEST_METHODS = 3
RELABELLINGS = 1000


@dataclass(frozen=True)
class Explained:
    """The share of a metric's differences between methods that a characteristic of the maps explains.

    Parameters
    ----------
    by
        ``gini``, ``total_variation``, or ``both`` together.
    share, low, high
        R squared with its 95 % interval over pictures: of ranks within each picture, so that neither how difficult a
        picture is nor the metric's unit counts.
    chance
        What the characteristics of other methods would explain in one case of twenty: few methods differ in many ways
        at once, so that a share below this is no finding.
    n
        Number of pictures.
    """

    metric: str
    by: str
    share: float
    low: float
    high: float
    chance: float
    n: int


def explained(cube: Cube, seed: int = 0) -> Iterator[Explained]:
    """The shares for each metric that judges, over the methods that are no controls; none for fewer than three."""
    if not set(CHARACTERISTICS) <= set(cube.metrics) or len(cube.real) < FEWEST_METHODS:
        return
    real = cube.with_methods(cube.real)
    looks = np.stack([real.of(name) for name in CHARACTERISTICS], axis=2)
    for metric in cube.judging:
        yield from shares_of(metric, real.of(metric), looks, seed)


def shares_of(
    metric: str,
    scores: Float[np.ndarray, "pictures methods"],
    looks: Float[np.ndarray, "pictures methods 2"],
    seed: int = 0,
) -> Iterator[Explained]:
    """What each characteristic explains of one metric's scores, and what both do."""
    ranked = centred_ranks(np.concatenate([scores[:, :, None], looks], axis=2))
    n = len(ranked)
    products = np.einsum("pki,pkj->pij", ranked, ranked)
    sums = [np.einsum("rp,pij->rij", often, products) for often in resamples(n, seed, 9)] if n else []
    resampled = np.concatenate(sums) if sums else np.full((1, 3, 3), np.nan)
    moved = relabelled(ranked, seed)
    for by, columns in (*((name, [place]) for place, name in enumerate(CHARACTERISTICS, 1)), (BOTH, [1, 2])):
        found, by_chance = r_squared(resampled, columns), r_squared(moved, columns)
        defined = by_chance[np.isfinite(by_chance)]
        low, high = np.clip(stretched(float(found[0]), found[1:], n), 0, 1)
        chance = float(np.quantile(defined, CONFIDENCE)) if len(defined) else np.nan
        yield Explained(metric, by, float(found[0]), float(low), float(high), chance, n)


def centred_ranks(
    columns: Float[np.ndarray, "pictures methods columns"],
) -> Float[np.ndarray, "kept methods columns"]:
    """Ranks within each picture, less their mean, of the methods that have every column; 0 for the others.

    Pictures with fewer than three such methods are left out.
    """
    known = np.isfinite(columns).all(axis=2)
    kept = known.sum(axis=1) >= FEWEST_METHODS
    masked = np.where(known[:, :, None], columns, np.nan)[kept]
    if not len(masked):
        return np.zeros_like(masked)
    ranked: Float[np.ndarray, "kept methods columns"] = rankdata(masked, axis=1, nan_policy="omit")
    middle = (known[kept].sum(axis=1)[:, None, None] + 1) / 2
    return np.where(known[kept][:, :, None], ranked - middle, 0.0)


def r_squared(products: Float[np.ndarray, "cases 3 3"], columns: Sequence[int]) -> Float[np.ndarray, " cases"]:
    """R squared of the first variable by others, from sums of products; NaN where the first or all others are constant.

    >>> float(r_squared(np.array([[[4.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 1.0]]]), [1])[0])
    0.25
    """
    total = products[:, 0, 0]
    across, own = products[:, 0, columns], products[:, columns][:, :, columns]
    fitted = np.einsum("ci,cij,cj->c", across, np.linalg.pinv(np.nan_to_num(own), hermitian=True), across)
    defined = (total > 0) & (np.einsum("cii->c", own) > 0)
    return np.where(defined, np.clip(fitted / np.where(defined, total, 1), 0, 1), np.nan)


def relabelled(ranked: Float[np.ndarray, "pictures methods 3"], seed: int) -> Float[np.ndarray, "cases 3 3"]:
    """The sums of products if the characteristics of each method were another one's, on all pictures alike."""
    methods = ranked.shape[1]
    draw = generator(seed, "coherency", "relabelled", methods)
    orders = np.stack([torch.randperm(methods, generator=draw).numpy() for _ in range(RELABELLINGS)])
    across = np.einsum("pk,pmj->kmj", ranked[:, :, 0], ranked[:, :, 1:])
    products = np.tile(np.einsum("pki,pkj->ij", ranked, ranked), (RELABELLINGS, 1, 1))
    products[:, 0, 1:] = products[:, 1:, 0] = across[np.arange(methods), orders].sum(axis=1)
    return products
