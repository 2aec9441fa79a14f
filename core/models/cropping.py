"""From a picture to the crop that a network sees, for networks that bring no transform of their own."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor


def middle(picture: Image.Image, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    """The largest part around the middle that has the proportions of ``size``, scaled to it, in [0, 1].

    Scaling down averages over all that a pixel covers; a picture of that very size comes through unchanged.

    Parameters
    ----------
    size
        Height and width.
    """
    height, width = size
    fitted = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR).convert("RGB")
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1) / 255


def grey_middle(picture: Image.Image, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    """The same without colour, in three equal channels."""
    return middle(picture.convert("L"), size)
