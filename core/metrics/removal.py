"""The order in which a picture loses its pixels, decided before the model sees any of them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.models.classifier import Classifier
from core.pictures.imputers import Filling, Original, find_imputer, remove
from core.pictures.superpixels import superpixels
from core.randomness import generator, picture_digest

Order = Literal["mif", "lif", "random"]
Unit = Literal["pixel", "region", "superpixel", "feature"]
SUPERPIXELS = 100


def removal_rank(
    values: Float[Tensor, "*maps height width"], ties: torch.Generator
) -> Int[Tensor, "*maps height width"]:
    """Rank of each pixel of a map when the most important is removed first; equal pixels in random order.

    Ranked on the map's own device and in its own precision, so that no two values become equal; the result is on the
    generator's device.

    >>> removal_rank(torch.tensor([[0.1, 0.9], [0.5, 0.2]]), torch.Generator()).tolist()
    [[3, 0], [1, 2]]
    """
    return rank_of(values.flatten(-2), ties).view_as(values)


def rank_of(values: Float[Tensor, "*maps places"], ties: torch.Generator) -> Int[Tensor, "*maps places"]:
    """Rank of each value, the largest first; equal ones in random order, the same for all maps."""
    shuffled = torch.randperm(values.shape[-1], generator=ties, device=ties.device).to(values.device)
    order = shuffled[torch.argsort(values[..., shuffled], descending=True, stable=True)]
    places = torch.arange(values.shape[-1], dtype=torch.int32, device=values.device)
    return torch.empty_like(order, dtype=torch.int32).scatter_(-1, order, places.expand_as(order)).to(ties.device)


def reversed_rank(rank: Int[Tensor, "*maps places"]) -> Int[Tensor, "*maps places"]:
    """The reversed order: the least important first."""
    return rank.shape[-1] - 1 - rank


def removal_counts(steps: int | Sequence[float], places: int) -> list[int]:
    """How many pixels are removed at each step, none and all included: in equal steps, or at given shares.

    >>> removal_counts(4, 10)
    [0, 2, 5, 8, 10]
    >>> removal_counts([0.1, 0.9], 10)
    [0, 1, 9, 10]

    Raises
    ------
    ValueError
        Where the result would not be a curve.
    """
    if isinstance(steps, int):
        if steps < 1:
            raise ValueError(f"A curve needs at least 1 step; got {steps}.")
        return sorted({round(step * places / steps) for step in range(steps + 1)})
    if not all(0 <= fraction <= 1 for fraction in steps):
        raise ValueError(
            f"Shares removed must lie from 0 to 1; got {', '.join(f'{fraction:g}' for fraction in steps)}."
        )
    return sorted({0, *(round(fraction * places) for fraction in steps), places})


class Cells:
    """The parts of a picture that are removed as a whole.

    Exactly the requested share of pixels is removed, so the last part may be removed incompletely, its pixels in random
    order.

    Parameters
    ----------
    number
        The cell of each place.
    """

    def __init__(self, number: Int[Tensor, " places"]) -> None:
        self.number = number
        self.sizes = torch.bincount(number)

    def rank(self, values: Float[Tensor, "*maps places"], ties: torch.Generator) -> Int[Tensor, "*maps places"]:
        """Rank of each place when the cell with the highest mean is removed first; equal cells in random order."""
        return self.spread(rank_of(self.means(values), ties), ties)

    def means(self, values: Float[Tensor, "*maps places"]) -> Float[Tensor, "*maps cells"]:
        exact, number, sizes = values.double(), self.number.to(values.device), self.sizes.to(values.device)
        return exact.new_zeros(*values.shape[:-1], len(sizes)).index_add_(-1, number, exact) / sizes

    def random_rank(self, draw: torch.Generator) -> Int[Tensor, " places"]:
        """Rank of each place in a random order of cells."""
        return self.spread(permutation(len(self.sizes), draw), draw)

    def spread(self, cells: Int[Tensor, "*maps cells"], draw: torch.Generator) -> Int[Tensor, "*maps places"]:
        return rank_of(-cells[..., self.number], draw)


def permutation(count: int, draw: torch.Generator) -> Int[Tensor, " count"]:
    return torch.randperm(count, generator=draw, device=draw.device, dtype=torch.int32)


def cells_of(unit: Unit, pixels: Float[Tensor, "1 3 height width"], side: int) -> Cells | None:
    """The cells of a picture; None where each place is removed by itself.

    Raises
    ------
    ValueError
        With the units that exist.
    """
    if unit not in get_args(Unit):
        raise ValueError(f"The removal unit must be one of {', '.join(get_args(Unit))}, not {unit!r}.")
    if unit == "superpixel":
        return Cells(superpixels(pixels, SUPERPIXELS).flatten())
    if unit == "region":
        return Cells(regions((pixels.shape[2], pixels.shape[3]), side).flatten().to(pixels.device))
    return None


def regions(size: tuple[int, int], side: int) -> Int[Tensor, "height width"]:
    """Squares of that side, numbered row by row from the top left corner; those at the far borders may be cut.

    >>> regions((2, 5), 2).tolist()
    [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    """
    height, width = size
    if not 1 <= side <= max(size):
        raise ValueError(f"The side of a region must be from 1 to {max(size)} pixels here, not {side}.")
    columns = -(-width // side)
    return torch.arange(height)[:, None] // side * columns + torch.arange(width) // side


def places_of(unit: Unit, size: Sequence[int], channels: int = 3) -> int:
    """How many places of a picture of that size can go, one by one.

    >>> places_of("pixel", (2, 5)), places_of("feature", (2, 5))
    (10, 30)
    """
    return (channels if unit == "feature" else 1) * size[0] * size[1]


class Line(NamedTuple):
    """One order in which the picture loses its pixels."""

    map: str
    order: Order


class Visit(NamedTuple):
    """One perturbed picture: how many places are removed along a line, and what replaces them."""

    line: int
    gone: int
    imputer: str


class Removal:
    """One picture, and the orders in which it loses its pixels.

    Parameters
    ----------
    maps
        Importance of each pixel, or of each channel of each pixel where the unit is a feature.
    randoms
        Number of random orders; each is followed forwards and backwards.
    unit
        Removal unit: a pixel, a square region, a superpixel, or one channel of a pixel (feature), as in ROAR's code.
    side
        Side of a region, in pixels.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        maps: Mapping[str, Tensor],
        orders: Iterable[Order],
        seed: int,
        randoms: int,
        unit: Unit = "pixel",
        side: int = 9,
    ) -> None:
        self.classifier, self.pixels, self._seed = classifier, pixels, seed
        self._digest = picture_digest(pixels)
        self._fillings: dict[str, Filling] = {}
        self._shape = pixels.shape[1:] if unit == "feature" else (1, *pixels.shape[2:])
        self.places = places_of(unit, pixels.shape[2:], pixels.shape[1])
        self._whole = classifier.normalise(pixels)
        self.lines: list[Line] = []
        ranks: list[Tensor] = []
        cells, wanted = cells_of(unit, pixels, side), set(orders)
        for number in range(randoms if "random" in wanted else 0):
            draw = self._draw("random order", number)
            rank = cells.random_rank(draw) if cells else permutation(self.places, draw)
            self.lines += [Line("", "random")] * 2
            ranks += [rank, reversed_rank(rank)]
        values = torch.stack([checked_map(name, values, pixels, self._shape[0]) for name, values in maps.items()])
        best_first = (cells.rank if cells else rank_of)(values, self._draw("ties"))
        for name, rank in zip(maps, best_first, strict=True):
            both: dict[Order, Tensor] = {"mif": rank, "lif": reversed_rank(rank)}
            self.lines += [Line(name, order) for order in both if order in wanted]
            ranks += [both[order] for order in both if order in wanted]
        self._ranks = torch.stack(ranks).view(len(ranks), *self._shape)

    def _draw(self, *purpose: object) -> torch.Generator:
        return generator(self._seed, self._digest, *purpose, device=self.pixels.device)

    def filling(self, imputer: str) -> Filling:
        """What replaces removed pixels; its noise is drawn once for this picture, for all orders."""
        if imputer not in self._fillings:
            original = Original(self.pixels, self.classifier.dataset_mean, self._draw("imputer"))
            self._fillings[imputer] = find_imputer(imputer).prepare(original)
        return self._fillings[imputer]

    def removed(self, visits: Sequence[Visit]) -> Bool[Tensor, "n _ height width"]:
        """Which places are removed in each."""
        device = self.pixels.device
        gone = torch.tensor([visit.gone for visit in visits], dtype=torch.int32, device=device).view(-1, 1, 1, 1)
        return self._ranks[torch.tensor([visit.line for visit in visits], device=device)] < gone

    def pictures(self, visits: Sequence[Visit]) -> Float[Tensor, "n 3 height width"]:
        """The perturbed pictures, in [0, 1]; all visits share one imputer."""
        removed = self.removed(visits)
        return remove(self.pixels, removed, self.filling(visits[0].imputer)(removed))

    def normalised(self, visits: Sequence[Visit]) -> Float[Tensor, "n 3 height width"]:
        """The same, normalised for the network, for visits with any imputers; a fixed fill is normalised by itself."""
        parts = [
            self._without(self.removed(list(some)), imputer) for imputer, some in groupby(visits, attrgetter("imputer"))
        ]
        return self.classifier.as_input(torch.cat(parts))

    def without(self, removed: Bool[Tensor, "n _ height width"], imputer: str) -> Float[Tensor, "n 3 height width"]:
        """The pictures without these places, which need not be those of a line, normalised for the network."""
        return self.classifier.as_input(self._without(removed, imputer))

    def _without(self, removed: Bool[Tensor, "n _ height width"], imputer: str) -> Float[Tensor, "n 3 height width"]:
        return remove(self._whole, removed, self.classifier.normalise(self.filling(imputer)(removed)))


def checked_map(
    name: str, values: Tensor, pixels: Float[Tensor, "1 3 height width"], channels: int
) -> Float[Tensor, " places"]:
    """The importance of each place; a map without channels applies to all channels alike.

    Raises
    ------
    ValueError
        Where it is not of the picture's size, or not finite.
    """
    values = torch.as_tensor(values)
    if values.shape[-2:] != pixels.shape[2:] or values.shape[:-2] not in ((), (1,), (channels,)):
        wanted = tuple(pixels.shape[2:])
        raise ValueError(f"{name}: the map has shape {tuple(values.shape)}, the picture {wanted}.")
    if not torch.isfinite(values).all():
        raise ValueError(f"{name}: the map has values that are not finite.")
    return values.expand(channels, *pixels.shape[2:]).flatten()
