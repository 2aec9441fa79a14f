"""Contributions accumulated along straight paths: where the gradient is taken, and how the answers add up.

Every path method makes the same request: gradients at points between a start and an end, and their weighted mean times
the difference of the two. Over several paths (baselines, noisy copies) the moments of the contributions are kept.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.readings import InputGradients
from core.methods.registry import Range
from core.methods.requests import Moments, Request, SampleMoments, WeightedMean
from core.pictures.imputers import Cover

Steps = Annotated[int, Range(1, 500), "Number of points on the path at which the gradient is taken."]
Baseline = Annotated[
    Cover,
    "The picture at which the path starts.",
]
Quadrature = Literal["gauss_legendre", "midpoint"]
Ends = Callable[[int], tuple[Tensor, Tensor]]


class PathMoments:
    """Moments over paths of ``(end - start) x mean gradient along the path``; places run along one path after the
    other.
    """

    def __init__(self, weights: Sequence[float], ends: Ends) -> None:
        self._weights = weights
        self._ends = ends
        self._paths = SampleMoments()
        self._walked = 0
        self._on_the_way = WeightedMean(weights)

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        for place, answer in zip(places, answers, strict=True):
            path, point = divmod(place, len(self._weights))
            self._on_the_way.add([point], answer[None])
            if point == len(self._weights) - 1:
                self._paths.add([path], self._contribution(path)[None])
                self._walked = path + 1
                self._on_the_way = WeightedMean(self._weights)

    def value(self) -> Moments:
        if self._walked:
            return self._paths.value()
        contribution = self._contribution(0)
        return Moments(1, contribution, torch.zeros_like(contribution))

    def _contribution(self, path: int) -> Float[Tensor, "3 height width"]:
        start, end = self._ends(path)
        contribution: Tensor = (end - start)[0] * self._on_the_way.value()
        return contribution


def path_moments(
    passes: PassBank,
    name: tuple[object, ...],
    ends: Ends,
    shares: Sequence[Sequence[float]],
    weights: Sequence[float],
) -> Moments:
    """Moments of the contributions over paths.

    Parameters
    ----------
    name
        What the paths are, including everything that they depend on.
    ends
        Start and end of each path, ``(1, 3, height, width)``.
    shares
        For each path the positions of its points, from 0 at the start to 1 at the end.
    weights
        Weight of each point; they add up to 1.
    """
    kept = lru_cache(maxsize=2)(ends)

    def at(place: int) -> Tensor:
        path, point = divmod(place, len(weights))
        start, end = kept(path)
        return start + shares[path][point] * (end - start)

    request = Request(
        name,
        InputGradients(),
        len(shares) * len(weights),
        lambda places: torch.cat([at(place) for place in places]),
        lambda: PathMoments(weights, kept),
    )
    moments: Moments = passes.read(request)
    return moments


def path_points(steps: int, quadrature: Quadrature) -> tuple[list[float], list[float]]:
    """Positions along the path and their weights, far apart first and then closer, so that early means are already
    fair.

    >>> path_points(3, "midpoint")[0]
    [0.5, 0.16666666666666666, 0.8333333333333334]
    """
    if quadrature == "midpoint":
        shares, weights = (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    else:
        nodes, weights = gauss_legendre(steps)
        shares, weights = (nodes + 1) / 2, weights / 2
    order = halving_order(steps)
    return shares[order].tolist(), weights[order].tolist()


@lru_cache(maxsize=8)
def gauss_legendre(steps: int) -> tuple[Float[np.ndarray, " steps"], Float[np.ndarray, " steps"]]:
    """Nodes in [-1, 1] and their weights; kept, since finding them takes as long as a few gradients."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return nodes, weights


def halving_order(count: int) -> list[int]:
    """The places 0..count - 1, the middle first, then the middles of the rest.

    >>> halving_order(5)
    [2, 1, 4, 0, 3]
    """
    spans, order = deque([(0, count)]), []
    while spans:
        low, high = spans.popleft()
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            spans += [(low, middle), (middle + 1, high)]
    return order
