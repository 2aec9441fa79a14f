"""Which of a stamp's pixels the network actually uses: found by adding them in many orders."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from statistics import fmean

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.jobs.events import Progress
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.models.outputs import read_output
from core.randomness import generator, picture_digest
from core.studies.scoring import Subject

ORDERS = 36
MOST_CELLS = 64
ROUNDING = 1e-6
USED = 0.1


@dataclass(frozen=True, eq=False)
class Causal:
    """The effect of each pixel of a stamp, and the pixels that matter.

    Parameters
    ----------
    effects
        How much each pixel raises the logit of the class above the mean of the others: Shapley values, which add up to
        the effect of the whole stamp. 0 outside the stamp.
    mask
        The pixels with at least a tenth of the strongest effect [ours]; none where the stamp has no effect.
    share
        Those pixels as a share of the stamp.
    suffices
        Whether these pixels alone make the network predict the class.
    """

    effects: Float[Tensor, "height width"]
    mask: Bool[Tensor, "height width"]
    share: float
    suffices: bool


@dataclass(frozen=True)
class CausalReady:
    """How much of the stamp the network uses.

    Parameters
    ----------
    share
        The pixels that it uses, as a share of the stamp; a mean over pictures.
    suffices
        The share of pictures on which these pixels alone make the network predict the class.
    pictures
        Number of pictures.
    drawing
        For a single picture: the effect of each pixel of the stamp relative to the strongest, row by row of the box
        around the stamp.
    """

    share: float
    suffices: float
    pictures: int
    drawing: tuple[tuple[float, ...], ...] = ()

    @property
    def replaces(self) -> str:
        return "causal"


def mean_causal(found: Sequence[Causal]) -> CausalReady:
    """The mean over some pictures, at least one."""
    return CausalReady(fmean(each.share for each in found), fmean(each.suffices for each in found), len(found))


def pictured(causal: Causal, mask: Bool[Tensor, "height width"]) -> CausalReady:
    """The result for one picture whose stamp has those pixels, with a drawing of it."""
    rows, columns = (mask.any(dim=dim).nonzero().flatten() for dim in (1, 0))
    box = causal.effects[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    shares = box / causal.effects.amax().clamp(min=torch.finfo(box.dtype).tiny)
    return replace(mean_causal([causal]), drawing=tuple(map(tuple, shares.tolist())))


def find_causal(
    classifier: Classifier,
    without: Float[Tensor, "1 3 height width"],
    stamped: Float[Tensor, "1 3 height width"],
    mask: Bool[Tensor, "height width"],
    target: int,
    seed: int = 0,
) -> Generator[Progress, None, Causal]:
    """The effect of the stamp's pixels, found by adding them in many orders; yields after each batch.

    A stamp of more than 64 pixels is divided into square cells.

    Parameters
    ----------
    without, stamped
        The picture before and after the stamp was put on it.
    mask
        The stamp's pixels.
    """
    cells = cells_of(mask).to(without.device)
    count = int(cells.max()) + 1
    orders = draw_orders(count, generator(seed, "causal", picture_digest(stamped)))
    steps = [(order, placed) for order in range(len(orders)) for placed in range(count + 1)]
    places = orders.argsort(dim=1).to(without.device)  # of each cell, its place in the order

    def answer(batch: Sequence[tuple[int, int]]) -> Float[Tensor, " n"]:
        on = torch.stack([(places[order] < placed)[cells] & (cells >= 0) for order, placed in batch])
        return read_output(lean(torch.where(on[:, None], stamped, without)), target, "logit_margin")

    lean, answers = classifier.outputs_only(), []
    for _, values in run_in_batches(steps, answer, classifier.batch_size("forward")):
        answers.append(values.cpu())
        yield Progress(sum(map(len, answers)), len(steps), "Pixels of the stamp that the model uses")
    margins = torch.cat(answers).view(len(orders), count + 1).double()
    gains = margins.diff(dim=1)
    by_cell = gains.gather(1, orders.argsort(dim=1)).mean(dim=0)
    effects = spread(by_cell, cells.cpu())
    used = effects > max(USED * float(effects.amax()), ROUNDING * float(margins.abs().amax()))
    alone = torch.where(used.to(without.device), stamped, without)
    suffices = bool(used.any()) and int(classifier.logits(alone)[0].argmax()) == target
    return Causal(effects, used, float(used.sum() / mask.sum()), suffices)


def causal_of(subject: Subject, without: Float[Tensor, "1 3 height width"]) -> Generator[Progress, None, Causal]:
    """The effect of the pixels of the subject's stamp; yields after each batch."""
    if subject.truth is None:
        raise ValueError("There is no stamp on this picture.")
    stamped, truth = subject.pixels, subject.truth
    return (yield from find_causal(subject.classifier, without, stamped, truth, subject.target, subject.seed))


def cells_of(mask: Bool[Tensor, "height width"]) -> Int[Tensor, "height width"]:
    """The number of each pixel's cell, from 0; -1 outside the mask. Each pixel is a cell where they are few enough.

    >>> cells_of(torch.tensor([[True, False, True]])).tolist()
    [[0, -1, 1]]
    """
    rows, columns = mask.nonzero().T.cpu()
    side = 1
    while True:
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        across = ceil(int(width) / side)
        numbers = (rows - rows.min()) // side * across + (columns - columns.min()) // side
        found, cell = torch.unique(numbers, return_inverse=True)
        if len(found) <= MOST_CELLS:
            cells = torch.full(mask.shape, -1)
            cells[rows, columns] = cell
            return cells
        side = max(side + 1, round(sqrt(int(height) * int(width) / MOST_CELLS)))


def draw_orders(count: int, draw: torch.Generator) -> Int[Tensor, "orders count"]:
    """Random orders, each followed by its reverse, in which what came early comes late.

    >>> draw_orders(3, torch.Generator().manual_seed(0)).shape
    torch.Size([36, 3])
    """
    orders = [torch.randperm(count, generator=draw) for _ in range(ORDERS // 2)]
    return torch.stack([each for order in orders for each in (order, order.flip(0))])


def spread(by_cell: Float[Tensor, " cells"], cells: Int[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """The effect of each cell, divided among its pixels."""
    inside = cells >= 0
    sizes = torch.bincount(cells[inside], minlength=len(by_cell))
    return torch.where(inside, (by_cell / sizes)[cells.clamp(min=0)], 0.0)
