"""Orders in which a picture loses its patches, and the next orders to try: numbers only, decided before any pass."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.metrics.removal import Cells, regions

SHARPNESS = 2.0
"""How strongly the learned worth of patches decides which are swapped; at 0 they are drawn at random."""
LEARNING = 0.3
"""How much of its error the learned worth loses with each swap tried."""
ROUNDING = 1e-7
"""A picture's answer differs by less from batch to batch; no smaller gain of F is one."""
TINY = 1e-12


class Cut(NamedTuple):
    """A perturbed picture on the curves of an order.

    Parameters
    ----------
    place
        The rank that separates what is removed from what stays.
    before
        Whether the pixels ranked before it are removed (MIF), or those after it (LIF).
    weight
        What its answer counts in F: F of an order is the sum of its answers by their weights.
    """

    place: int
    before: bool
    weight: float


def cuts_of(counts: Sequence[int]) -> list[Cut]:
    """The perturbed pictures between the ends of both curves, where these many pixels are removed.

    F is the area of the LIF curve less that of the MIF curve by the trapezoidal rule; both meet at their ends.

    >>> cuts_of([0, 1, 2])
    [Cut(place=1, before=True, weight=-0.5), Cut(place=1, before=False, weight=0.5)]
    """
    places = counts[-1]
    return [
        Cut(count if before else places - count, before, (-1 if before else 1) * (after - last) / (2 * places))
        for last, count, after in zip(counts, counts[1:], counts[2:], strict=False)
        for before in (True, False)
    ]


class Patches:
    """The square patches of a picture, whose pixels go row by row.

    A share of the pixels may end within a patch: a part of it that is in one piece confuses a network less than pixels
    that are scattered over it.

    Parameters
    ----------
    across
        Patches along the longer side.
    counts
        How many pixels are removed at each step of the curves, none and all included.
    """

    def __init__(self, size: tuple[int, int], across: int, counts: Sequence[int]) -> None:
        self.size, self.across, self.counts = size, across, counts
        self.cells = Cells(regions(size, side_of(size, across)).flatten())
        self.cuts = cuts_of(counts)
        self.weights = torch.tensor([cut.weight for cut in self.cuts], dtype=torch.float64)
        self._within = within_cells(self.cells)

    @property
    def count(self) -> int:
        return len(self.cells.sizes)

    @property
    def reach(self) -> int:
        """So many steps that as many either side of one hold at least three whole patches, wherever they begin."""
        return ceil(2 * (len(self.counts) - 1) / self.count)

    def sequence(self, values: Float[Tensor, "height width"]) -> Int[Tensor, " patches"]:
        """The patches in the order of their mean value, the highest first."""
        return self.cells.means(values.flatten().cpu()).argsort(descending=True, stable=True)

    def ends(self, sequence: Int[Tensor, " patches"]) -> Int[Tensor, " patches"]:
        """How many pixels are gone once each patch of the sequence is."""
        return self.cells.sizes[sequence].cumsum(0)

    def rank(self, sequences: Int[Tensor, "n patches"], device: torch.device) -> Int[Tensor, "n height width"]:
        """Rank of each pixel in each of these orders."""
        sizes = self.cells.sizes[sequences]
        starts = torch.empty_like(sequences).scatter_(1, sequences, sizes.cumsum(1) - sizes).to(device)
        number, within = self.cells.number.to(device), self._within.to(device)
        return (starts[:, number] + within).view(len(sequences), *self.size)


def side_of(size: tuple[int, int], across: int) -> int:
    """The side of patches of which there are that many along the longer side."""
    return ceil(max(size) / across)


def whole_counts(counts: Sequence[int], side: int) -> list[int]:
    """The nearest counts at which no patch of that side is removed in part, but for those that the border cuts.

    Swaps then find better orders, since a patch goes earlier either wholly or not at all; what F is with the original
    counts has to be measured.

    >>> whole_counts([0, 5, 10, 16], side=2)
    [0, 4, 8, 16]
    """
    patch = side**2
    return sorted({0, *(min(counts[-1], patch * round(count / patch)) for count in counts), counts[-1]})


def within_cells(cells: Cells) -> Int[Tensor, " places"]:
    """The rank of each place among those of its own cell, in the order of their numbers.

    >>> within_cells(Cells(torch.tensor([0, 0, 1, 0, 1]))).tolist()
    [0, 1, 0, 2, 1]
    """
    grouped = cells.number.argsort(stable=True)
    before = cells.sizes.cumsum(0) - cells.sizes
    places = torch.arange(len(grouped))
    return torch.empty_like(places).scatter_(0, grouped, places - before[cells.number[grouped]])


class Swap(NamedTuple):
    """Two patches of an order that change places, across one step of the curves.

    Parameters
    ----------
    first, second
        Their places in the sequence, the earlier one first.
    cuts
        The numbers of the cuts whose pictures differ by it.
    """

    step: int
    first: int
    second: int
    cuts: tuple[int, ...]


