"""Curves for metrics, under any imputer, computed together so that every perturbed picture is evaluated once."""

from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.jobs.events import Progress
from core.metrics.answers import Answers, Y
from core.metrics.copies import copy_for_chance, irregular_parts
from core.metrics.curves import Curve
from core.metrics.evidence import Trace
from core.metrics.removal import Cells, Order, Removal, Unit, Visit, places_of, removal_counts
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.pictures.imputers import find_imputer
from core.randomness import generator, picture_digest

Curves = dict[str, dict[Trace, Curve]]


@dataclass(frozen=True)
class Perturbation:
    """How pixels are removed where a metric does not specify it, and what is read from the model's answer.

    Parameters
    ----------
    imputer
        What replaces a removed pixel.
    unit, side
        Removal unit: ``pixel``, ``region`` (squares of that side), ``superpixel`` or ``feature``.
    y
        ``probability`` of the target, its ``relative_logit``, or ``accuracy``.
    steps
        Number of equal steps from the whole picture to nothing.
    randoms
        Number of random orders, each followed forwards and backwards.
    """

    imputer: str = "dataset_mean"
    unit: Unit = "pixel"
    side: int = 9
    y: Y = "probability"
    steps: int = 10
    randoms: int = 3

    def __post_init__(self) -> None:
        """Refuses a perturbation that fits no picture.

        Raises
        ------
        ValueError
            With the choices that exist.
        """
        find_imputer(self.imputer)
        for name, value, known in (("unit", self.unit, get_args(Unit)), ("y", self.y, get_args(Y))):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}.")
        if self.steps < 1 or self.randoms < 1 or self.side < 1:
            raise ValueError(
                f"Curves need at least 1 step, 1 random order and a side of 1 pixel; got {self.steps}, {self.randoms} "
                f"and {self.side}."
            )

    def complete(self, trace: Trace) -> Trace:
        """The trace with the imputer filled in where it is left open; two that are then equal are one curve."""
        return replace(trace, imputer=trace.imputer or self.imputer)

    def of(self, trace: Trace) -> tuple[str, int | tuple[float, ...]]:
        """Imputer and steps of a trace, filled in where it leaves them open."""
        return trace.imputer or self.imputer, trace.fractions or self.steps


def count_visits(traces: Iterable[Trace], maps: int, perturbation: Perturbation, size: Sequence[int]) -> int:
    """The number of perturbed pictures between the ends of the traces of this many maps, each counted once.

    >>> count_visits([Trace("mif"), Trace("mif", fractions=(0.5,)), Trace("random")], 3, Perturbation(steps=4), (4, 4))
    27
    """
    places = places_of(perturbation.unit, size)
    between: defaultdict[tuple[Order, int, str], set[int]] = defaultdict(set)
    for trace in traces:
        imputer, steps = perturbation.of(trace)
        copy = 0 if trace.order == "random" else trace.copy
        between[trace.order, copy, imputer].update(removal_counts(steps, places)[1:-1])
    lines = {"mif": maps, "lif": maps, "random": 2 * perturbation.randoms}
    return sum(lines[order] * len(counts) for (order, _, _), counts in between.items())


