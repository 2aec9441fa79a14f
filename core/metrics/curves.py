"""Perturbation curves: the model's answer as pixels are removed, most or least important first.

After Brocki and Chung 2022, arXiv:2203.02928, and 2023, arXiv:2303.01538. Decide, then do: the order of pixels, the
counts and the order of visits are plain functions of numbers; the loop that runs them is short.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import fmean, stdev
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.stream_results import collects
from core.metrics.answers import Answer, Answers, Y
from core.metrics.removal import Line, Order, Removal, Unit, Visit, removal_counts
from core.models.batching import BatchSize
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import check_contrast
from core.pictures.imputers import find_imputer

BAND = 2.0


@dataclass(frozen=True)
class CurvePoint:
    """One answer of the model.

    Parameters
    ----------
    fraction
        Share of the pixels removed.
    low, high
        Band of random orders, two standard deviations either way; None for a single order.
    top
        The three most probable classes there, with their probabilities; for random orders, those of the first one.
    draws
        The answers that ``value`` averages, each random order followed by its reverse; empty for a single order.
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
        The curves that ``values`` averages: one, or the random orders, each followed by its reverse.
    """

    fractions: Float[Tensor, " points"]
    values: Float[Tensor, " points"]
    draws: Float[Tensor, "orders points"]

    @property
    def area(self) -> float:
        """Area by the trapezoidal rule over the fraction removed."""
        return float(torch.trapezoid(self.values, self.fractions))


def visiting_order(steps: int) -> list[int]:
    """Steps 0..steps, the ends first, then halving: a reader sees the whole curve at once, then its detail.

    >>> visiting_order(4)
    [0, 4, 2, 1, 3]
    """
    spans, order = deque([(0, steps)]), [0, steps]
    while spans:
        low, high = spans.popleft()
        halfway = (low + high) // 2
        if low < halfway:
            order.append(halfway)
            spans += [(low, halfway), (halfway, high)]
    return order


def perturbed(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    values: Float[Tensor, "*channels height width"],
    order: Order,
    fraction: float,
    imputer: str = "dataset_mean",
    seed: int = 0,
    unit: Unit = "pixel",
    side: int = 9,
) -> Float[Tensor, "3 height width"]:
    """The exact picture behind a curve's point; for random orders, that of the first one."""
    removal = Removal(classifier, pixels, {"map": values}, (order,), seed, 1, unit, side)
    return removal.pictures([Visit(0, round(fraction * removal.places), imputer)])[0]


class Points:
    """Turns answers into points; random orders become points once all of them have an answer at a step."""

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


def check_request(maps: Mapping[str, Tensor], orders: Sequence[str], randoms: int) -> None:
    """Refuses a request that would give no curve.

    Raises
    ------
    ValueError
        With what is accepted.
    """
    unknown = [order for order in orders if order not in get_args(Order)]
    if unknown or not orders:
        raise ValueError(f"Orders are {', '.join(get_args(Order))}; got {', '.join(unknown) or 'none'}.")
    if not maps:
        raise ValueError("There is no map to perturb by; pass at least one.")
    if randoms < 1:
        raise ValueError(f"A curve needs at least 1 random order; got {randoms}.")


def stream_curves(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "*channels height width"]],
    target: ClassChoice,
    orders: Sequence[Order] = ("mif", "lif", "random"),
    steps: int | Sequence[float] = 50,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    batch_size: int | None = None,
    seed: int = 0,
    randoms: int = 5,
    unit: Unit = "pixel",
    side: int = 9,
    rather_than: int | None = None,
) -> Iterator[CurvePoint | Progress]:
    """The curves' points as each batch returns, coarse to fine; a step is one batch.

    Random orders are drawn once and serve every map; their points carry each map's name in turn.

    Parameters
    ----------
    steps
        The number of equal steps, or the shares removed; none and all are always visited.
    unit, side
        Removal unit: ``pixel``, ``region`` (squares of that side), ``superpixel``, or ``feature`` (one channel of a
        pixel; maps may then have channels).
    rather_than
        A class to contrast the target with: the curves show the target's share among these two.

    Raises
    ------
    ValueError
        Where a map does not fit the picture, or the relative logit has no positive clean logit to refer to.
    """
    check_request(maps, orders, randoms)
    pixels = checked_pixels(classifier, pixels)
    find_imputer(imputer)
    explained = checked_target(classifier, pixels, target)
    check_contrast(explained, rather_than)
    removal = Removal(classifier, pixels, maps, orders, seed, randoms, unit, side)
    counts = removal_counts(steps, removal.places)
    answers = Answers(classifier, pixels, explained, y, rather_than)
    points = Points(removal.lines, list(maps), [count / counts[-1] for count in counts])
    (gone,) = answers(removal.normalised([Visit(0, counts[-1], imputer)]))
    ends = {0: answers.clean, len(counts) - 1: gone}
    for step, known in ends.items():
        for line in range(len(removal.lines)):
            yield from points.take(line, step, known)
    step_of = {count: step for step, count in enumerate(counts)}
    plan = [
        Visit(line, counts[step], imputer)
        for step in visiting_order(len(counts) - 1)
        if step not in ends
        for line in range(len(removal.lines))
    ]
    done = 0
    size = BatchSize(batch_size) if batch_size else classifier.batch_size("forward")
    for batch, known_now in answers.along(removal, plan, size):
        for visit, known in zip(batch, known_now, strict=True):
            yield from points.take(visit.line, step_of[visit.gone], known)
        done += len(batch)
        yield Progress(done, len(plan), "Curves")


@collects(stream_curves)
def perturb(events: Iterator[CurvePoint | Progress], asked: Mapping[str, Any]) -> dict[tuple[str, Order], Curve]:
    """The finished curves of :func:`stream_curves` by map and order."""
    points = [event for event in events if isinstance(event, CurvePoint)]
    return {(name, order): collect(points, name, order) for name in asked["maps"] for order in asked["orders"]}


def area_between(upper: Curve, lower: Curve) -> float:
    """How much one curve's area exceeds the other's."""
    return upper.area - lower.area


def collect(points: Sequence[CurvePoint], name: str, order: Order) -> Curve:
    """The curve through the points that belong to it, in order of their fractions."""
    mine = sorted(
        (point for point in points if (point.method, point.order) == (name, order)), key=attrgetter("fraction")
    )
    return Curve(
        fractions=torch.tensor([point.fraction for point in mine], dtype=torch.float64),
        values=torch.tensor([point.value for point in mine], dtype=torch.float64),
        draws=torch.tensor([point.draws or (point.value,) for point in mine], dtype=torch.float64).T,
    )
