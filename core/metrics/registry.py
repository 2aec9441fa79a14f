"""A score knows itself: name, symbol, range, direction, unit, its value for a random map, its paper."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import docstring_parser

from core.lookup import find
from core.metrics.evidence import Evidence, Trace

Group = Literal["faithfulness", "plausibility", "robustness", "complexity"]
Direction = Literal["higher", "lower", "none"]
Need = Literal["truth", "causal", "distractor", "kept", "removals", "moved", "repeated"]
Measure = Callable[[Evidence], float | None]


@dataclass(frozen=True)
class Metric:
    """What is known of a score before it is computed.

    Parameters
    ----------
    group
        What it is about. Agreement with where the cue is (plausibility) is no evidence of agreement with what the
        model uses (faithfulness).
    low, high
        Its range for probabilities; a relative logit may leave it.
    direction
        Which way is better; ``"none"`` where a score describes rather than judges.
    random
        Its value for a random map, as it is written.
    needs
        What of the evidence it is computed from, beside the map and the curves; made only where some metric needs it.
    reads
        The curves that it is computed from.
    ratio_of
        The two scores whose ratio it is. Over many pictures it is the ratio of their means, since a mean of ratios
        hangs on the pictures where next to nothing is divided by.
    measure
        The score of the evidence; None where it can't be told.
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
    measure: Measure

    @property
    def needs_truth(self) -> bool:
        """Whether it can be told only where somebody marked the truth."""
        return "truth" in self.needs

    @property
    def needs_stamp(self) -> bool:
        """Whether it can be told only where a stamp was put on the picture, and a model learnt to see it."""
        return "causal" in self.needs or "distractor" in self.needs

    @property
    def heading(self) -> str:
        """What a column of this score is called: its symbol where that is a word of its own."""
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
) -> Callable[[Measure], Measure]:
    """Enters a measure into the registry under its own name; its docstring becomes the metadata."""

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
            measure=measure,
        )
        return measure

    return register


def list_metrics() -> tuple[Metric, ...]:
    """Every score, group by group."""
    return tuple(_METRICS.values())


def find_metric(name: str) -> Metric:
    """The score of that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find(_METRICS, name, "metric")
