"""Mask search: chains of random masks that stay where the class is seen and move on where it is not. Outputs only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.methods.heatmap import Passes
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import Range, method
from core.methods.repeatability import note_agreement
from core.methods.requests import Request
from core.models.batching import Kind
from core.models.classifier import Classifier
from core.pictures.grids import Upsampling

Form = Literal["win_stay", "total_variation"]
SHOWN_AT_FIRST = 0.3
SURELY = (0.05, 0.95)
"""The range to which a probability is clamped: at 1 a chain would never move again."""
LOSS = 0.02


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
    chains: Annotated[int, Range(2, 256)] = 48,
    steps: Annotated[int, Range(1, 5000)] = 40,
    cells: Annotated[int, Range(2, 32)] = 8,
) -> Float[Tensor, "1 height width"]:
    """How long chains of random masks stay on each pixel: they linger where they show the class.

    A chain is a mask of random cells. The more probable the class is under it, the more of its cells stay as they are;
    the others flip, and the next mask is tried. The paper runs one chain of 5,000 steps. Running many chains at once,
    and the clamp that keeps a chain from freezing, are ours. Where the class is improbable under almost every mask, the
    chains only flip and the map is noise; the agreement of two halves of them is shown.

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
    search = Chains(passes, form, chains, cells)
    name = ("mask search", form, chains, steps, cells)
    request = Request(name, Probabilities(), chains * steps, search.pictures, search.begin, round_size=chains)
    halves: Float[Tensor, "2 height width"] = passes.read(request)
    note_agreement(passes, halves, "chains")
    return peaks(halves.sum(dim=0))[None]


def peaks(summed: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """What rises above the mean, as a share of the maximum."""
    above = (summed - summed.mean()).relu()
    return above / above.max().clamp(min=torch.finfo(above.dtype).tiny)


class Chains:
    """Parallel chains of masks, as the fold of their own request: place n is the next mask of chain n % chains."""

    def __init__(self, passes: PassBank, form: Form, chains: int, cells: int) -> None:
        self._passes = passes
        self._form, self._chains, self._cells = form, chains, cells

    @cached_property
    def _upsampling(self) -> Upsampling:
        return Upsampling.between(self._cells, self._passes.pixels)

    def begin(self) -> Self:
        """Starts again, with random cells and empty sums."""
        pixels, (draws, self._shifts) = self._passes.pixels, self._drawn(0)
        self._masks = (draws < SHOWN_AT_FIRST).to(pixels)
        self._carried = torch.zeros_like(self._masks)
        self._before = pixels.new_zeros(self._chains)
        self._halves = pixels.new_zeros(2, *self._passes.size)
        return self

    def _drawn(self, step: int) -> tuple[Float[Tensor, "chains cells cells"], Int[Tensor, "chains 2"]]:
        """A step's draws for all chains, so that none depends on its batch."""
        draw = self._passes.generator("mask search", step)
        draws = torch.rand(self._chains, self._cells, self._cells, generator=draw, device=draw.device)
        return draws.to(self._passes.pixels), self._upsampling.shifts(self._chains, draw)

    def pictures(self, places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
        """What each chain shows next."""
        chains = [place % self._chains for place in places]
        return self._upsampling.masks(self._masks[chains], self._shifts[chains]) * self._passes.pixels

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        """Advances these chains and adds what they contribute."""
        chains = [place % self._chains for place in places]
        draws, shifts = self._drawn(places[0] // self._chains + 1)
        probabilities = answers.to(self._masks)
        change = probabilities - self._before[chains]
        moved = won_or_lost(self._masks[chains], probabilities.clamp(*SURELY), change, draws[chains])
        if self._form == "win_stay":
            self._sum(chains, moved, shifts[chains])
        else:
            self._carried[chains] = carried_on(self._masks[chains], change, self._carried[chains])
            self._sum(chains, self._carried[chains], self._shifts[chains])
        self._masks[chains], self._shifts[chains], self._before[chains] = moved, shifts[chains], probabilities

    def _sum(self, chains: Sequence[int], grids: Tensor, shifts: Tensor) -> None:
        even = (torch.tensor(chains, device=grids.device) % 2 == 0).to(grids)
        self._halves += self._upsampling.weighted_sums(torch.stack([even, 1 - even]), grids, shifts)

    def value(self) -> Float[Tensor, "2 height width"]:
        """The sums over even and over odd chains."""
        return self._halves.clone()


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
