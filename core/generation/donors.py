"""Donors: the hole of a picture is taken from other pictures that are alike around it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from core.generation.pools import in_channels
from core.generation.priors import Draws, Filler, Scene, prior

NEAR = 0.4
"""Side of the box around a seen pixel in which the hole is counted, as a share of the picture's."""


@prior(label="Donors", paper="ours; the weight of seen pixels after Yeh et al. 2017, arXiv:1607.07539")
def donors(scene: Scene) -> Filler:
    """Takes the hole from other pictures, those first that are most alike near the hole.

    Needs no training, and serves any folder of pictures that are alike. No donor is the picture itself, a
    near-duplicate of it, or cut from the same photo.
    """
    pool = scene.pool
    pictures, allowed = pool.pictures, pool.allowed(scene.pixels.cpu(), scene.origin)
    seen = in_channels(scene.pixels.cpu(), pictures.shape[1])[0]
    if int(allowed.sum()) < scene.fills:
        raise ValueError(
            f"{scene.fills} variations need as many donors, and this picture has {int(allowed.sum())}: other pictures, "
            "which are not its doubles. Use more pictures, fewer variations, or the prior exemplars."
        )

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Tensor:
        weights = nearness(hole.cpu())
        if weights.any():
            apart = mismatch(pictures, pool.squares, seen, weights)
        else:
            apart = torch.rand(len(pictures), generator=draws("donors"))
        nearest = apart.where(allowed, torch.inf).argsort(stable=True)[numbers.start : numbers.stop]
        return in_channels(pictures[nearest], scene.pixels.shape[1]).to(scene.pixels)

    return fill


def nearness(hole: Bool[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """The weight of every seen pixel: the share of the hole in a box around it; nothing in the hole itself.

    Where no seen pixel is near the hole, all seen ones count the same.
    """
    side = 2 * (round(NEAR * min(hole.shape)) // 2) + 1
    near = F.avg_pool2d(hole[None, None].float(), side, stride=1, padding=side // 2)[0, 0] * ~hole
    return near if near.any() else (~hole).float()


def mismatch(
    pictures: Float[Tensor, "n channels height width"],
    squares: Float[Tensor, "n channels height width"],
    seen: Float[Tensor, "channels height width"],
    weights: Float[Tensor, "height width"],
) -> Float[Tensor, " n"]:
    """The weighted sum of squared differences, up to what is the same for all pictures.

    Parameters
    ----------
    squares
        Of the pictures, so that no difference has to be written down.
    """
    weighted, crossed = weights.expand_as(seen).flatten(), (weights * seen).flatten()
    return squares.flatten(1) @ weighted - 2 * (pictures.flatten(1) @ crossed)
