"""What takes the place of the removed pixels of many pictures, the same for every network that meets them."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.pictures.imputers import interpolated, remove
from core.randomness import generator, picture_digest

Fill = Literal["mean", "noisy_linear"]
"""The mean colour of the training pictures, as in the paper; or noisy linear interpolation between the pixels that are
left (Rong et al. 2022, arXiv:2202.00449), which shows less of the mask's shape."""
AT_ONCE = 200
"""Pictures interpolated together: fewer take longer, and more leave the processor's cache."""


class Filling(NamedTuple):
    """How removed places are filled.

    Parameters
    ----------
    seed
        Of the study: with the picture, it determines the noise of ``noisy_linear``.
    """

    fill: Fill = "mean"
    seed: int = 0


MEAN = Filling()


def noise_of(pixels: Float[Tensor, "n channels height width"], seed: int) -> Float[Tensor, "n channels height width"]:
    """Standard normal noise that belongs to each picture: no mask, no network and no neighbour changes it."""
    draws = (generator(seed, "fill", picture_digest(picture)) for picture in pixels)
    return torch.stack([torch.randn(pixels.shape[1:], generator=draw) for draw in draws])


def fill_linearly(
    pixels: Float[Tensor, "n channels height width"], removed: Bool[Tensor, "n _ height width"], seed: int
) -> Float[Tensor, "n channels height width"]:
    """The pictures with their removed pixels interpolated, plus noise of 0.01; the others stay as they are."""
    parts = zip(*(torch.split(each, AT_ONCE) for each in (pixels, removed)), strict=True)
    return torch.cat([remove(own, gone, interpolated(own, gone, noise_of(own, seed))) for own, gone in parts])
