"""Perturbation curves: what the model still says as pixels are removed, most or least important first.

After Brocki and Chung 2022, arXiv:2203.02928, and 2023, arXiv:2303.01538. Decide, then do: the order of pixels, the
counts and the order of visits are plain functions of numbers; the loop that runs them is short.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import fmean, stdev
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.jobs.events import Progress
from core.models.batching import BatchSize, run_in_batches
from core.models.classifier import Classifier, check_pixels, checked_target
from core.pictures.imputers import Original, find_imputer, remove
from core.randomness import generator, picture_digest

Order = Literal["mif", "lif", "random"]
Y = Literal["probability", "relative_logit"]
BAND = 2.0


@dataclass(frozen=True)
class CurvePoint:
    """One answer of the model.

    Parameters
    ----------
    fraction
        Share of the pixels that was removed.
    low, high
        Band of random orders, two standard deviations either way; None for a single order.
    top
        The three most probable classes there, with their probabilities; for random orders, of the first one.
    draws
        The answers that ``value`` is the mean of, each random order followed by its reverse; empty for a single order.
    """

    method: str
    order: Order
    fraction: float
    value: float
    low: float | None
    high: float | None
    top: tuple[tuple[int, float], ...]
    draws: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """A whole curve, or the mean of several.

    Parameters
    ----------
    fractions
        Shares of pixels removed, 0 and 1 included.
    draws
        The curves that ``values`` is the mean of: one, or the random orders, each followed by its reverse.
    """

    fractions: Float[Tensor, " points"]
    values: Float[Tensor, " points"]
    draws: Float[Tensor, "orders points"]

    @property
    def area(self) -> float:
        """Trapezoid over the fraction removed."""
        return float(torch.trapezoid(self.values, self.fractions))


def removal_rank(
    values: Float[Tensor, "*maps height width"], ties: torch.Generator
) -> Int[Tensor, "*maps height width"]:
    """Place of each pixel of a map when the most important goes first; equal pixels in random order.

    Ranked where the maps are and in their own precision, so that no two values become equal; the places are where the
    generator is.

    >>> removal_rank(torch.tensor([[0.1, 0.9], [0.5, 0.2]]), torch.Generator()).tolist()
    [[3, 0], [1, 2]]
    """
    flat = values.flatten(-2)
    shuffled = torch.randperm(flat.shape[-1], generator=ties, device=ties.device).to(values.device)
    order = shuffled[torch.argsort(flat[..., shuffled], descending=True, stable=True)]
    places = torch.arange(flat.shape[-1], dtype=torch.int32, device=values.device)
    rank = torch.empty_like(order, dtype=torch.int32).scatter_(-1, order, places.expand_as(order))
    return rank.view_as(values).to(ties.device)


def random_rank(size: tuple[int, int], draw: torch.Generator) -> Int[Tensor, "height width"]:
    """Place of each pixel in an order that knows nothing."""
    return torch.randperm(size[0] * size[1], generator=draw, device=draw.device, dtype=torch.int32).view(size)


def reversed_rank(rank: Int[Tensor, "height width"]) -> Int[Tensor, "height width"]:
    """The same order backwards: the least important first."""
    return rank.numel() - 1 - rank


def removal_counts(steps: int, pixels: int) -> list[int]:
    """How many pixels are gone at each step.

    >>> removal_counts(4, 10)
    [0, 2, 5, 8, 10]
    """
    return [round(step * pixels / steps) for step in range(steps + 1)]


def visiting_order(steps: int) -> list[int]:
    """Steps 0..steps, the ends first, then halving: a reader sees the whole curve at once, then its detail.

    >>> visiting_order(4)
    [0, 4, 2, 1, 3]
    """
    spans, order = deque([(0, steps)]), [0, steps]
    while spans:
        low, high = spans.popleft()
        middle = (low + high) // 2
        if low < middle:
            order.append(middle)
            spans += [(low, middle), (middle, high)]
    return order


class Line(NamedTuple):
    """One order in which the picture loses its pixels."""

    map: str
    order: Order
    rank: Int[Tensor, "height width"]


class Removal:
    """One picture, the orders in which it loses its pixels, and what takes their place.

    Parameters
    ----------
    maps
        Importance of each pixel, by name.
    randoms
        Random orders; each is walked forwards and backwards.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        maps: Mapping[str, Tensor],
        orders: Sequence[Order],
        imputer: str,
        seed: int,
        randoms: int,
    ) -> None:
        digest = picture_digest(pixels)

        def draw(*purpose: object) -> torch.Generator:
            return generator(seed, digest, *purpose, device=pixels.device)

        self.lines: list[Line] = []
        for number in range(randoms if "random" in orders else 0):
            rank = random_rank(classifier.size, draw("random order", number))
            self.lines += [Line("", "random", rank), Line("", "random", reversed_rank(rank))]
        values = [checked_map(name, values, pixels) for name, values in maps.items()]
        for name, rank in zip(maps, removal_rank(torch.stack(values), draw("ties")), strict=True):
            both = {"mif": rank, "lif": reversed_rank(rank)}
            self.lines += [Line(name, order, both[order]) for order in orders if order in both]
        self.ranks = torch.stack([line.rank for line in self.lines])[:, None]
        self.filling = find_imputer(imputer).prepare(Original(pixels, classifier.dataset_mean, draw("imputer")))

    def removed(self, lines: Sequence[int], counts: Sequence[int]) -> Bool[Tensor, "n 1 height width"]:
        """Which pixels are gone when so many are, along each line's order."""
        device = self.ranks.device
        gone = torch.tensor(counts, dtype=torch.int32, device=device).view(-1, 1, 1, 1)
        return self.ranks[torch.tensor(lines, device=device)] < gone


