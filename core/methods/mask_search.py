"""Mask search: chains of random masks that stay where the class is seen and move on where it is not. Outputs only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.methods.heatmap import Passes
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import Range, method
from core.methods.requests import Collected, Request
from core.methods.search_outcome import SURELY, Searched, Steering, agreement_words, rank_agreement
from core.models.batching import Kind
from core.models.classifier import Classifier
from core.pictures.grids import Upsampling

Form = Literal["win_stay", "total_variation"]
SHOWN_AT_FIRST = 0.3
LOSS = 0.02
CELLS = 8
PROBED = 32
"""Masked pictures that show beforehand whether the probability moves."""


@dataclass(frozen=True)
class Probabilities:
    """The probability of the class, whatever output is explained; of a contrast, its share among the two classes."""

    kind: ClassVar[Kind] = "forward"
    cost: ClassVar[Passes] = Passes(forward=1)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, " n"]:
        with torch.inference_mode():
            return question.probability(classifier(pixels))


@method(
    label="Mask search",
    family="perturbation",
    signed=False,
    paper="Thakur and Fischmeister 2020, arXiv:2006.09504",
    drawn=True,
)
def mask_search(
    passes: PassBank,
    form: Form = "win_stay",
    chains: Annotated[int, Range(2, 256)] = 50,
    steps: Annotated[int, Range(1, 5000)] = 40,
    cells: Annotated[int, Range(2, 32)] = CELLS,
) -> Float[Tensor, "1 height width"]:
    """How long chains of random masks stay on each pixel: they linger where they show the class.

    A chain is a mask of random cells. The more probable the class is under it, the more of its cells stay as they are;
    the others flip, and the next mask is tried. The paper runs one chain of 5,000 steps. Running many chains at once,
    and the clamp that keeps a chain from freezing, are ours. The spread over chains gives the standard error of the
    map. Where the probability hardly moves from mask to mask, nothing steers the chains and the map is noise; it says
    so, and whether two halves of the chains agree.

    Parameters
    ----------
    form
        win stay sums the masks, as the authors' code does. Total variation weights each mask by its effect on the
        probability and carries the previous sum forward; that is our reading of a figure in the code.
    chains
        Number of parallel chains.
    steps
        Number of masks per chain.
    cells
        Cells along each side of the coarse grid.
    """
    steering = probe(passes, cells)
    if form == "win_stay" and steering.hardly_moves(chains * steps):
        passes.note(steering.sentence(chains * steps))
    search = Chains(passes, chains, cells)
    name = ("mask search", chains, steps, cells)
    request = Request(name, Probabilities(), chains * steps, search.pictures, search.begin, round_size=chains)
    found: Searched = passes.read(request)[form]
    passes.doubt(found.doubt)
    agreement = rank_agreement(found.halves)
    if agreement is not None:
        passes.note(agreement_words(agreement, "chains"))
    return found.map[None]


def probe(passes: PassBank, cells: int = CELLS) -> Steering:
    """How far the probability moves under masks with which chains begin, and under their complements."""
    chains = Chains(passes, PROBED // 2, cells)
    request = Request(("mask search", "probe", cells), Probabilities(), PROBED, chains.first_pictures, Collected)
    answers: dict[int, Tensor] = passes.read(request)
    groups = [[float(each) for place, each in answers.items() if place // (PROBED // 2) == half] for half in (0, 1)]
    return Steering.under(groups, cells)


class Chains:
    """Parallel chains of masks, as the fold of their own request: place n is the next mask of chain n % chains.

    Each chain draws from its own generator, so it goes the same way however many others there are and however long the
    search is. Both forms read the same chains.
    """

    def __init__(self, passes: PassBank, chains: int, cells: int) -> None:
        self._passes = passes
        self._chains, self._cells = chains, cells

    @cached_property
    def _upsampling(self) -> Upsampling:
        return Upsampling.between(self._cells, self._passes.pixels)

    def begin(self) -> Self:
        """Starts again, with random cells and empty sums."""
        pixels, every = self._passes.pixels, range(self._chains)
        self._draws = [self._passes.generator("mask search", chain) for chain in every]
        draws, self._shifts = self._drawn(every)
        self._masks = (draws < SHOWN_AT_FIRST).to(pixels)
        self._carried = torch.zeros_like(self._masks)
        self._before = pixels.new_zeros(self._chains)
        self._sums = {form: pixels.new_zeros(self._chains, *self._passes.size) for form in get_args(Form)}
        return self

    def _drawn(self, chains: Sequence[int]) -> tuple[Float[Tensor, "n cells cells"], Int[Tensor, "n 2"]]:
        """What each of these chains draws next: a number for each cell, and a shift."""
        count = self._cells**2
        draws = torch.stack(
            [
                torch.rand(count + 2, generator=draw, device=draw.device)
                for draw in (self._draws[each] for each in chains)
            ]
        )
        cells = draws[:, :count].view(-1, self._cells, self._cells)
        return cells.to(self._passes.pixels), self._upsampling.shifts_at(draws[:, count:])

    def pictures(self, places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
        """What each chain shows next."""
        chains = [place % self._chains for place in places]
        return self._upsampling.masks(self._masks[chains], self._shifts[chains]) * self._passes.pixels

    def first_pictures(self, places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
        """What the chains show first, and then what their complements would."""
        self.begin()
        grids, shifts = torch.cat([self._masks, 1 - self._masks]), self._shifts.repeat(2, 1)
        return self._upsampling.masks(grids[list(places)], shifts[list(places)]) * self._passes.pixels

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        """Advances these chains and adds what they contribute."""
        chains = [place % self._chains for place in places]
        draws, shifts = self._drawn(chains)
        probabilities = answers.to(self._masks)
        change = probabilities - self._before[chains]
        moved = won_or_lost(self._masks[chains], probabilities.clamp(*SURELY), change, draws)
        self._carried[chains] = carried_on(self._masks[chains], change, self._carried[chains])
        self._sum("win_stay", chains, moved, shifts)
        self._sum("total_variation", chains, self._carried[chains], self._shifts[chains])
        self._masks[chains], self._shifts[chains], self._before[chains] = moved, shifts, probabilities

    def _sum(self, form: Form, chains: Sequence[int], grids: Tensor, shifts: Tensor) -> None:
        self._sums[form][chains] += self._upsampling.masks(grids, shifts)[:, 0]

    def value(self) -> dict[Form, Searched]:
        """What the chains have found so far, by form."""
        return {form: Searched(sums) for form, sums in self._sums.items()}


def won_or_lost(
    masks: Float[Tensor, "n cells cells"],
    probabilities: Float[Tensor, " n"],
    change: Float[Tensor, " n"],
    draws: Float[Tensor, "n cells cells"],
) -> Float[Tensor, "n cells cells"]:
    """The next masks: each cell stays as it is with the probability of the class, and flips otherwise.

    A new cell weighs slightly less, by how much the probability has changed.
    """
    stays = draws < probabilities[:, None, None]
    weight = (1 - LOSS * change.abs())[:, None, None]
    return torch.where(stays, masks, torch.where(masks > 0, 0, weight))


def carried_on(
    masks: Float[Tensor, "n cells cells"], change: Float[Tensor, " n"], carried: Float[Tensor, "n cells cells"]
) -> Float[Tensor, "n cells cells"]:
    """Each mask times the change that it caused, plus the previous sum times its own total variation."""
    return masks * change[:, None, None] + carried * total_variation(carried)[:, None, None]


def total_variation(masks: Float[Tensor, "n cells cells"]) -> Float[Tensor, " n"]:
    """Mean difference between neighbouring cells, both directions weighted equally.

    >>> total_variation(torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])).tolist()
    [0.5]
    """
    down, across = masks.diff(dim=1).abs().mean(dim=(1, 2)), masks.diff(dim=2).abs().mean(dim=(1, 2))
    return (down + across) / 2
