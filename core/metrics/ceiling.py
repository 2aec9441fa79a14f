"""The ceiling of F on one picture: the largest F that any order of its pixels was found to reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.metrics.fidelity import MARGIN

SEARCH = "search"
"""Who found the best order, where no map that was passed did."""
OF_THIS_RUN = (
    "The orders of this run's methods are among those searched: with other methods the ceiling, and every share of it, "
    "may differ."
)


@dataclass(frozen=True, eq=False)
class Ceiling:
    """The largest F that any order was found to reach on this picture; a better order may exist.

    It is the largest of the order that the search found and of every map that was passed, so no F of theirs is above
    it. A better order may exist, so a share of it is an upper bound where F is above 0. Other maps in the same run may
    lead to a better order.

    Parameters
    ----------
    values
        A map that reaches it: the ranks of the best order found, the most important pixel highest, or the best of the
        maps passed.
    found_by
        The name of that map, or ``search``.
    searched
        F of the best order of patches that the search found; below ``value`` where a map does better.
    fidelities
        F of each map that was passed.
    spread
        Half-width of the 95 % interval of F of orders of patches that are drawn at random.
    passes
        Pictures sent through the network.
    """

    value: float
    values: Float[Tensor, "height width"]
    found_by: str
    searched: float
    fidelities: Mapping[str, float]
    spread: float
    passes: int

    @property
    def above_chance(self) -> bool:
        """Whether the best order does better than orders of patches that are drawn at random."""
        return self.value > max(self.spread, MARGIN)

    def share(self, fidelity: float) -> float | None:
        """F as a share of the ceiling; None where the ceiling itself is not above chance."""
        return fidelity / self.value if self.above_chance else None

    @property
    def sentence(self) -> str:
        """What the ceiling is, or that there is none."""
        if self.above_chance:
            return f"The best order found in {self.passes:,} passes reaches an F of {self.value:.2f}."
        return (
            f"No order found in {self.passes:,} passes does better than chance on this picture (F up to "
            f"{max(self.spread, MARGIN):.2f}), so F as a share of the ceiling is undefined."
        )


def order_of(values: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """How early each pixel goes when the most important go first: from 1 for the first to 0 for the last.

    >>> import torch
    >>> order_of(torch.tensor([[0.3, 9.0, -1.0]])).tolist()
    [[0.5, 1.0, 0.0]]
    """
    places = values.flatten().argsort(stable=True).argsort()
    return places.view_as(values).float() / max(1, values.numel() - 1)


@dataclass(frozen=True)
class CeilingReady:
    """The ceiling, once the passes are spent."""

    ceiling: Ceiling

    @property
    def replaces(self) -> str:
        return "ceiling"


@dataclass(frozen=True)
class OrderImproved:
    """The largest F of any order so far, and after how many passes it was found.

    Parameters
    ----------
    exact
        Whether the steps are those of the curves. Before, they are moved to where no patch is removed in part, and F
        differs by a little; the first exact one may therefore be lower than those before.
    """

    value: float
    passes: int
    total: int
    exact: bool
