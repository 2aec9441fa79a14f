"""A metric describes itself: name, symbol, range, direction, unit, its value for a random map, its paper."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import docstring_parser

from core.lookup import find
from core.metrics.evidence import Evidence, Trace

Group = Literal["faithfulness", "plausibility", "robustness", "complexity"]
Direction = Literal["higher", "lower", "none"]
Need = Literal[
    "truth", "causal", "distractor", "kept", "removals", "moved", "repeated", "ceiling", "variations", "pictures"
]
Measure = Callable[[Evidence], float | None]


@dataclass(frozen=True)
class Metric:
    """What is known of a metric before it is computed.

    Parameters
    ----------
    group
        What it is about. Agreement with the location of the cue (plausibility) is no evidence of agreement with what
        the model uses (faithfulness).
    low, high
        Its range for probabilities; a relative logit may exceed it.
    direction
        Which way is better; ``"none"`` where a metric describes rather than judges.
    random
        Its value for a random map, as text.
    needs
        The evidence it needs beside the map and the curves; made only where some metric needs it.
    reads
        The curves that it is computed from.
    ratio_of
        The two metrics whose ratio it is. Over many pictures it is the ratio of their means, since a mean of ratios is
        dominated by pictures with a denominator near zero.
    dependence
        How much wider its intervals are than for independent pictures, where the score of one depends on others.
    measure
        The score of the evidence; None where it is undefined.
    """

    name: str
    label: str
    symbol: str
    group: Group
    low: float | None
    high: float | None
    direction: Direction
    unit: str
    random: str
    paper: str
    summary: str
    explanation: str
    needs: tuple[Need, ...]
    reads: tuple[Trace, ...]
    ratio_of: tuple[str, str] | None
    dependence: float
    measure: Measure

    @property
    def needs_truth(self) -> bool:
        """Whether it is defined only where somebody marked a region."""
        return "truth" in self.needs

    @property
    def needs_stamp(self) -> bool:
        """Whether it is defined only for a stamped picture and a model trained to see the stamp."""
        return "causal" in self.needs or "distractor" in self.needs

    @property
    def needs_pictures(self) -> bool:
        """Whether it is defined only over many pictures, once all of them are there."""
        return "pictures" in self.needs

    @property
    def heading(self) -> str:
        """The heading of its column: its symbol where that is a word of its own."""
        return self.symbol if self.symbol.isalpha() else self.label


_METRICS: dict[str, Metric] = {}


def metric(
    *,
    label: str,
    group: Group,
    direction: Direction,
    unit: str,
    random: str,
    paper: str,
    symbol: str = "",
    low: float | None = None,
    high: float | None = None,
    needs: tuple[Need, ...] = (),
    reads: tuple[Trace, ...] = (),
    ratio_of: tuple[str, str] | None = None,
    dependence: float = 1.0,
) -> Callable[[Measure], Measure]:
    """Registers a measure under its own name; its docstring becomes the metadata."""

    def register(measure: Measure) -> Measure:
        document = docstring_parser.parse(inspect.getdoc(measure) or "")
        name = measure.__name__
        _METRICS[name] = Metric(
            name=name,
            label=label,
            symbol=symbol,
            group=group,
            low=low,
            high=high,
            direction=direction,
            unit=unit,
            random=random,
            paper=paper,
            summary=(document.short_description or "").replace("\n", " "),
            explanation=document.long_description or "",
            needs=needs,
            reads=reads,
            ratio_of=ratio_of,
            dependence=dependence,
            measure=measure,
        )
        return measure

    return register


def list_metrics() -> tuple[Metric, ...]:
    """Every metric, group by group."""
    return tuple(_METRICS.values())


def find_metric(name: str) -> Metric:
    """The metric with that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find(_METRICS, name, "metric")
