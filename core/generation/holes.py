"""The hole: the region of a picture that is hidden, and the regions that it is compared with."""

from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.metrics.copies import FIRST_AT_RANDOM, moved_copy
from core.metrics.removal import removal_rank

Cut = Literal["area", "threshold"]
Region = Literal["salient", "random", "inverted", "unfilled"]
"""The hole itself; the same shape elsewhere; everything but the hole; and the hole that nothing fills."""


def hole_of(
    name: str,
    values: Float[Tensor, "height width"] | Bool[Tensor, "height width"],
    size: tuple[int, int],
    share: float,
    by: Cut,
    ties: torch.Generator,
) -> Bool[Tensor, "height width"]:
    """What a map hides; a map of true and false is the hole itself, as a person has marked it.

    Parameters
    ----------
    share
        By area, the share of the pixels that is hidden, the most important first, equal ones in random order. By
        threshold, how far below the map's maximum a hidden pixel may be, as a share of the maximum.

    Raises
    ------
    ValueError
        Where the map does not fit the picture, or there is no such share or cut.
    """
    if values.shape != size:
        raise ValueError(f"{name}: the map has shape {tuple(values.shape)}, the picture {size}.")
    if values.dtype == torch.bool:
        return values
    if not torch.isfinite(values).all():
        raise ValueError(f"{name}: the map has values that are not finite.")
    if by not in get_args(Cut):
        raise ValueError(f"A hole is cut by {' or '.join(get_args(Cut))}, not by {by!r}.")
    if not 0 <= share <= 1:
        raise ValueError(f"The share hidden must lie from 0 to 1; got {share:g}.")
    if by == "area":
        return removal_rank(values, ties).to(values.device) < round(share * values.numel())
    highest = values.max()
    return (
        (values >= (1 - share) * highest) & (values > 0) if highest > 0 else torch.zeros_like(values, dtype=torch.bool)
    )


def region_of(
    region: Region, hole: Bool[Tensor, "height width"], draw: torch.Generator
) -> Bool[Tensor, "height width"]:
    """The pixels that are hidden in that region's place.

    The random region is the hole itself, shifted, flipped and rotated at random, and so exactly as large and as
    scattered as it is: a scattered hole is easier to fill than a compact one [ours].

    >>> hole = torch.tensor([[True, True, False], [False, False, False]])
    >>> region_of("inverted", hole, torch.Generator()).sum().item()
    4
    >>> region_of("random", hole, torch.Generator()).sum().item()
    2
    """
    if region == "random":
        return moved_copy(hole, FIRST_AT_RANDOM, draw)
    return ~hole if region == "inverted" else hole
