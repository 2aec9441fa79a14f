"""A good map is degraded step by step: the score of a sane metric falls with every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.metrics.ranking import SIGNIFICANT, holm, signed_rank
from core.metrics.statistics import Estimate, estimates

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the pixels whose values are shuffled."""

Fall = Literal["falls", "rises", "unclear"]


@dataclass(frozen=True)
class Degradation:
    """How a metric's score changes as a good map is degraded.

    Parameters
    ----------
    levels
        Shares of the pixels whose values are shuffled.
    means
        The mean score at each level, as the metric has it.
    steps
        The p-value of each step, by Wilcoxon's signed-rank test with Holm's correction over the steps.
    fall
        ``falls`` where the last level is significantly worse than the first, and no step significantly better than the
        one before; ``rises`` where one is; ``unclear`` elsewhere.
    n
        Number of pictures.
    """

    metric: str
    levels: tuple[float, ...]
    means: tuple[Estimate, ...]
    steps: tuple[float, ...]
    fall: Fall
    n: int


def degraded(
    values: Float[Tensor, "height width"], share: float, draw: torch.Generator
) -> Float[Tensor, "height width"]:
    """The map after the values of a random share of its pixels were shuffled among themselves [ours].

    It keeps exactly its values, so that a metric that rewards sparsity cannot see the difference. With generators in
    the same state, the pixels of a smaller share are among those of a larger one.
    """
    order = torch.randperm(values.numel(), generator=draw, device=draw.device).to(values.device)
    chosen = order[: round(share * values.numel())]
    shuffled = torch.randperm(len(chosen), generator=draw, device=draw.device).to(values.device)
    noisy = values.flatten().clone()
    noisy[chosen] = noisy[chosen[shuffled]]
    return noisy.view(values.shape)


def degradation(
    metric: str,
    turned: Float[np.ndarray, "pictures levels"],
    sign: int,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
) -> Degradation:
    """How the scores change, on the pictures that have all of them.

    Parameters
    ----------
    turned
        Scores, higher being better.
    sign
        -1 where they were negated for that.
    """
    whole = turned[np.isfinite(turned).all(axis=1)]
    gains = np.diff(whole, axis=1)
    steps = holm([signed_rank(gain) for gain in gains.T])
    fell = len(whole) > 0 and signed_rank(whole[:, 0] - whole[:, -1]) < SIGNIFICANT
    rises = any(p < SIGNIFICANT and gain.mean() > 0 for p, gain in zip(steps, gains.T, strict=True))
    lower = fell and whole[:, 0].mean() > whole[:, -1].mean()
    fall: Fall = "rises" if rises else "falls" if lower else "unclear"
    return Degradation(metric, tuple(levels), tuple(estimates(sign * whole, seed)), tuple(steps), fall, len(whole))
