"""Where a layer's values lie in the picture: found by changing the picture and watching where they move.

Shapes cannot tell: rows and columns agree on square pictures, a row of tokens may be unrolled window by window, and a
network may turn or pad its picture first. So the picture is changed, more towards one border than towards the other,
and each value lies where it feels the change: at the centre of what it sees.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, combinations
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from core.models.sight import Sight, moves, sights, sights_beyond_the_mean

MOST_PREFIX_TOKENS = 16
LONGEST = 16  # times as many rows as columns of tokens, or the other way round
SMALLEST_MOVE = 0.02  # of the picture, from the first row to the last: less is noise
LOOSE, FAIR, TIGHT = 0.5, 0.25, 0.1  # misfit of a layout that is taken, not searched on, and tried first elsewhere
HARDLY = 0.05  # better than a simpler split
ALIKE = 1e-3  # of the picture: places that lie no further apart all see the same
ENOUGH_CHANNELS = 16
UNCUT = 0.8  # of the usual weight: places that see less look over the border
NARROWEST, WIDEST = 0.1, 2.0  # steps that a place may see around it: more is drawn towards the middle, less is noise
STRAIGHT = 0.3  # steps that a place may lie off the line
MOVED = 0.75  # rows that a plane may begin or end elsewhere than those before it and still count as there
BEYOND = 1.5  # rows that a plane may begin or end elsewhere and still count as the whole picture
ROWS, COLUMNS = 0, 1

Extent = tuple[float, float]
"""Where a plane begins and ends in the picture, as shares of its side."""
WHOLE: Extent = (0.0, 1.0)


@dataclass(frozen=True)
class Layout:
    """How the values of one picture become planes of rows and columns.

    Parameters
    ----------
    axes
        For each axis of the output, after that of the pictures, the factors of its length; each factor runs along the
        channels, the rows or the columns.
    prefix
        For each axis the number of values before the first place of the picture: a class token, registers.
    rows, columns
        Which of the factors run along them, the coarsest first.
    turned
        Which of them run from the bottom up or from right to left.
    """

    axes: tuple[tuple[int, ...], ...]
    prefix: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    turned: tuple[int, ...] = ()

    @property
    def factors(self) -> tuple[int, ...]:
        """The factors of all axes."""
        return tuple(chain.from_iterable(self.axes))

    @property
    def channels(self) -> tuple[int, ...]:
        """Which of the factors run along the channels."""
        return tuple(number for number in range(len(self.factors)) if number not in (*self.rows, *self.columns))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns."""
        of_channels, rows, columns = (
            prod(self.factors[number] for number in numbers) for numbers in (self.channels, self.rows, self.columns)
        )
        return of_channels, rows, columns

    @property
    def lengths(self) -> tuple[int, ...]:
        """The length of each axis."""
        return tuple(prefix + prod(factors) for prefix, factors in zip(self.prefix, self.axes, strict=True))

    @property
    def tokens(self) -> int | None:
        """Number of tokens, where all places are on one axis."""
        held = [axis for axis in range(len(self.axes)) if self.on(axis)]
        return self.lengths[held[0]] if len(held) == 1 else None

    @property
    def pairs_tokens(self) -> bool:
        """Whether there is a value for every two tokens of each head, as attention weights are."""
        *before, queries, keys = range(len(self.axes))
        heads = any(self.lengths[axis] > 1 and not self.on(axis) for axis in before)
        tokens = any(len(self.axes[axis]) > 1 and self.on(axis) for axis in (queries, keys))
        return heads and tokens and self.lengths[queries] == self.lengths[keys]

    def on(self, axis: int) -> bool:
        """Whether an axis holds places of the picture."""
        start = sum(map(len, self.axes[:axis]))
        return any(start <= number < start + len(self.axes[axis]) for number in (*self.rows, *self.columns))

    def planes(self, output: Tensor, pictures: int) -> Float[Tensor, "pictures channels height width"]:
        """The output for some pictures with its places as rows and columns."""
        values = output.reshape(pictures, *self.lengths)
        for axis, prefix in enumerate(self.prefix, start=1):
            values = values.narrow(axis, prefix, values.shape[axis] - prefix)
        values = values.reshape(pictures, *self.factors).flip([number + 1 for number in self.turned])
        order = (number + 1 for number in (*self.channels, *self.rows, *self.columns))
        return values.permute(0, *order).reshape(pictures, *self.shape)

    def plane(self, tokens: Float[Tensor, " tokens"]) -> Float[Tensor, "height width"]:
        """One value for each token at its place, where all places are on one axis."""
        axes = tuple(radices if self.on(axis) else (1,) for axis, radices in enumerate(self.axes))
        return replace(self, axes=axes).planes(tokens, 1)[0, 0]

    def worth(self) -> list[Float64[np.ndarray, "2 places"]]:
        """For each axis how many rows and columns each of its places adds, less the mean."""
        counts = np.zeros((2, len(self.factors)))
        for direction, numbers in enumerate((self.rows, self.columns)):
            for place, number in enumerate(numbers):
                finer = prod(self.factors[each] for each in numbers[place + 1 :])
                counts[direction, number] = -finer if number in self.turned else finer
        starts = np.cumsum([0, *map(len, self.axes)])
        return [
            counts[:, start : start + len(radices)] @ counted(radices)
            for start, radices in zip(starts, self.axes, strict=False)
        ]


