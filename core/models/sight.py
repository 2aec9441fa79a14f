"""What the values of a layer see of the picture: the centre, and how far around it.

Noise is added to a picture in six ways: fading from the top, towards the middle and from the bottom, and the same
across. How strongly a value moves in each tells where it looks, whatever lies between.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from core.randomness import generator

WAYS = 6
MOST_DRAWS, ENOUGH_PIXELS = 16, 128 * 128  # a small picture is too little noise to be sure of
UNMOVED = 1e-9  # of the place that moves most, in squares


def probes(blank: Float[Tensor, "1 channels height width"]) -> Float[Tensor, "n channels height width"]:
    """A picture of noise and changes of it, six for each draw of what is added.

    At each pixel the squares of three changes, down or across, add up to the same.
    """
    height, width = blank.shape[2:]
    draws = min(max(ENOUGH_PIXELS // (height * width), 1), MOST_DRAWS)
    draw = generator(0, "probes")
    picture = 0.25 + 0.5 * torch.rand(blank.shape, generator=draw)
    added = 0.25 * (2 * torch.randint(2, (draws, *blank.shape[1:]), generator=draw) - 1)
    down, across = ((torch.arange(length) + 0.5) / length for length in (height, width))
    ways = [share[:, None] for share in fading(down)] + [share[None] for share in fading(across)]
    return torch.cat([picture, *(picture + added * way for way in ways)]).to(blank)


def fading(place: Float[Tensor, " length"]) -> tuple[Tensor, Tensor, Tensor]:
    """How much is added at each place, from 0 to 1: at the start, in the middle, at the end."""
    return 1 - place, (2 * place * (1 - place)).sqrt(), place


class Sight(NamedTuple):
    """What the values at each place of one axis see of the picture.

    Parameters
    ----------
    centre
        Along the rows and along the columns, as a share of the picture's side; NaN where nothing is seen.
    spread
        Standard deviation of what is seen around the centre.
    weight
        How much is seen, as a share of the most.
    """

    centre: Float64[np.ndarray, "2 length"]
    spread: Float64[np.ndarray, "2 length"]
    weight: Float64[np.ndarray, " length"]

    @property
    def variance(self) -> float:
        """Mean square of how far the centres lie from each other; places that hardly see anything count little."""
        share = self.weight / max(self.weight.sum(), UNMOVED)
        centre = np.nan_to_num(self.centre)
        return float((share * np.square(centre - (share * centre).sum(axis=1, keepdims=True))).sum() / 2)


def moves(seen: Sight, prefix: int = 0) -> Float64[np.ndarray, "2 places"]:
    """How far each centre lies from their mean, without those of the first places; 0 where nothing is seen."""
    centre = seen.centre[:, prefix:]
    known = np.isfinite(centre[0])
    mean = centre[:, known].mean(axis=1, keepdims=True) if known.any() else 0.0
    return np.where(known, centre - mean, 0.0)


def sights(values: Float[Tensor, "probes axis *others"]) -> list[Sight]:
    """For each axis of an output to the probes, what its places see."""
    squares = by_way((values[1:] - values[:1]).float().square_())
    axes = range(1, squares.dim())
    longest = max(axes, key=lambda axis: squares.shape[axis])
    rest = squares.sum(longest, keepdim=True)  # so that the other axes read something small
    return [sight(squares if axis == longest else rest, axis) for axis in axes]


def sights_beyond_the_mean(values: Float[Tensor, "probes axis *others"]) -> list[Sight]:
    """The same without what all places of an axis share: attention spreads much of a change over all of them."""
    changes = (values[1:] - values[:1]).float()
    axes = range(1, changes.dim())
    return [sight(by_way((changes - changes.mean(axis, keepdim=True)).square_()), axis) for axis in axes]


def by_way(squares: Float[Tensor, "changes axis *others"]) -> Float[Tensor, "ways axis *others"]:
    """The sum over all draws."""
    return squares if len(squares) == WAYS else squares.reshape(WAYS, -1, *squares.shape[1:]).sum(1)


def sight(squares: Float[Tensor, "ways axis *others"], axis: int) -> Sight:
    """What the places of one axis see, from the squares of how far they move in each way."""
    moved = squares.sum([each for each in range(1, squares.dim()) if each != axis]).double().cpu().numpy()
    moved = moved.reshape(2, 3, -1)
    seen = moved.sum(axis=1)
    weight = seen.mean(axis=0) / max(seen.mean(axis=0).max(), np.finfo(float).tiny)
    seen = np.where((seen > 0) & (weight > UNMOVED), seen, np.nan)
    centre = (moved[:, 1] / 2 + moved[:, 2]) / seen
    spread = np.sqrt(np.maximum(moved[:, 2] / seen - centre**2, 0))
    return Sight(centre, spread, np.where(weight > UNMOVED, weight, 0.0))
