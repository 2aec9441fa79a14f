"""What chains of masks have found: a map, its doubt, whether two halves of the chains agree, and what steered them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt
from statistics import pvariance

import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from core.methods.repeatability import correlation

SURELY = (0.05, 0.95)
"""The range to which a probability is clamped: at 1 a chain would never move again."""
MOSTLY_CHANCE = 1 / 3
"""The correlation of two halves below which more than half of what both together show is chance (Spearman-Brown)."""
MOST_NAMED = 1_000_000
"""No larger number of passes is named: nobody makes as many."""


@dataclass(frozen=True, eq=False)
class Searched:
    """The masks that chains stayed with.

    Parameters
    ----------
    sums
        For each chain the sum of its masks.
    """

    sums: Float[Tensor, "chains height width"]

    @property
    def above_mean(self) -> Float[Tensor, "height width"]:
        """What rises above the mean of all pixels, summed over the chains."""
        total = self.sums.sum(dim=0)
        return (total - total.mean()).relu()

    @property
    def _unit(self) -> float:
        return max(float(self.above_mean.max()), torch.finfo(self.sums.dtype).tiny)

    @property
    def map(self) -> Float[Tensor, "height width"]:
        """What rises above the mean, as a share of the maximum."""
        return self.above_mean / self._unit

    @property
    def doubt(self) -> Float[Tensor, "height width"]:
        """The standard error of each value of the map, from the spread over chains."""
        deviations = self.sums - self.sums.mean(dim=(1, 2), keepdim=True)
        error: Tensor = deviations.std(dim=0) * len(self.sums) ** 0.5
        return error / self._unit

    @property
    def halves(self) -> Float[Tensor, "2 height width"]:
        """The sums over even and over odd chains."""
        return torch.stack([self.sums[::2].sum(dim=0), self.sums[1::2].sum(dim=0)])


def rank_agreement(halves: Float[Tensor, "2 height width"]) -> float | None:
    """Spearman's correlation between the maps of two halves; None where either is constant.

    >>> round(rank_agreement(torch.tensor([[[1.0, 2.0, 9.0]], [[0.0, 5.0, 6.0]]])), 6)
    1.0
    """
    even, odd = (torch.from_numpy(rankdata(half)) for half in halves.flatten(1).cpu().double())
    return correlation(even, odd)


def agreement_words(agreement: float, of: str) -> str:
    """Whether two halves of the chains, or of the masks, agree.

    >>> agreement_words(0.9, "chains")
    'Two halves of the chains agree with rank correlation 0.90.'
    """
    if agreement >= MOSTLY_CHANCE:
        return f"Two halves of the {of} agree with rank correlation {agreement:.2f}."
    return (
        f"Two halves of the {of} do not agree (rank correlation {agreement:.2f}): most of this map is chance. "
        "Take more passes."
    )


@dataclass(frozen=True)
class Steering:
    """How far the probability of the class moves under random masks: all that steers the chains.

    Parameters
    ----------
    low, high
        The smallest and the largest probability.
    spread
        Standard deviation of the probabilities, clamped as the chains read them, among masks that show equally much.
    masks
        Number of random masks.
    cells
        Cells along each side of their grids.
    """

    low: float
    high: float
    spread: float
    masks: int
    cells: int

    @classmethod
    def under(cls, groups: Sequence[Sequence[float]], cells: int) -> "Steering":
        """From the probabilities under masks, grouped by how much these show.

        What only depends on how much is shown does not tell one cell from another.

        >>> Steering.under([[0.1, 0.3], [0.6, 0.8]], cells=8).spread
        0.1
        """
        every = [each for group in groups for each in group]
        low, high = SURELY
        clamped = [[min(max(each, low), high) for each in group] for group in groups]
        variance = sum(len(group) * pvariance(group) for group in clamped if group) / len(every)
        return cls(min(every), max(every), round(sqrt(variance), 9), len(every), cells)

    @property
    def passes_needed(self) -> float:
        """About how many passes win stay, lose shift takes until half of its map is not chance, at least.

        Whether a cell is on in the next mask depends on whether it is on in this one by twice its covariance with the
        probability. So the signal of all cells is at most the passes times the spread, and chance is the root of the
        passes times half the cells along a side. That is ours.

        >>> Steering(0.1, 0.9, 0.2, masks=32, cells=8).passes_needed
        400.0
        """
        return round(self.cells**2 / (4 * self.spread**2), 3) if self.spread else inf

    def hardly_moves(self, passes: int) -> bool:
        """Whether this many passes cannot suffice."""
        return passes < self.passes_needed

    def sentence(self, passes: int) -> str:
        """What this means for a search of that many passes, and what to do."""
        between = f"between {self.low:.3f} and {self.high:.3f} under {self.masks} random masks"
        if not self.hardly_moves(passes):
            return (
                f"The probability of the class lies {between}. It moves, as mask search needs; whether that suffices, "
                "the agreement of two halves of the chains shows."
            )
        needed = f"at least {ceil(self.passes_needed):,}" if self.passes_needed < MOST_NAMED else "over a million"
        return (
            f"The probability of the class hardly moves: it lies {between}. With {passes:,} passes the form win stay "
            f"returns mostly chance; it would need {needed}. Use RISE or occlusion, which do not depend on how far the "
            "probability moves."
        )
