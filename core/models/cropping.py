"""From a picture to the crop that a network sees, for networks without a transform of their own."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor


def centre_crop(picture: Image.Image, size: tuple[int, int], share: float = 1.0) -> Float[Tensor, "3 height width"]:
    """The largest centred part with the proportions of ``size``, scaled to it, in [0, 1].

    Scaling down averages over everything that a pixel covers; a picture of exactly that size is unchanged.

    Parameters
    ----------
    size
        Height and width.
    share
        Share of that part's sides that is kept, around its centre.
    """
    height, width = size
    border = (1 - share) / 2
    fitted = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR, bleed=border).convert("RGB")
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1) / 255


def grey_centre_crop(picture: Image.Image, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    """The same without colour, in three equal channels."""
    return centre_crop(picture.convert("L"), size)
