"""Maps that are coarser than the picture, brought to its size and to their place in it."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.methods.passes import PassBank
from core.models.layouts import WHOLE, Extent

EVERYWHERE = (WHOLE, WHOLE)


def upsampled(
    passes: PassBank, coarse: Float[Tensor, "rows columns"], extents: tuple[Extent, Extent] = EVERYWHERE
) -> Float[Tensor, "1 height width"]:
    """The map at the picture's size, divided by its maximum; negative places become 0."""
    coarse = coarse.relu()
    top = coarse.max()
    if top <= 0:
        passes.note("Blank: nothing in this layer supports the class.")
        return torch.zeros(1, *passes.size, device=coarse.device, dtype=coarse.dtype)
    return enlarged(coarse[None] / top, passes.size, extents)[0]


def enlarged(
    maps: Float[Tensor, "n rows columns"], size: tuple[int, int], extents: tuple[Extent, Extent] = EVERYWHERE
) -> Float[Tensor, "n 1 height width"]:
    """Each map at another size, bilinear between the centres of its cells.

    Parameters
    ----------
    extents
        Where the maps begin and end in the picture, down and across; what lies outside of it is cut off.
    """
    if extents == EVERYWHERE:
        return F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)
    down, across = (
        2 * ((torch.arange(length).to(maps) + 0.5) / length - begin) / (end - begin) - 1
        for length, (begin, end) in zip(size, extents, strict=True)
    )
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)
    return F.grid_sample(maps[:, None], grid.expand(len(maps), -1, -1, -1), padding_mode="border", align_corners=False)