def checked_map(name: str, values: Tensor, pixels: Tensor) -> Float[Tensor, "height width"]:
    values = torch.as_tensor(values)
    if values.shape != pixels.shape[2:]:
        raise ValueError(f"{name}: the map is {tuple(values.shape)}, the picture {tuple(pixels.shape[2:])}.")
    if not torch.isfinite(values).all():
        raise ValueError(f"{name}: the map has values that are not finite.")
    return values


def perturbed(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    values: Float[Tensor, "height width"],
    order: Order,
    fraction: float,
    imputer: str = "dataset_mean",
    seed: int = 0,
) -> Float[Tensor, "3 height width"]:
    """The very picture that a curve's point was computed from; for random orders, that of the first one."""
    removal = Removal(classifier, pixels, {"map": values}, (order,), imputer, seed, randoms=1)
    removed = removal.removed([0], [round(fraction * values.numel())])
    return remove(pixels, removed, removal.filling(removed))[0]


@dataclass(frozen=True)
class Answer:
    """What the model says of one perturbed picture: the curve's value, and its three most probable classes."""

    value: float
    top: tuple[tuple[int, float], ...]


def answer_reader(
    clean: Float[Tensor, "1 classes"], target: int, y: Y
) -> Callable[[Float[Tensor, "n classes"]], list[Answer]]:
    """Reads answers off logits, with one transfer to the host a batch."""
    if y not in get_args(Y):
        raise ValueError(f"y is one of {', '.join(get_args(Y))}; {y!r} is not.")
    if y == "probability" and clean.shape[1] == 1:
        raise ValueError("This network has one output, so its probability is always 1. Take y = relative_logit.")
    reference = float(clean[0, target])
    if y == "relative_logit" and reference <= 0:
        raise ValueError(
            f"The clean logit of the explained class is {reference:.2f}; a relative logit needs a positive one. "
            "Take y = probability, or explain a class that the model finds likelier."
        )

    def read(logits: Tensor) -> list[Answer]:
        probabilities = logits.softmax(dim=1)
        values = probabilities[:, target] if y == "probability" else logits[:, target] / reference
        top = probabilities.topk(min(3, logits.shape[1]), dim=1)
        rows = torch.cat([values[:, None], top.values, top.indices.to(top.values.dtype)], dim=1).tolist()
        kept = top.indices.shape[1]
        return [
            Answer(
                row[0],
                tuple((int(index), share) for index, share in zip(row[1 + kept :], row[1 : 1 + kept], strict=True)),
            )
            for row in rows
        ]

    return read


class Points:
    """Turns answers into points; random orders become points once all of them have answered at a step."""

    def __init__(self, lines: Sequence[Line], names: Sequence[str], fractions: Sequence[float]) -> None:
        self._lines = lines
        self._names = names
        self._fractions = fractions
        self._randoms = sum(line.order == "random" for line in lines)
        self._waiting: defaultdict[int, list[Answer]] = defaultdict(list)

    def take(self, line: int, step: int, answer: Answer) -> Iterator[CurvePoint]:
        name, order = self._lines[line].map, self._lines[line].order
        fraction = self._fractions[step]
        if order != "random":
            yield CurvePoint(name, order, fraction, answer.value, None, None, answer.top)
            return
        drawn = self._waiting[step]
        drawn.append(answer)
        if len(drawn) == self._randoms:
            values = tuple(one.value for one in drawn)
            mean, spread = fmean(values), stdev(values)
            low, high = mean - BAND * spread, mean + BAND * spread
            for each in self._names:
                yield CurvePoint(each, order, fraction, mean, low, high, drawn[0].top, values)


