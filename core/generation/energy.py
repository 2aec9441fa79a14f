"""How near variations come to what was hidden, and whether they differ as much as they should."""

from math import sqrt

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SCALE = 2.0
"""From pixels in [0, 1] to [-1, 1], the range that generators work in: a grey fill has about 0.7."""


def energy_score(
    variations: Float[Tensor, "n channels height width"],
    picture: Float[Tensor, "channels height width"],
    hole: Bool[Tensor, "height width"],
) -> float | None:
    """E|X - x| - E|X - X'| / 2 in the hole, for variations X and the picture x; lower is better.

    A proper score [Gneiting and Raftery 2007, doi:10.1198/016214506000001437]: no prior does better on average than the
    pictures' own distribution. |.| is the root of the mean square, with pixels scaled to [-1, 1]. Each variation is
    compared with all others and not with itself, so the score does not depend on their number.

    None for fewer than two variations, or without a hole.

    >>> dark, light = torch.zeros(1, 1, 1, 2), torch.ones(1, 1, 1, 2)
    >>> energy_score(torch.cat([dark, light]), light[0], torch.tensor([[True, False]]))
    0.0
    """
    places = picture.shape[0] * int(hole.sum())
    if len(variations) < 2 or not places:
        return None
    filled = variations[:, :, hole].flatten(1).double() * (SCALE / sqrt(places))
    hidden = picture[:, hole].flatten().double() * (SCALE / sqrt(places))
    apart = torch.cdist(filled, filled, compute_mode="donot_use_mm_for_euclid_dist").sum() / (
        len(filled) * (len(filled) - 1)
    )
    return float((filled - hidden).norm(dim=1).mean() - apart / 2)


def distances(
    variations: Float[Tensor, "n channels height width"],
    picture: Float[Tensor, "channels height width"],
    hole: Bool[Tensor, "height width"],
) -> list[float]:
    """How far each variation is from what was hidden, in the units of the energy score; 0 without a hole."""
    apart = (variations - picture)[:, :, hole].flatten(1).double()
    squares = apart.square().mean(dim=1) if apart.shape[1] else apart.new_zeros(len(apart))
    return [float(each) for each in SCALE * squares.sqrt()]
