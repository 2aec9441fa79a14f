"""Which regions of a picture are hidden, decided before anything is filled."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

import torch
from jaxtyping import Bool
from torch import Tensor

from core.generation.holes import Cut, Region, hole_of, region_of
from core.randomness import generator

REGIONS: tuple[Region, ...] = get_args(Region)


class Hidden(NamedTuple):
    """A region that is hidden: of which map, for which share, and which of its regions."""

    method: str
    share: float
    region: Region
    hole: Bool[Tensor, "height width"]


def hidden_regions(
    maps: Mapping[str, Tensor],
    size: tuple[int, int],
    shares: Sequence[float],
    by: Cut,
    regions: Sequence[Region],
    seed: int,
    digest: str,
) -> list[Hidden]:
    """The hidden regions, those that the maps mark before all controls.

    Parameters
    ----------
    digest
        The picture's, so that every picture has random regions of its own.

    Raises
    ------
    ValueError
        Where there is no map, share or region, or one does not fit.
    """
    if not maps or not shares or not regions:
        raise ValueError("Nothing would be hidden; pass at least one map, one share and one region.")
    if unknown := [region for region in regions if region not in REGIONS]:
        raise ValueError(f"Regions are {', '.join(REGIONS)}; got {', '.join(unknown)}.")
    holes: dict[tuple[str, float], Tensor] = {}
    for name, values in maps.items():
        values = torch.as_tensor(values)
        marked = values.dtype == torch.bool
        for share in [float(values.double().mean())] if marked else shares:
            ties = generator(seed, digest, "ties")
            holes[name, share] = hole_of(name, values, size, share, by, ties)
    # Of equal maps everything is equal: methods are compared on the same draws.
    return [
        Hidden(name, share, region, region_of(region, hole, generator(seed, digest, "random region", share)))
        for region in REGIONS
        if region in regions
        for (name, share), hole in holes.items()
    ]