def check_request(maps: Mapping[str, Tensor], orders: Sequence[str], steps: int, randoms: int) -> None:
    """Refuses what would give no curve.

    Raises
    ------
    ValueError
        With what would.
    """
    unknown = [order for order in orders if order not in get_args(Order)]
    if unknown or not orders:
        raise ValueError(f"Orders are {', '.join(get_args(Order))}; got {', '.join(unknown) or 'none'}.")
    if not maps:
        raise ValueError("There is no map to follow; give at least one.")
    if steps < 1 or randoms < 1:
        raise ValueError(f"A curve needs at least 1 step and 1 random order; got {steps} and {randoms}.")


def stream_curves(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "height width"]],
    target: int,
    orders: Sequence[Order] = ("mif", "lif", "random"),
    steps: int = 50,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    batch_size: int | None = None,
    seed: int = 0,
    randoms: int = 5,
) -> Iterator[CurvePoint | Progress]:
    """The curves' points as each batch returns, coarse to fine; a step is one batch.

    Random orders are drawn once and serve every map; their points carry each map's name in turn.

    Raises
    ------
    ValueError
        Where a map does not fit the picture, or the relative logit has no positive clean logit to refer to.
    """
    check_request(maps, orders, steps, randoms)
    check_pixels(classifier, pixels)
    target = checked_target(classifier, pixels, target)
    removal = Removal(classifier, pixels, maps, orders, imputer, seed, randoms)
    counts = removal_counts(steps, pixels[0, 0].numel())
    whole = classifier.normalise(pixels)
    network = classifier.outputs_only().network

    def logits(pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            answers: Tensor = network(pictures.contiguous(memory_format=torch.channels_last))
            return answers

    everything = torch.ones_like(pixels[:, :1], dtype=torch.bool)
    gone_fill = classifier.normalise(removal.filling(everything))
    clean, gone = logits(torch.cat([whole, gone_fill.expand_as(whole)])).chunk(2)
    read = answer_reader(clean, target, y)

    def answer(batch: Sequence[tuple[int, int]]) -> list[Answer]:
        lines, at = zip(*batch, strict=True)
        removed = removal.removed(lines, [counts[step] for step in at])
        return read(logits(remove(whole, removed, classifier.normalise(removal.filling(removed)))))

    points = Points(removal.lines, list(maps), [count / counts[-1] for count in counts])
    ends = {0: read(clean)[0], steps: read(gone)[0]}
    for step, known in ends.items():
        for line in range(len(removal.lines)):
            yield from points.take(line, step, known)
    plan = [(line, step) for step in visiting_order(steps) if step not in ends for line in range(len(removal.lines))]
    size = BatchSize(batch_size) if batch_size else classifier.batch_size("forward")
    done = 0
    for batch, answers in run_in_batches(plan, answer, size):
        for (line, step), known in zip(batch, answers, strict=True):
            yield from points.take(line, step, known)
        done += len(batch)
        yield Progress(done, len(plan), "Curves")


def perturb(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "height width"]],
    target: int,
    orders: Sequence[Order] = ("mif", "lif", "random"),
    steps: int = 50,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    batch_size: int | None = None,
    seed: int = 0,
    randoms: int = 5,
) -> dict[tuple[str, Order], Curve]:
    """The finished curves of :func:`stream_curves` by map and order."""
    points = [
        event
        for event in stream_curves(
            classifier, pixels, maps, target, orders, steps, imputer, y, batch_size, seed, randoms
        )
        if isinstance(event, CurvePoint)
    ]
    return {(name, order): collect(points, name, order) for name in maps for order in orders}


def collect(points: Sequence[CurvePoint], name: str, order: Order) -> Curve:
    """The curve through those points that belong to it, in order of their fractions."""
    mine = sorted(
        (point for point in points if (point.method, point.order) == (name, order)), key=attrgetter("fraction")
    )
    return Curve(
        fractions=torch.tensor([point.fraction for point in mine], dtype=torch.float64),
        values=torch.tensor([point.value for point in mine], dtype=torch.float64),
        draws=torch.tensor([point.draws or (point.value,) for point in mine], dtype=torch.float64).T,
    )
