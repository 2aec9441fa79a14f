"""Events as the browser reads them: one small JSON object each, by one rule.

A message's kind is the name of its event's class, and its fields are the event's own. Exceptions are registered below;
pictures and maps are fetched separately, by sequence number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import singledispatch
from math import isfinite
from typing import Any

from core.coherency.events import PictureShown
from core.methods.heatmap import Heatmap
from core.methods.registry import REDUCTIONS
from core.metrics.ceiling import Ceiling
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import FidelityReady
from core.metrics.leak import LeakReady
from core.retraining.directions import Direction
from core.sanity.many_pictures import PictureChecked, SanitySummary
from core.sanity.stages import Stage
from core.stamping.gate import NEEDED, Gate
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.reconstructions import PictureReconstructed

Message = dict[str, Any]
NOT_SENT: Mapping[type, tuple[str, ...]] = {
    Ceiling: ("values",),  # a tensor
    Direction: ("accuracies",),  # for the engine; its words name those that count
    CurvePoint: ("draws",),  # up to hundreds a point; the page draws their band
    Heatmap: ("values", "attribution", "doubt", "settings", "missed"),  # tensors; what was asked; what notes tell
    PictureChecked: ("points",),  # all stages of all methods; the summary has their means
    PictureReconstructed: ("results",),  # all regions of all methods; the summary has their means
    PictureShown: ("pixels", "maps"),  # tensors; the page has them as pictures
    PictureScored: ("scores", "correct"),  # the summary has their means and the accuracy, the files have each score
    Stage: ("groups",),  # places of layers, for the engine
}
"""Fields that stay here."""
GATE = {
    "accuracy": ("Test accuracy", "Over all test pictures, stamped or not."),
    "flips": (
        "Pasting the stamp flips",
        "Share of regular pictures, predicted so before and by the stamp after pasting.",
    ),
    "returns": (
        "Erasing the stamp returns",
        "Share of stamped pictures, predicted so before and regular after erasing.",
    ),
}
"""What the figures of a gate are called, and what they are shares of."""


def to_message(event: object, labels: Sequence[str]) -> Message:
    """The message of an event; its kind is the name of the event's class.

    Raises
    ------
    TypeError
        Where it is not an event, or holds something that JSON cannot represent.
    """
    return {"kind": type(event).__name__, **content(event, labels)}


def plain(value: object, labels: Sequence[str]) -> Any:
    """A value as JSON has it; None for an undefined number.

    >>> plain({"low": float("nan"), "ends": (0.5, 1)}, ())
    {'low': None, 'ends': [0.5, 1]}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return number(value)
        case Mapping():
            return {name: plain(each, labels) for name, each in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return plain(value._asdict(), labels)
        case tuple() | list():
            return [plain(each, labels) for each in value]
    return content(value, labels)


@singledispatch
def content(value: object, labels: Sequence[str]) -> Message:
    """The content of a message: the fields of a dataclass, unless another content is registered."""
    return own_fields(value, labels)


def own_fields(value: object, labels: Sequence[str]) -> Message:
    """The fields of a dataclass, each by the rule."""
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} has no message.")
    left_out = NOT_SENT.get(type(value), ())
    names = (field.name for field in fields(value) if field.name not in left_out)
    return {name: plain(getattr(value, name), labels) for name in names}


@content.register
def _(heatmap: Heatmap, labels: Sequence[str]) -> Message:
    height, width = heatmap.values.shape
    described = {"height": height, "width": width, "target": labels[heatmap.target]}
    in_words = {"reduction": REDUCTIONS[heatmap.reduction], "seconds": number(round(heatmap.seconds, 3))}
    return own_fields(heatmap, labels) | described | in_words


@content.register
def _(point: CurvePoint, labels: Sequence[str]) -> Message:
    return own_fields(point, labels) | {"top": [[labels[index], number(share)] for index, share in point.top]}


@content.register
def _(event: FidelityReady, labels: Sequence[str]) -> Message:
    return own_fields(event.fidelity, labels) | {"words": event.fidelity.words, "final": event.final}


@content.register
def _(ceiling: Ceiling, labels: Sequence[str]) -> Message:
    shares = {name: number(ceiling.share(value)) for name, value in ceiling.fidelities.items()}
    return own_fields(ceiling, labels) | {"shares": shares, "sentence": ceiling.sentence}


@content.register
def _(event: SummaryReady, labels: Sequence[str]) -> Message:
    bounds = (each for each in event.summary if each.metric == "artifact_bound")
    tightest = min(bounds, key=lambda each: each.mean, default=None)
    rows, best_bound = plain(event.summary, labels), plain(tightest, labels)
    accuracy = event.accuracy and event.accuracy.words
    return {"pictures": event.pictures, "rows": rows, "best_bound": best_bound, "accuracy": accuracy}


@content.register
def _(event: LeakReady, labels: Sequence[str]) -> Message:  # noqa: ARG001 -- every message has them at hand
    return {"words": event.words, "methods": {each.method: each.words for each in event.leaks}}


@content.register
def _(event: SanitySummary, labels: Sequence[str]) -> Message:  # noqa: ARG001 -- every message has them at hand
    curves: dict[str, dict[str, list[list[float | None]]]] = {}
    for each in event.rows:
        points = curves.setdefault(each.similarity, {}).setdefault(each.method, [])
        ends = max(each.low, -1.0), min(each.high, 1.0)  # the range of a correlation
        points.append([each.stage, *map(rounded, (each.mean, *ends)), each.n])
    return {"pictures": event.pictures, "curves": curves}


@content.register
def _(gate: Gate, labels: Sequence[str]) -> Message:  # noqa: ARG001 -- every message has them at hand
    counts = {"accuracy": gate.n_test, "flips": gate.n_test - gate.n_stamped, "returns": gate.n_stamped}
    figures = [
        {
            "label": label,
            "meaning": meaning,
            "value": number(getattr(gate, name)),
            "low": gate.intervals[name][0],
            "high": gate.intervals[name][1],
            "n": counts[name],
        }
        for name, (label, meaning) in GATE.items()
    ]
    return {"passed": gate.passed, "least": NEEDED, "figures": figures, "sentence": gate.sentence}


def rounded(value: float) -> float | None:
    """As many digits as a curve can show, so that hundreds of points make a small message.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return round(value, 4) if isfinite(value) else None


def number(value: float | None) -> float | None:
    """A number as JSON has it; None for an undefined one.

    >>> number(float("nan")), number(0.5)
    (None, 0.5)
    """
    return value if value is not None and isfinite(value) else None
