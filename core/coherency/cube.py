"""A study's scores as an array, every metric turned so that higher is better."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Float

from core.methods.registry import find_method
from core.metrics.registry import find_metric
from core.metrics.statistics import Tally, are_hits


@dataclass(frozen=True, eq=False)
class Cube:
    """Scores of pictures x methods x metrics, NaN where there is none.

    Parameters
    ----------
    values
        Turned: where lower is better the score is negated, so that two metrics that agree correlate positively. A
        metric without a better end is as it was.
    """

    pictures: tuple[str, ...]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    values: Float[np.ndarray, "pictures methods metrics"]

    def of(self, metric: str) -> Float[np.ndarray, "pictures methods"]:
        """The turned scores of one metric."""
        scores: Float[np.ndarray, "pictures methods"] = self.values[:, :, self.metrics.index(metric)]
        return scores

    def with_methods(self, methods: Sequence[str]) -> Self:
        """The same for some of its methods, in this order."""
        places = [self.methods.index(name) for name in methods]
        return replace(self, methods=tuple(methods), values=self.values[:, places])

    def with_metrics(self, metrics: Sequence[str]) -> Self:
        """The same for some of its metrics, in this order."""
        places = [self.metrics.index(name) for name in metrics]
        return replace(self, metrics=tuple(metrics), values=self.values[:, :, places])

    @cached_property
    def real(self) -> tuple[str, ...]:
        """The methods that are no controls."""
        return tuple(name for name in self.methods if not find_method(name).control)

    @cached_property
    def blind(self) -> tuple[str, ...]:
        """The controls that know nothing of the model."""
        return tuple(name for name in self.methods if find_method(name).blind)

    @cached_property
    def judging(self) -> tuple[str, ...]:
        """The metrics that have a better end."""
        return tuple(name for name in self.metrics if find_metric(name).direction != "none")

    @cached_property
    def binary(self) -> tuple[bool, ...]:
        """For each metric whether every score is one end of its range or the other."""
        return tuple(is_binary(name, self.of(name)) for name in self.metrics)

    @cached_property
    def difficulty(self) -> Float[np.ndarray, "pictures metrics"]:
        """What a picture gives in each metric to maps that know nothing of the model: the mean over these controls.

        Our choice; NaN where the study has no such control.
        """
        blind = self.with_methods(self.blind).values
        known = np.isfinite(blind)
        count = known.sum(axis=1)
        total: Float[np.ndarray, "pictures metrics"] = np.where(known, blind, 0.0).sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def is_binary(metric: str, turned: Float[np.ndarray, "pictures methods"]) -> bool:
    """Whether every known score is one end of the metric's range or the other."""
    entry = find_metric(metric)
    if entry.low is None or entry.high is None:
        return False
    ends = sorted((sign_of(metric) * entry.low, sign_of(metric) * entry.high))
    return are_hits(turned.ravel(), ends[0], ends[1])


def sign_of(metric: str) -> int:
    """What a score is multiplied with so that higher is better.

    >>> sign_of("deletion"), sign_of("insertion"), sign_of("gini")
    (-1, 1, 1)
    """
    return -1 if find_metric(metric).direction == "lower" else 1


def cube_of(tally: Tally) -> Cube:
    """Every score of a study; metrics over all pictures together, such as the leak, are left out."""
    cells = [(metric, method) for metric, method in tally.cells() if not find_metric(metric).needs_pictures]
    metrics, methods = ordered(metric for metric, _ in cells), ordered(method for _, method in cells)
    columns = tally.columns([(metric, method) for method in methods for metric in metrics])
    turned = columns.reshape(len(columns), len(methods), len(metrics)) * [sign_of(metric) for metric in metrics]
    pictures = ordered(score.picture for score in tally.scores())
    return Cube(pictures, methods, metrics, turned)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, sorted."""
    return tuple(sorted(set(names)))
