"""Which pictures a network still recognises, and what follows from it for a method.

One shape holds whatever was trained: for each seed and each test picture whether it was recognised. The mean over seeds
is resampled over pictures, and the accuracy of each seed stands beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from core.metrics.statistics import Estimate, estimates, within
from core.retraining.masks import Form

Recognised = Bool[np.ndarray, "seeds pictures"]
FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the places, as in the paper."""


@dataclass(frozen=True)
class Accuracy:
    """An accuracy, or the difference of two, over test pictures.

    Parameters
    ----------
    over_pictures
        The mean over seeds, with its 95 % interval over pictures.
    by_seed
        The same for each seed alone.
    """

    over_pictures: Estimate
    by_seed: tuple[float, ...]

    @property
    def above_zero(self) -> bool:
        """Whether it is more than 0 beyond chance, and in every seed."""
        return self.over_pictures.low > 0 and min(self.by_seed) > 0

    @property
    def below_zero(self) -> bool:
        """Whether it is less than 0 beyond chance, and in every seed."""
        return self.over_pictures.high < 0 and max(self.by_seed) < 0


def accuracies(outcomes: Iterable[Recognised], seed: int = 0) -> list[Accuracy]:
    """The share of the pictures that is recognised, for each of several outcomes."""
    found = over_pictures([each.astype(np.float64) for each in outcomes], seed)
    return [Accuracy(within(each.over_pictures, 0.0, 1.0), each.by_seed) for each in found]


def areas_between(pairs: Iterable[tuple[Sequence[Recognised], Sequence[Recognised]]], seed: int = 0) -> list[Accuracy]:
    """The mean difference over the fractions, picture by picture: the area between the curves of each pair.

    Of curves with one fraction it is the difference of two accuracies. At each fraction, the seeds count that both
    curves have; each seed has its own area, over the fractions where both have it.
    """
    found = resampled([mean_gap(first, second) for first, second in pairs], seed)
    return [replace(each, over_pictures=each.over_pictures.clipped(-1.0, 1.0)) for each in found]


def over_pictures(values: Iterable[Float[np.ndarray, "seeds pictures"]], seed: int) -> list[Accuracy]:
    """The mean over seeds and pictures of each."""
    return resampled([(each.mean(axis=0), each.mean(axis=1)) for each in values], seed)


Means = tuple[Float[np.ndarray, " pictures"], Float[np.ndarray, " seeds"]]


def mean_gap(first: Sequence[Recognised], second: Sequence[Recognised]) -> Means:
    """The mean difference of two curves for each picture, and for each seed."""
    gaps = [own[: len(other)].astype(np.float64) - other[: len(own)] for own, other in zip(first, second, strict=True)]
    by_picture = np.mean([gap.mean(axis=0) for gap in gaps], axis=0)
    seeds = range(max(map(len, gaps)))
    return by_picture, np.array([np.mean([gap[each].mean() for gap in gaps if each < len(gap)]) for each in seeds])


def resampled(means: Sequence[Means], seed: int) -> list[Accuracy]:
    """The mean over pictures of each; the intervals are over pictures, resampled once for all."""
    if not means:
        return []
    found = estimates(np.stack([by_picture for by_picture, _ in means], axis=1), seed)
    return [Accuracy(own, tuple(by_seed.tolist())) for own, (_, by_seed) in zip(found, means, strict=True)]


@dataclass(frozen=True)
class Curves:
    """The outcomes of a form by method, order or fraction, and how a method's curve is read.

    Parameters
    ----------
    recognised
        For each method, each form (``roar`` or ``kar``) and each fraction.
    whole
        Of pictures that have lost nothing; None before it is known.
    """

    recognised: Mapping[tuple[str, Form, float], Recognised]
    whole: Recognised | None = None

    def methods(self) -> list[str]:
        """The methods, in the order in which they were requested."""
        return list(dict.fromkeys(method for method, _, _ in self.recognised))

    def fractions(self, method: str, form: Form) -> list[float]:
        """The fractions that are known for a method, the smallest first."""
        return sorted(fraction for name, own, fraction in self.recognised if (name, own) == (method, form))

    def curve(self, method: str, form: Form, fractions: Sequence[float]) -> list[Recognised]:
        """The outcomes at these fractions."""
        return [self.recognised[method, form, fraction] for fraction in fractions]