class Plan:
    """The perturbed pictures that some traces of some maps pass through.

    Parameters
    ----------
    maps
        Importance of each pixel, or of each channel of each pixel, by name.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        maps: Mapping[str, Float[Tensor, "*channels height width"]],
        traces: Sequence[Trace],
        perturbation: Perturbation,
        seed: int,
    ) -> None:
        self._names = list(maps)
        self._asked = {trace: perturbation.of(trace) for trace in traces}
        self.imputers = list(dict.fromkeys(imputer for imputer, _ in self._asked.values()))
        parts = {name: irregular_parts(values) for name, values in maps.items() if any(each.copy for each in traces)}
        lined = {
            f"{name} {copy}": copied(values, parts[name], copy, pixels, seed) if copy else values
            for copy in sorted({trace.copy for trace in traces})
            for name, values in maps.items()
        }
        orders: set[Order] = {trace.order for trace in traces}
        self.removal = Removal(
            classifier, pixels, lined, orders, seed, perturbation.randoms, perturbation.unit, perturbation.side
        )
        self._lines: defaultdict[tuple[str, Order], list[int]] = defaultdict(list)
        for number, line in enumerate(self.removal.lines):
            self._lines[line.map, line.order].append(number)

    def _lines_of(self, name: str, trace: Trace) -> list[int]:
        return self._lines["" if trace.order == "random" else f"{name} {trace.copy}", trace.order]

    def _counts(self, trace: Trace) -> list[int]:
        return removal_counts(self._asked[trace][1], self.removal.places)

    def visits(self) -> list[Visit]:
        """Every perturbed picture between the ends once, imputer by imputer."""
        wanted = {
            Visit(line, count, imputer)
            for trace, (imputer, _) in self._asked.items()
            for name in self._names
            for line in self._lines_of(name, trace)
            for count in self._counts(trace)[1:-1]
        }
        return sorted(wanted, key=lambda visit: (self.imputers.index(visit.imputer), visit.gone, visit.line))

    def all_gone(self) -> list[Visit]:
        """The fully removed picture for each imputer."""
        return [Visit(0, self.removal.places, imputer) for imputer in self.imputers]

    def curves(self, values: Mapping[Visit, float], clean: float, gone: Mapping[str, float]) -> Curves:
        """The curves through the values that were found."""
        return {
            name: {trace: self._curve(name, trace, values, clean, gone) for trace in self._asked}
            for name in self._names
        }

    def _curve(
        self, name: str, trace: Trace, values: Mapping[Visit, float], clean: float, gone: Mapping[str, float]
    ) -> Curve:
        imputer, counts = self._asked[trace][0], self._counts(trace)
        draws = torch.tensor(
            [
                [clean, *(values[Visit(line, count, imputer)] for count in counts[1:-1]), gone[imputer]]
                for line in self._lines_of(name, trace)
            ],
            dtype=torch.float64,
        )
        return Curve(torch.tensor(counts, dtype=torch.float64) / counts[-1], draws.mean(dim=0), draws)


def copied(
    values: Float[Tensor, "*channels height width"],
    parts: Cells | None,
    copy: int,
    pixels: Float[Tensor, "1 3 height width"],
    seed: int,
) -> Float[Tensor, "*channels height width"]:
    """The map's copy with that number; all maps of a picture are moved in the same way."""
    return copy_for_chance(values, parts, copy, generator(seed, picture_digest(pixels), "copy", copy))


def trace_curves(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "*channels height width"]],
    traces: Sequence[Trace],
    answers: Answers,
    perturbation: Perturbation,
    seed: int = 0,
) -> Generator[Progress, None, Curves]:
    """The curves of every map along every trace; yields after each batch, and returns them.

    Raises
    ------
    ValueError
        Where an imputer or a unit does not exist, or a map does not fit the picture.
    """
    if not (maps and traces):
        return {name: {} for name in maps}
    plan = Plan(classifier, pixels, maps, traces, perturbation, seed)
    visits = plan.visits()
    yield Progress(0, len(visits), "Curves")
    ends = answers(plan.removal.normalised(plan.all_gone()))
    values: dict[Visit, float] = {}
    for batch, known in answers.along(plan.removal, visits, classifier.batch_size("forward")):
        values |= {visit: answer.value for visit, answer in zip(batch, known, strict=True)}
        yield Progress(len(values), len(visits), "Curves")
    gone = {imputer: answer.value for imputer, answer in zip(plan.imputers, ends, strict=True)}
    return plan.curves(values, answers.clean.value, gone)


def kept_values(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "height width"]],
    answers: Answers,
) -> Generator[Progress, None, dict[str, float]]:
    """The y value of the picture multiplied by each map that has a positive place; yields after each batch.

    The map is divided by its maximum, negative places are 0, and what is not kept becomes the data set's mean: this is
    what multiplying the normalised picture amounts to.
    """
    positive = {name: F.relu(values) for name, values in maps.items() if values.max() > 0}
    whole = classifier.normalise(pixels)
    mean = classifier.normalise(pixels.new_tensor(classifier.dataset_mean).view(1, -1, 1, 1))

    def faded(names: Sequence[str]) -> Float[Tensor, "n 3 height width"]:
        weights = torch.stack([positive[name] / positive[name].max() for name in names])[:, None].to(whole)
        return torch.lerp(mean.expand_as(whole), whole, weights)

    found: dict[str, float] = {}
    for names, known in run_in_batches(
        list(positive), lambda names: answers(faded(names)), classifier.batch_size("forward")
    ):
        found |= {name: answer.value for name, answer in zip(names, known, strict=True)}
        yield Progress(len(found), len(positive), "Pictures multiplied by maps")
    return found
