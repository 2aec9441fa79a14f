"""Which pictures a network still recognises, and what follows from it for a method.

One shape holds whatever was trained: for each seed and each test picture whether it was recognised. The mean over seeds
is resampled over pictures, and the accuracy of each seed stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def accuracy(recognised: Recognised, seed: int = 0) -> Accuracy:
    """The share of the pictures that is recognised."""
    found = over_pictures(recognised.astype(np.float64), seed)
    return Accuracy(within(found.over_pictures, 0.0, 1.0), found.by_seed)


def difference(first: Recognised, second: Recognised, seed: int = 0) -> Accuracy:
    """The accuracy of the first minus that of the second, picture by picture."""
    return over_pictures(first.astype(np.float64) - second.astype(np.float64), seed)


def area_between(first: Sequence[Recognised], second: Sequence[Recognised], seed: int = 0) -> Accuracy:
    """The mean difference over the fractions: the area between two curves."""
    return over_pictures(np.mean([a.astype(np.float64) - b for a, b in zip(first, second, strict=True)], axis=0), seed)


def over_pictures(values: Float[np.ndarray, "seeds pictures"], seed: int) -> Accuracy:
    """The mean over seeds and pictures; the interval is over pictures."""
    (found,) = estimates(values.mean(axis=0)[:, None], seed)
    return Accuracy(found, tuple(values.mean(axis=1).tolist()))


@dataclass(frozen=True)
class Curves:
    """The outcomes of a form by method, order or fraction, and how a method's curve is read.

    Parameters
    ----------
    recognised
        For each method, each form (``roar`` or ``kar``) and each fraction.
    """

    recognised: Mapping[tuple[str, Form, float], Recognised]

    def methods(self) -> list[str]:
        """The methods, in the order in which they were requested."""
        return list(dict.fromkeys(method for method, _, _ in self.recognised))

    def fractions(self, method: str, form: Form) -> list[float]:
        """The fractions that are known for a method, the smallest first."""
        return sorted(fraction for name, own, fraction in self.recognised if (name, own) == (method, form))

    def curve(self, method: str, form: Form, fractions: Sequence[float]) -> list[Recognised]:
        """The outcomes at these fractions."""
        return [self.recognised[method, form, fraction] for fraction in fractions]
