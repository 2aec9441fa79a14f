"""How far contributions are from adding up to the score difference that they distribute."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank

DEGENERATE = 0.01  # of the larger of the two scores


def missed_share(total: float, start: float, end: float) -> float | None:
    """The gap between the shares' total and the score difference, relative to the latter; None where it is almost zero.

    >>> missed_share(3.0, start=1.0, end=5.0), missed_share(3.0, start=5.0, end=5.01)
    (0.25, None)
    """
    if abs(end - start) <= DEGENERATE * max(abs(start), abs(end)):
        return None
    return abs(total / (end - start) - 1)


def ends_scores(passes: PassBank, name: str, starts: Float[Tensor, "n 3 height width"]) -> dict[int, Tensor]:
    """The scores of the baselines, and last that of the picture."""
    ends = torch.cat([starts, passes.pixels])
    return passes.outputs(("ends", name), len(ends), lambda places: ends[list(places)])


def note_completeness(passes: PassBank, total: float, start: float, end: float) -> None:
    """Notes how far the shares are from adding up, or that there is almost nothing to add up to."""
    missed = missed_share(total, start, end)
    if missed is None:
        passes.note("Degenerate path: baseline and picture score almost the same, so there is nothing to attribute.")
    else:
        passes.miss(missed)
        passes.note(f"Completeness: the shares miss the score difference by {100 * missed:.1f} %.")
