"""A set of passes that a method requests: which pictures, what is read at each, how the answers are combined.

Folds are incremental, so that every batch leaves a usable estimate, and give the same result however the pictures are
split into batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.readings import Reading


class Fold(Protocol):
    """Combines answers as they arrive."""

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        """Takes in the answers at these places of the request."""

    def value(self) -> Any:
        """The best estimate so far."""


@dataclass(frozen=True)
class Request:
    """Pictures to send through the network.

    Parameters
    ----------
    name
        What is requested, including everything that it depends on: requests with one name are one computation.
    reading
        What is read at each picture; requests with one reading fill batches together.
    pictures
        The pictures at the given places, made when their batch is due.
    fold
        Creates an empty fold.
    round_size
        Where given, the pictures of a round of that size may depend on the answers of all earlier rounds.
    """

    name: tuple[object, ...]
    reading: Reading
    count: int
    pictures: Callable[[Sequence[int]], Float[Tensor, "n 3 height width"]] = field(compare=False)
    fold: Callable[[], Fold] = field(compare=False)
    round_size: int | None = None


class OnlyAnswer:
    """For a request of one picture: the answer itself."""

    def __init__(self) -> None:
        self._answer = torch.zeros(())

    def add(self, places: Sequence[int], answers: Tensor) -> None:  # noqa: ARG002
        self._answer = answers[0].clone()  # a view would hold the whole batch in memory

    def value(self) -> Tensor:
        return self._answer


@dataclass(frozen=True)
class Moments:
    """Mean, mean square and population variance of equally weighted samples."""

    count: int
    mean: Tensor
    variance: Tensor

    @property
    def mean_square(self) -> Tensor:
        return self.variance + self.mean.square()


class SampleMoments:
    """Moments by pairwise updates, which lose no precision where the mean is far from zero (Chan et al. 1983)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._deviations = torch.zeros(())

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        mean = answers.mean(dim=0)
        deviations = (answers - mean).square().sum(dim=0)
        if self._count:
            total = self._count + len(places)
            shift = mean - self._mean
            deviations += self._deviations + shift.square() * (self._count * len(places) / total)
            mean = self._mean + shift * (len(places) / total)
        self._count += len(places)
        self._mean, self._deviations = mean, deviations

    def value(self) -> Moments:
        return Moments(self._count, self._mean, self._deviations / self._count)


class WeightedMean:
    """Mean under given weights, renormalised over the places seen so far."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = weights
        self._total = 0.0
        self._sum: Tensor | float = 0.0

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        weights = [self._weights[place] for place in places]
        self._sum = self._sum + torch.einsum("n,n...->...", answers.new_tensor(weights), answers)
        self._total += sum(weights)

    def value(self) -> Tensor:
        return torch.as_tensor(self._sum) / self._total


class Collected:
    """Every answer by its place, for methods that need to know which is which."""

    def __init__(self) -> None:
        self._answers: dict[int, Tensor] = {}

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        self._answers.update(zip(places, answers, strict=True))

    def value(self) -> dict[int, Tensor]:
        return dict(self._answers)
