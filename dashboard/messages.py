"""Events as the browser reads them: one small JSON object each."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import FidelityReady

Message = dict[str, Any]


@singledispatch
def to_message(event: object, labels: Sequence[str]) -> Message:  # noqa: ARG001
    """What the page needs of an event; pictures and maps are fetched apart, by sequence number."""
    raise TypeError(f"{type(event).__name__} has no message.")


@to_message.register
def _(event: Progress, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "progress", "done": event.done, "total": event.total, "what": event.what}


@to_message.register
def _(event: HeatmapReady, labels: Sequence[str]) -> Message:
    heatmap = event.heatmap
    height, width = heatmap.values.shape
    return {
        "kind": "heatmap",
        "method": heatmap.method,
        "final": event.final,
        "height": height,
        "width": width,
        "target": labels[heatmap.target],
        "reduction": heatmap.reduction,
        "seconds": round(heatmap.seconds, 3),
        "forward": heatmap.passes.forward,
        "backward": heatmap.passes.backward,
        "notes": list(heatmap.notes),
    }


@to_message.register
def _(event: MethodRefused, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "refused", "method": event.method, "reason": event.reason}


@to_message.register
def _(event: CurvePoint, labels: Sequence[str]) -> Message:
    return {
        "kind": "curve",
        "method": event.method,
        "order": event.order,
        "fraction": event.fraction,
        "value": event.value,
        "low": event.low,
        "high": event.high,
        "top": [[labels[index], probability] for index, probability in event.top],
    }


@to_message.register
def _(event: FidelityReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    fidelity = event.fidelity
    return {
        "kind": "fidelity",
        "method": fidelity.method,
        "final": event.final,
        "value": fidelity.value,
        "spread": fidelity.spread,
        "mrg": fidelity.mrg,
        "lrg": fidelity.lrg,
        "artifact_share": fidelity.artifact_share,
        "best_bound": fidelity.best_bound,
        "verdict": fidelity.verdict,
        "sentence": fidelity.sentence,
    }