class Swapping:
    """An order of patches that becomes better by swaps, and what was learned from those that were tried.

    A swap across a step differs in the two pictures of that step only, so it costs two passes and not two curves.

    Parameters
    ----------
    worth
        What each patch is believed to add to F where it goes one step earlier.
    """

    def __init__(
        self,
        patches: Patches,
        sequence: Int[Tensor, " patches"],
        worth: Float[Tensor, " patches"],
        draw: torch.Generator,
    ) -> None:
        self.patches, self.sequence, self.worth, self._draw = patches, sequence, worth.clone(), draw
        self._tried: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)

    def propose(self) -> list[Swap]:
        """Swaps that do not affect each other, so that all are tried together; none where all have been tried.

        Steps take turns, so that the pictures of no two swaps are the same.
        """
        last, apart = len(self.patches.counts) - 1, 2 * self.patches.reach
        turns = 1 + torch.randperm(min(apart, last - 1), generator=self._draw)
        for turn in turns.tolist():
            swaps = [swap for step in range(turn, last, apart) if (swap := self._across(step))]
            if swaps:
                return swaps
        return []

    def _across(self, step: int) -> Swap | None:
        """A swap across this step that was not tried, of a patch that seems worth little with one that seems worth
        much.
        """
        counts, reach = self.patches.counts, self.patches.reach
        low, gone, high = counts[max(0, step - reach)], counts[step], counts[min(len(counts) - 1, step + reach)]
        ends = self.patches.ends(self.sequence)
        starts = ends - self.patches.cells.sizes[self.sequence]
        inside = (starts >= low) & (ends <= high)
        earlier, later = (inside & (starts < gone)).nonzero().flatten(), (inside & (ends > gone)).nonzero().flatten()
        pull = self._pull()
        for first in self._drawn(earlier, 1 / pull):
            fresh = [at for at in later.tolist() if at > first and self._pair(first, at) not in self._tried[step]]
            if fresh:
                second = next(self._drawn(torch.tensor(fresh), pull))
                begin, end = int(starts[first]), int(ends[second])
                cuts = tuple(at for at, cut in enumerate(self.patches.cuts) if begin < cut.place < end)
                return Swap(step, first, second, cuts)
        return None

    def _pull(self) -> Float[Tensor, " patches"]:
        """How likely each place's patch is drawn to go earlier, relative to others."""
        apart = (self.worth - self.worth.mean()) / max(float(self.worth.std(correction=0)), TINY)
        return (SHARPNESS * apart[self.sequence]).exp()

    def _drawn(self, places: Int[Tensor, " n"], weights: Float[Tensor, " patches"]) -> Iterator[int]:
        """These places in random order, those of great weight sooner."""
        if len(places):
            order = torch.multinomial(weights[places], len(places), generator=self._draw)
            yield from places[order].tolist()

    def _pair(self, first: int, second: int) -> tuple[int, int]:
        return int(self.sequence[first]), int(self.sequence[second])

    def swapped(self, swap: Swap) -> Int[Tensor, " patches"]:
        """The sequence with these two patches exchanged."""
        other = self.sequence.clone()
        other[[swap.first, swap.second]] = self.sequence[[swap.second, swap.first]]
        return other

    def learn(self, swap: Swap, gain: float) -> bool:
        """Keeps a swap by which F gained, and corrects what is believed of its patches; whether it was kept."""
        early, late = self._pair(swap.first, swap.second)
        error = LEARNING / 2 * (gain - float(self.worth[late] - self.worth[early]))
        self.worth[late] += error
        self.worth[early] -= error
        self._tried[swap.step].add((early, late))
        if gain <= ROUNDING:
            return False
        self.sequence = self.swapped(swap)
        for step in range(swap.step - 2 * self.patches.reach, swap.step + 2 * self.patches.reach + 1):
            if self._shares(swap, step):
                self._tried[step].clear()
        return True

    def _shares(self, swap: Swap, step: int) -> bool:
        """Whether swaps across this step have pictures that this swap has changed."""
        counts, reach = self.patches.counts, self.patches.reach
        if not 0 < step < len(counts) - 1:
            return False
        low, high = counts[max(0, step - reach)], counts[min(len(counts) - 1, step + reach)]
        return any(low < self.patches.cuts[at].place < high for at in swap.cuts)


def partly_shuffled(sequence: Int[Tensor, " patches"], draw: torch.Generator) -> Int[Tensor, " patches"]:
    """The sequence with a part of it in random order, wherever that begins and however long it is."""
    length = int(torch.randint(2, len(sequence) + 1, (), generator=draw))
    begin = int(torch.randint(len(sequence) - length + 1, (), generator=draw))
    shuffled = sequence.clone()
    shuffled[begin : begin + length] = sequence[begin + torch.randperm(length, generator=draw)]
    return shuffled
