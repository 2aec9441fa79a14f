"""Maps that are coarser than the picture, brought to its size."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.methods.passes import PassBank


def upsampled(passes: PassBank, coarse: Float[Tensor, "rows columns"]) -> Float[Tensor, "1 height width"]:
    """The map at the picture's size, divided by its maximum; negative places count as nothing."""
    coarse = coarse.relu()
    top = coarse.max()
    if top <= 0:
        passes.note("Blank: no place of this layer speaks for the class.")
        return torch.zeros(1, *passes.size, device=coarse.device, dtype=coarse.dtype)
    return enlarged(coarse[None] / top, passes.size)[0]


def enlarged(maps: Float[Tensor, "n rows columns"], size: tuple[int, int]) -> Float[Tensor, "n 1 height width"]:
    """Each map at another size, bilinear between the centres of its places."""
    return F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)
