"""What the quick checks share: one thing is altered, and the new map is compared with the first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.models.classifier import Classifier
from core.sanity.verdict import Standing
from core.studies.scoring import Subject


@dataclass(frozen=True, eq=False)
class Altered:
    """The same question with one thing altered.

    Parameters
    ----------
    name
        The alteration, as a person reads it.
    bank
        Prepares the altered pass bank; costly work is done only when it is its turn.
    """

    name: str
    bank: Callable[[], PassBank]


class Measured(NamedTuple):
    """The effect of one alteration on a map.

    Parameters
    ----------
    value
        None where undefined; ``reason`` says why.
    companion
        A second number, shown but not judged.
    """

    name: str
    value: float | None
    companion: float | None = None
    reason: str = ""


class Judgement(NamedTuple):
    """A standing with its basis, in numbers and in words; without a standing where there is no basis."""

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
        What its value measures.
    criterion
        What passes and what fails.
    limits
        What it cannot show.
    alter
        The alterations, each for a run of its own; none where the network has nothing to alter.
    count
        Their number for a classifier, known before any picture is.
    without
        The explanation for that case.
    compare
        The effect of an alteration: from the original map and the new one.
    judge
        The standing, from what is known so far.
    spare
        A judgement that needs no run; None where one is needed.
    """

    name: str
    label: str
    summary: str
    number: str
    criterion: str
    limits: tuple[str, ...]
    paper: str
    alter: Callable[[Subject], Sequence[Altered]]
    count: Callable[[Classifier], int]
    without: str
    compare: Callable[[Altered, Heatmap, Heatmap], Measured]
    judge: Callable[[Sequence[Measured]], Judgement]
    spare: Callable[[Heatmap], Judgement | None] = lambda _: None


CONSTANT = "that map is constant."


def unknown(sentence: str) -> Judgement:
    return Judgement(None, None, None, None, sentence)


def known(found: Sequence[Measured]) -> tuple[list[float], str]:
    """The known values, and a sentence on the undefined ones; empty where all are known.

    >>> known([Measured("one", 0.5), Measured("other", None, reason=CONSTANT)])
    ([0.5], 'Undefined for other: that map is constant.')
    """
    gaps = [each for each in found if each.value is None]
    values = [each.value for each in found if each.value is not None]
    if not gaps:
        return values, ""
    names, reasons = (dict.fromkeys(part) for part in ([each.name for each in gaps], [each.reason for each in gaps]))
    return values, f"Undefined for {' and '.join(names)}: {' '.join(reasons)}"


def sentences(*parts: str) -> str:
    """The non-empty ones, one after the other."""
    return " ".join(part for part in parts if part)


def span(values: Sequence[float], figure: str = "{:z.2f}") -> str:
    """From the smallest to the largest, or a single number where both read the same.

    >>> span([0.31, -0.12]), span([0.501, 0.499])
    ('−0.12 to 0.31', '0.50')
    """
    low, high = (figure.format(end(values)).replace("-", "−") for end in (min, max))
    return low if low == high else f"{low} to {high}"