class Split(NamedTuple):
    """An axis taken for places of the picture: its factors, after some values that are none."""

    prefix: int
    radices: tuple[int, ...]


def splits(length: int) -> Iterator[Split]:
    """How an axis of that length may hold places, the simplest first: rows alone, rows of columns after some other
    tokens, windows within windows.

    >>> [*splits(4)]
    [Split(prefix=0, radices=(4,)), Split(prefix=0, radices=(2, 2))]
    """
    yield Split(0, (length,))
    fewer_than_places = (length - 1) // 2  # as many or more, and few places fit whatever noise says
    for prefix in range(min(MOST_PREFIX_TOKENS, fewer_than_places, length - 4) + 1):
        places = length - prefix
        for rows in range(2, places // 2 + 1):
            columns = places // rows
            if rows * columns == places and max(rows, columns) <= LONGEST * min(rows, columns):
                yield Split(prefix, (rows, columns))
    yield from (Split(0, radices) for radices in arrangements(primes(length)) if len(radices) > 2)


def primes(number: int) -> tuple[int, ...]:
    """The prime factors of a number.

    >>> primes(12)
    (2, 2, 3)
    """
    for divisor in range(2, int(number**0.5) + 1):
        if number % divisor == 0:
            return divisor, *primes(number // divisor)
    return (number,) if number > 1 else ()


def arrangements(items: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The different orders of some items.

    >>> [*arrangements((2, 2, 3))]
    [(2, 2, 3), (2, 3, 2), (3, 2, 2)]
    """
    if not items:
        yield ()
    for first in sorted(set(items)):
        place = items.index(first)
        yield from ((first, *rest) for rest in arrangements(items[:place] + items[place + 1 :]))


@lru_cache(maxsize=1024)
def counted(radices: tuple[int, ...]) -> Float64[np.ndarray, "factors places"]:
    """Each place's number along each factor, less the mean."""
    numbers: Float64[np.ndarray, "factors places"] = np.indices(radices).reshape(len(radices), -1).astype(float)
    numbers -= numbers.mean(axis=1, keepdims=True)
    return numbers


def where_seen(numbers: Float64[np.ndarray, "n places"], seen: Sight, prefix: int) -> Float64[np.ndarray, "n places"]:
    """The numbers less their mean over the places that see something, and 0 elsewhere."""
    known = np.isfinite(seen.centre[0, prefix:])
    if known.all() or not known.any():
        return numbers
    return np.where(known, numbers - numbers[:, known].mean(axis=1, keepdims=True), 0.0)


class Steps(NamedTuple):
    """How the factors of an axis move the centre.

    Parameters
    ----------
    sizes, directions
        For each factor how far one step moves the centre, and along which direction.
    misfit
        What is left unexplained, as a share of what is explained.
    """

    sizes: Float64[np.ndarray, " factors"]
    directions: Float64[np.ndarray, " factors"]
    misfit: float


def steps_of(seen: Sight, split: Split) -> Steps:
    """How the factors of a split axis move the centre of what its places see."""
    moved = moves(seen, split.prefix)
    numbers = where_seen(counted(split.radices), seen, split.prefix)
    both = np.linalg.lstsq(numbers @ numbers.T, numbers @ moved.T, rcond=None)[0]
    directions = np.abs(both).argmax(axis=1)
    sizes = both[np.arange(len(both)), directions]
    expected = np.where(directions == np.arange(2)[:, None], sizes, 0) @ numbers
    size = float(np.square(expected).sum())
    return Steps(sizes, directions, float(np.square(moved - expected).sum()) / size if size > 0 else np.inf)


def best_split(seen: Sight) -> Split | None:
    """The simplest of the splits that explain best where the places of an axis lie."""
    best, least = None, LOOSE + HARDLY
    blind = int(np.argmax(seen.weight > 0))  # tokens that see nothing yet are no places
    for split in splits(len(seen.weight)):
        if len(split.radices) > 1 and split.prefix < blind <= MOST_PREFIX_TOKENS:
            continue
        _, directions, misfit = steps_of(seen, split)
        one_way = len(set(directions)) == 1  # then it is the first split over again, or leaves out a border
        if len(split.radices) > 1 and (one_way or misfit > FAIR or (best and misfit > least / 2)):
            continue
        if misfit < least - HARDLY:
            best, least = split, misfit
    return best


def laid_out(seen: Sequence[Sight], split: Mapping[int, Split]) -> Layout:
    """The layout whose places lie on these axes."""
    axes = tuple(split[axis].radices if axis in split else (len(each.weight),) for axis, each in enumerate(seen))
    starts = np.cumsum([0, *map(len, axes)])
    size, along = {}, {}
    for axis, taken in split.items():
        steps = steps_of(seen[axis], taken)
        for place in range(len(taken.radices)):
            size[int(starts[axis]) + place] = float(steps.sizes[place])
            along[int(starts[axis]) + place] = int(steps.directions[place])
    coarsest = sorted(size, key=lambda number: -abs(size[number]))
    rows, columns = (tuple(each for each in coarsest if along[each] == way) for way in (ROWS, COLUMNS))
    prefix = tuple(split[axis].prefix if axis in split else 0 for axis in range(len(seen)))
    return Layout(axes, prefix, rows, columns, tuple(sorted(each for each in size if size[each] < 0)))


def misfit_of(layout: Layout, seen: Sequence[Sight], others: Collection[int] = (), apart: float = 0.0) -> float:
    """How far places lie from even steps, as a share of these steps; of the worst axis.

    Parameters
    ----------
    others
        Axes that might hold places too.
    apart
        How far their values may lie from each other and still be channels, as a share of how far the places lie.
    """
    if min(layout.shape[1:]) < 2:
        return np.inf
    held = [axis for axis in range(len(seen)) if layout.on(axis)]
    worth = {axis: where_seen(layout.worth()[axis], seen[axis], layout.prefix[axis]) for axis in held}
    moved = {axis: moves(seen[axis], layout.prefix[axis]) for axis in held}
    squared = sum(np.square(worth[axis]).mean(axis=1) for axis in held)
    if not np.all(squared):  # none of the places that saw a change is apart from another
        return np.inf
    step = sum((moved[axis] * worth[axis]).mean(axis=1) for axis in held) / squared
    if (step * layout.shape[1:] < SMALLEST_MOVE).any():
        return np.inf
    expected = {axis: step[:, None] * worth[axis] for axis in held}
    size = min(float(np.square(expected[axis]).mean()) for axis in held)
    for axis in others:
        as_many = len(seen[axis].weight) == layout.tokens  # how much each token attends to each
        if axis not in held and (as_many or seen[axis].variance > apart * size):
            return np.inf
    return max(float(np.square(moved[axis] - expected[axis]).sum() / np.square(expected[axis]).sum()) for axis in held)


def extent_of(layout: Layout, seen: Sequence[Sight], direction: int) -> Extent | None:
    """Where the plane begins and ends along the rows or the columns; None where its places see too much to tell."""
    held = [axis for axis, worth in enumerate(layout.worth()) if worth[direction].any()]
    if len(held) > 1:
        return None
    (axis,), count = held, layout.shape[1 + direction]
    centre, spread = (values[direction, layout.prefix[axis] :] for values in (seen[axis].centre, seen[axis].spread))
    number = layout.worth()[axis][direction] + (count - 1) / 2
    weight = seen[axis].weight[layout.prefix[axis] :]
    uncut = weight >= UNCUT * np.median(weight[weight > 0]) if weight.any() else weight > 0
    if len(np.unique(number[uncut])) < 2:
        return None
    step, first = np.polyfit(number[uncut], centre[uncut], 1)
    off = np.abs(centre[uncut] - first - step * number[uncut]).max()
    if not (NARROWEST * step <= np.median(spread[uncut]) <= WIDEST * step and off <= STRAIGHT * step):
        return None
    begin, end = float(first - step / 2), float(first + step * (count - 0.5))
    return WHOLE if max(abs(begin), abs(end - 1)) <= BEYOND / count else (begin, end)


def best_layout(
    seen: Sequence[Sight], split: Mapping[int, Split], others: Collection[int], apart: float
) -> tuple[Layout | None, float]:
    """The layout that takes as many of the split axes for places as fit together, and its misfit."""
    tried = [
        laid_out(seen, {axis: split[axis] for axis in axes})
        for count in range(len(split), 0, -1)
        for axes in combinations(split, count)
    ]
    misfits = [misfit_of(layout, seen, others, apart) for layout in tried]
    limit = min(LOOSE, min(misfits, default=np.inf) + TIGHT)
    fitting = ((layout, misfit) for layout, misfit in zip(tried, misfits, strict=True) if misfit < limit)
    return next(fitting, (None, np.inf))


class Placed(NamedTuple):
    """A layout, and where its rows and its columns begin and end in the picture."""

    layout: Layout
    extents: tuple[Extent, Extent]


class LayoutFinder:
    """Finds how a network's layers are laid out, one after the other, from their outputs to the probes.

    Parameters
    ----------
    pictures
        Number of probes.
    """

    def __init__(self, pictures: int) -> None:
        self._pictures = pictures
        self._splits: dict[int, Split] = {}
        self._layouts: dict[tuple[int, ...], Layout] = {}
        self._extents = [WHOLE, WHOLE]  # of the last layer that tells

    def find(self, output: Float[Tensor, "probes axis *others"]) -> Placed | None:
        """How a layer is laid out; None if its places are not those of the picture."""
        values = output.detach().reshape(self._pictures, -1, *output.shape[1:])
        if sum(length > 1 for length in values.shape[1:]) < 2:
            return None
        layout, seen = self._laid_out(values)
        if layout is None or layout.pairs_tokens:
            return None
        for direction in (ROWS, COLUMNS):
            begin, end = self._extents[direction]
            told = extent_of(layout, seen, direction) or (begin, end)
            row = (end - begin) / layout.shape[1 + direction]
            if max(abs(told[0] - begin), abs(told[1] - end)) > MOVED * row:  # an earlier layer sees sharper
                self._extents[direction] = told
        return Placed(layout, (self._extents[ROWS], self._extents[COLUMNS]))

    def _laid_out(self, values: Float[Tensor, "probes axis *others"]) -> tuple[Layout | None, Sequence[Sight]]:
        lengths = tuple(values.shape[1:])
        if lengths in self._layouts:
            seen = sights(few_channels(self._layouts[lengths], values))
            if misfit_of(self._layouts[lengths], seen) < LOOSE:
                return self._layouts[lengths], seen
        seen = sights(values)
        layout = self._searched(seen)
        if layout is None:
            layout = self._searched(sights_beyond_the_mean(values)) or self._of_as_many(seen)
        if layout is not None:
            self._layouts.setdefault(lengths, layout)
        return layout, seen

    def _searched(self, seen: Sequence[Sight]) -> Layout | None:
        wide = [axis for axis, each in enumerate(seen) if len(each.weight) > 1 and each.weight.any()]
        known = {axis: self._splits[len(seen[axis].weight)] for axis in wide if len(seen[axis].weight) in self._splits}
        layout, misfit = best_layout(seen, known, wide, apart=1.0)
        if misfit >= FAIR:
            anew = {axis: best_split(seen[axis]) for axis in wide}
            found = {axis: split for axis, split in anew.items() if split}
            layout, misfit = best_layout(seen, found, found, apart=0.1)
        if layout is not None and misfit < TIGHT:
            for axis in wide:
                if layout.on(axis):
                    self._splits.setdefault(len(seen[axis].weight), Split(layout.prefix[axis], layout.axes[axis]))
        return layout

    def _of_as_many(self, seen: Sequence[Sight]) -> Layout | None:
        """The layout of a layer with as many places, where all places of this one see the same."""
        lengths = [len(each.weight) for each in seen]
        for layout in self._layouts.values():
            held = [axis for axis in range(len(layout.axes)) if layout.on(axis)]
            if len(layout.axes) == len(seen) and all(
                layout.lengths[axis] == lengths[axis] and np.abs(moves(seen[axis])).max() < ALIKE for axis in held
            ):
                axes = tuple(layout.axes[axis] if axis in held else (lengths[axis],) for axis in range(len(seen)))
                return replace(layout, axes=axes)
        return None


def few_channels(layout: Layout, values: Float[Tensor, "probes axis *others"]) -> Float[Tensor, "probes axis *others"]:
    """The values of some of the channels, which are enough to see whether a known layout fits."""
    for axis in range(len(layout.axes)):
        if not layout.on(axis) and values.shape[axis + 1] > ENOUGH_CHANNELS:
            kept = torch.arange(ENOUGH_CHANNELS, device=values.device) * values.shape[axis + 1] // ENOUGH_CHANNELS
            values = values.index_select(axis + 1, kept)
    return values
