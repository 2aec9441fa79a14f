"""What the quick checks share: one thing is altered in what was asked, and the new map is held against the first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.sanity.verdict import Standing
from core.studies.scoring import Subject


@dataclass(frozen=True, eq=False)
class Altered:
    """The same question with one thing altered.

    Parameters
    ----------
    name
        The thing, as a person reads it.
    bank
        Makes ready what will be asked; where that costs something, only when it is its turn.
    """

    name: str
    bank: Callable[[], PassBank]


class Measured(NamedTuple):
    """What one alteration did to a map.

    Parameters
    ----------
    value
        None where it can't be told; ``reason`` says why.
    aside
        A second figure, told and not judged.
    """

    name: str
    value: float | None
    aside: float | None = None
    reason: str = ""


class Judgement(NamedTuple):
    """A standing with what it rests on, in figures and in words; without one where nothing can be told."""

    value: float | None
    low: float | None
    high: float | None
    standing: Standing | None
    sentence: str


@dataclass(frozen=True)
class Check:
    """What is known of a check before it runs.

    Parameters
    ----------
    number
        What a value of it is.
    criterion
        What passes and what fails.
    limits
        What it can't tell.
    alter
        What is altered, each for a run of its own; nothing where the network leaves nothing to alter.
    without
        What to say there.
    compare
        What an alteration did: from the map of the question as it was, and the new one.
    judge
        The standing, from what is known so far.
    spare
        What is known of a map without any run; None where it has to be tried.
    """

    name: str
    label: str
    summary: str
    number: str
    criterion: str
    limits: tuple[str, ...]
    paper: str
    alter: Callable[[Subject], Sequence[Altered]]
    without: str
    compare: Callable[[Altered, Heatmap, Heatmap], Measured]
    judge: Callable[[Sequence[Measured]], Judgement]
    spare: Callable[[Heatmap], Judgement | None] = lambda _: None


CONSTANT = "that map is constant."


def unknown(sentence: str) -> Judgement:
    return Judgement(None, None, None, None, sentence)


def told(found: Sequence[Measured]) -> tuple[list[float], str]:
    """The values that are known, and a sentence on those that are not; empty where all are.

    >>> told([Measured("one", 0.5), Measured("other", None, reason=CONSTANT)])
    ([0.5], "It can't be told for other: that map is constant.")
    """
    gaps = [each for each in found if each.value is None]
    values = [each.value for each in found if each.value is not None]
    if not gaps:
        return values, ""
    names, reasons = (dict.fromkeys(part) for part in ([each.name for each in gaps], [each.reason for each in gaps]))
    return values, f"It can't be told for {' and '.join(names)}: {' '.join(reasons)}"


def sentences(*parts: str) -> str:
    """Those that say something, one after the other."""
    return " ".join(part for part in parts if part)


def span(values: Sequence[float], figure: str = "{:.2f}") -> str:
    """From the least to the largest, or the one where both read alike.

    >>> span([0.31, 0.12]), span([0.501, 0.499])
    ('0.12 to 0.31', '0.50')
    """
    low, high = figure.format(min(values)), figure.format(max(values))
    return low if low == high else f"{low} to {high}"
