"""Which places of a picture are removed, decided once for each picture before any network sees it.

A mask is fixed: it is the same in every epoch and for every network. The published code draws a random one anew in each
epoch, which works like augmentation and flatters the random control; a study may ask for that.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.metrics.removal import Cells, places_of, rank_of, regions, reversed_rank
from core.pictures.blurring import blurred
from core.randomness import generator, picture_digest

Form = Literal["roar", "kar"]
FORMS: tuple[Form, ...] = ("roar", "kar")
"""Remove And Retrain removes the most important places, Keep And Retrain all others."""
Unit = Literal["pixel", "feature", "region"]
SMOOTHING = 0.08
"""Standard deviation of the blur that makes blobs of noise, as a share of the picture's side."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """For each picture the rank of every place, 0 for the most important.

    Parameters
    ----------
    ranks
        One channel, which all share, or one for each where a place is a feature: one channel of a pixel.
    """

    ranks: Int[Tensor, "n channels height width"]

    @property
    def places(self) -> int:
        """How many places of a picture can be removed one by one."""
        return self.ranks[0].numel()

    def removed(self, form: Form, fraction: float) -> Bool[Tensor, "n channels height width"]:
        """The removed places: exactly as many as requested, however many of a map's values are equal.

        Parameters
        ----------
        fraction
            The share of the places that ROAR removes and KAR keeps, the most important ones.
        """
        count = round(fraction * self.places)
        return self.ranks < count if form == "roar" else self.ranks >= count


def rank_places(
    maps: Float[Tensor, "n channels height width"],
    pixels: Float[Tensor, "n _ height width"],
    unit: Unit = "pixel",
    side: int = 4,
    seed: int = 0,
) -> Ranking:
    """The ranking of each picture's places, the highest value first; equal values in an order drawn for that picture.

    A negated map has the reversed ranking, to the last of its equal values: keeping the top share of a map removes
    exactly what removing the rest of the negated map does. A constant map is its own negation and has no reverse.

    Parameters
    ----------
    maps
        A value for each pixel, or for each channel of each pixel where the unit is a feature; one for a pixel then
        holds for all of its channels, and every map ranks as many places.
    pixels
        The pictures; each has draws of its own, which no network's seed changes.
    side
        Side of a region in pixels; regions are ranked by their means.

    Raises
    ------
    ValueError
        Where there is no such unit, or the side does not fit the pictures.
    """
    check_unit(unit)
    if unit == "feature":
        maps = maps.expand(-1, pixels.shape[1], -1, -1)
    height, width = maps.shape[2:]
    cells = Cells(regions((height, width), side).flatten()) if unit == "region" else None
    rank = cells.rank if cells else rank_of
    ranks = [
        turned_alike(rank, values.flatten(), generator(seed, "ties", picture_digest(picture))).view(values.shape)
        for values, picture in zip(maps.cpu(), pixels.cpu(), strict=True)
    ]
    return Ranking(torch.stack(ranks))


Rank = Callable[[Float[Tensor, " places"], torch.Generator], Int[Tensor, " places"]]


def turned_alike(rank: Rank, values: Float[Tensor, " places"], draw: torch.Generator) -> Int[Tensor, " places"]:
    """The ranking, or the reversed one of the negated values: whichever of the two maps leans one way along a drawn
    order is ranked, so that a map and its negation are reversed where values are equal too.
    """
    order = torch.randperm(len(values), generator=draw)
    levels = torch.unique(values, return_inverse=True)[1]  # no more than the order of the values counts
    leaning = ((2 * levels - levels.max()) * order).sum()
    return reversed_rank(rank(-values, draw)) if leaning < 0 else rank(values, draw)


def random_ranking(shape: Sequence[int], draw: torch.Generator, unit: Unit = "pixel", side: int = 4) -> Ranking:
    """An order of removal drawn for each picture, as that of the random control is.

    Parameters
    ----------
    shape
        Number of pictures, channels of a mask, height and width.
    """
    values = torch.rand(*shape, generator=draw)
    height, width = shape[2:]
    rank = Cells(regions((height, width), side).flatten()).rank if unit == "region" else rank_of
    return Ranking(rank(values.flatten(1), draw).view(values.shape))


def check_unit(unit: Unit) -> None:
    """Refuses a unit that does not exist.

    Raises
    ------
    ValueError
        With those that do.
    """
    if unit not in get_args(Unit):
        raise ValueError(f"The removal unit must be one of {', '.join(get_args(Unit))}, not {unit!r}.")


def check_places(unit: Unit, side: int, fractions: Sequence[float], size: tuple[int, int]) -> None:
    """Refuses shares that would remove nothing of such pictures or all of them, or regions larger than they are.

    Raises
    ------
    ValueError
        With what would work.
    """
    check_unit(unit)
    if unit == "region":
        regions(size, side)
    places = places_of(unit, size)
    for fraction in fractions:
        if round(fraction * places) in (0, places):
            raise ValueError(
                f"A share of {100 * fraction:.4f} % of {places:,} places is none or all of them. Choose shares from "
                f"{100 / places:.2f} % to {100 * (1 - 1 / places):.2f} %."
            )


def digest_of(removed: Sequence[Bool[Tensor, "..."]]) -> str:
    """A name for exactly these masks, by which a training that meets them again is recognised."""
    digest = hashlib.sha256()
    for each in removed:
        digest.update(repr(tuple(each.shape)).encode() + each.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def random_masks(
    count: int, size: tuple[int, int], draw: torch.Generator, unit: Unit = "pixel", side: int = 4, channels: int = 3
) -> Bool[Tensor, "count _ height width"]:
    """Masks that owe nothing to any map: a share uniform in [0, 1], half of them single pixels, half smooth blobs.

    The two kinds are what maps look like: grained as gradients, or smooth as class activation maps. Where a unit is
    more or less than a pixel, half of the masks are made of such units and the others of pixels, as where a map has
    equal channels.

    Parameters
    ----------
    side
        Side of a region in pixels.
    channels
        Of a picture; a feature is one of them at one pixel.
    """
    noise = torch.rand(count, 1, *size, generator=draw)
    blobs = torch.rand(count, 1, 1, 1, generator=draw) < 0.5
    share = torch.rand(count, 1, generator=draw)
    values = grained_or_smooth(noise, blobs)
    if unit != "pixel":
        by_unit = torch.rand(count, 1, 1, 1, generator=draw) < 0.5
        if unit == "feature":
            own = grained_or_smooth(torch.rand(count, channels, *size, generator=draw), blobs)
        else:
            cells = Cells(regions(size, side).flatten())
            own = cells.rank(values.flatten(1), draw).view_as(values).float()
        values = torch.where(by_unit, own, values)
    order = values.flatten(1).argsort(dim=1)
    gone = torch.arange(order.shape[1]) < (share * order.shape[1]).round()
    return torch.zeros_like(gone).scatter_(1, order, gone).view(values.shape)


def grained_or_smooth(
    noise: Float[Tensor, "count channels height width"], blobs: Bool[Tensor, "count 1 1 1"]
) -> Float[Tensor, "count channels height width"]:
    """The noise itself, or blurred into blobs where requested."""
    return torch.where(blobs, blurred(noise, SMOOTHING * min(noise.shape[2:])), noise)
