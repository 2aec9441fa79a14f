"""Extremal perturbation: the part of a given size that, shown alone, keeps the score highest. Needs outputs only."""

import math
from collections.abc import Sequence
from typing import Annotated, Self

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.readings import Outputs
from core.methods.registry import Range, method
from core.methods.repeatability import note_agreement
from core.methods.requests import Request
from core.methods.upsampling import enlarged
from core.pictures.imputers import Cover

AREAS = (0.05, 0.1, 0.2, 0.4)
SEARCHES = 2
"""Each area is searched twice, so that the two results can be compared."""
ELITE = 0.4
STEP = 0.5
FLOOR = 0.001
"""The lower bound of a cell's likelihood, so that a cell can come back."""


@method(
    label="Extremal perturbation",
    family="perturbation",
    signed=False,
    paper="Fong et al. 2019, arXiv:1910.08485",
    drawn=True,
)
def extremal_perturbation(
    passes: PassBank,
    rounds: Annotated[int, Range(1, 50)] = 10,
    masks: Annotated[int, Range(8, 400)] = 48,
    cells: Annotated[int, Range(4, 16)] = 8,
    cover: Cover = "dataset_mean",
) -> Float[Tensor, "1 height width"]:
    """How often a cell belongs to the smooth mask that keeps the score highest, over four mask sizes.

    The masks show about 5, 10, 20 or 40 % of the picture. The paper finds them by gradients; here (ours) they are found
    from outputs alone, by the cross-entropy method on a coarse grid: each round tries random masks of each size and
    makes the cells of the best ones more likely. It finds a good mask, not necessarily the best, and nothing finer than
    a cell; the agreement of two searches is shown.

    Parameters
    ----------
    rounds
        Number of rounds.
    masks
        Masks of each size per round.
    cells
        Cells along each side of the coarse grid.
    cover
        What is seen where a mask hides the picture.
    """
    search = AreaSearch(passes, masks, cells, cover)
    name = ("extremal", rounds, masks, cells, cover)
    size = len(AREAS) * SEARCHES * (masks // SEARCHES)
    request = Request(name, Outputs(), rounds * size, search.pictures, search.begin, round_size=size)
    likely: Float[Tensor, "searches cells"] = passes.read(request)
    note_agreement(passes, likely.view(SEARCHES, len(AREAS), -1).mean(dim=1), "masks")
    return enlarged(likely.mean(dim=0).view(1, cells, cells), passes.size)[0]


class AreaSearch:
    """The cross-entropy method for several areas at once, as the fold of its own request.

    The places of a round cycle through the areas, so that every batch serves all of them.
    """

    def __init__(self, passes: PassBank, masks: int, cells: int, cover: Cover) -> None:
        self._passes = passes
        self._cover = cover
        self._masks, self._cells = masks, cells

    def begin(self) -> Self:
        """Starts again: every cell is equally likely."""
        cells = self._cells**2
        self._filled = self._passes.baseline(self._cover)
        self._likely = self._passes.pixels.new_tensor(AREAS * SEARCHES)[:, None].expand(-1, cells)
        self._round = 0
        self._draw_masks()
        return self

    def _draw_masks(self) -> None:
        draw = self._passes.generator("extremal", self._round)
        self._shown = masks_of_areas(self._likely, self._masks // SEARCHES, draw)
        self._scores: list[Tensor] = []

    def pictures(self, places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
        """The picture under the masks of this round, the cover elsewhere."""
        within = [place % len(self._shown) for place in places]
        grids = self._shown[within].view(-1, self._cells, self._cells)
        masks = enlarged(grids.to(self._likely), self._passes.size)
        return torch.lerp(self._filled, self._passes.pixels, masks)

    def add(self, places: Sequence[int], answers: Tensor) -> None:  # noqa: ARG002
        self._scores.append(answers)
        if sum(map(len, self._scores)) == len(self._shown):
            self._likely = self.value()
            self._round += 1
            self._draw_masks()

    def value(self) -> Float[Tensor, "areas cells"]:
        """The likelihood of each cell, given what is known of this round."""
        if not self._scores:
            return self._likely
        scores = torch.cat(self._scores)
        return moved(self._likely, self._shown[: len(scores)], scores)


def masks_of_areas(
    likely: Float[Tensor, "areas cells"], count: int, draw: torch.Generator
) -> Bool[Tensor, "places cells"]:
    """Random masks that each show exactly their area's share of cells, likely cells more often; areas take turns.

    Each mask shows the cells with the largest log-likelihood plus Gumbel noise, which amounts to drawing them one by
    one without replacement.
    """
    shape = (count, *likely.shape)
    noise = -torch.rand(shape, generator=draw, device=draw.device, dtype=likely.dtype).log()
    order = (likely / noise).argsort(dim=-1, descending=True).argsort(dim=-1)
    areas = AREAS * (len(likely) // len(AREAS))
    shown = torch.tensor([max(1, round(area * likely.shape[1])) for area in areas], device=likely.device)
    return (order < shown[:, None]).flatten(0, 1)


def moved(
    likely: Float[Tensor, "areas cells"], shown: Bool[Tensor, "n cells"], scores: Float[Tensor, " n"]
) -> Float[Tensor, "areas cells"]:
    """The likelihoods moved towards how often each area's best masks showed a cell."""
    moved = likely.clone()
    for area in range(min(len(likely), len(scores))):
        masks, found = shown[area :: len(likely)], scores[area :: len(likely)]
        if found.max() > found.min():  # where all are equal there is no best
            best = found.topk(math.ceil(ELITE * len(found))).indices
            moved[area] = torch.lerp(likely[area], masks[best].to(likely).mean(dim=0), STEP)
    return moved.clamp(min=FLOOR)
