"""Events as the browser reads them: one small JSON object each."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import singledispatch
from math import isfinite
from typing import Any

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import FidelityReady
from core.metrics.similarity import SIMILARITIES
from core.metrics.statistics import Summary
from core.models.training import EpochDone
from core.sanity.checks import CheckReady
from core.sanity.label_networks import ROLES, NetworkLearning
from core.sanity.labels import LabelMap, LabelsReady, NetworksReady
from core.sanity.randomisation import StageReady, StagesFound
from core.sanity.study import PictureChecked, SanitySummary
from core.sanity.verdict import Alike, VerdictReady
from core.stamping.agreement import SpreadReady
from core.stamping.benchmark import SweepPoint
from core.stamping.causal import CausalReady
from core.stamping.gate import NEEDED, Gate, GateReady
from core.stamping.training import ModelTrained
from core.studies.evaluation import PictureRefused, PictureScored, SummaryReady, TruthRefused
from core.studies.imputer_rankings import ImputerRanked
from core.studies.matched import MatchedReady
from core.studies.scoring import ScoresReady

Message = dict[str, Any]
GATE = {
    "accuracy": ("Test pictures named rightly", "Of all test pictures, stamped or not."),
    "flips": ("Pasting the stamp flips", "Of regular pictures, called so before and by the stamp after it was put on."),
    "returns": ("Erasing the stamp returns", "Of stamped pictures, called so before and regular after it was erased."),
}
"""What the figures of a gate are called, and what they are shares of."""


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


@to_message.register
def _(event: ScoresReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    scores = {name: number(score) for name, score in event.scores.items()}
    return {"kind": "scores", "method": event.method, "scores": scores}


@to_message.register
def _(event: CausalReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "causal", **asdict(event)}


@to_message.register
def _(event: SpreadReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    spread = {name: number(deviation) for name, deviation in event.spread.items()}
    return {"kind": "spread", "method": event.method, "spread": spread, "seeds": event.seeds}


@to_message.register
def _(event: PictureScored, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "picture", "picture": event.picture, "done": event.done, "total": event.total}


@to_message.register
def _(event: PictureRefused, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "picture_refused", "picture": event.picture, "reason": event.reason}


@to_message.register
def _(event: TruthRefused, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "truth_refused", "picture": event.picture, "reason": event.reason}


@to_message.register
def _(event: SummaryReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    bounds = (each for each in event.summary if each.metric == "artifact_bound")
    tightest = min(bounds, key=lambda each: each.mean, default=None)
    rows = [row(each) for each in event.summary]
    return {"kind": "summary", "pictures": event.pictures, "rows": rows, "best_bound": tightest and row(tightest)}


@to_message.register
def _(event: ImputerRanked, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "imputer", "imputer": event.imputer, "scores": dict(event.scores)}


@to_message.register
def _(event: MatchedReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {
        "kind": "matched",
        "value": event.value,
        "by_chance": list(event.by_chance),
        "rank": event.rank,
        "final": event.final,
    }


@to_message.register
def _(event: EpochDone, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "epoch", **{name: number(value) for name, value in asdict(event).items()}}


@to_message.register
def _(event: GateReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return told_of_gate(event.gate)


@to_message.register
def _(event: ModelTrained, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "trained", "name": event.name, "title": event.title, "passed": event.gate.passed}


@to_message.register
def _(event: SweepPoint, labels: Sequence[str]) -> Message:  # noqa: ARG001
    distances = {
        method: {name: number(value) for name, value in estimate._asdict().items()}
        for method, estimate in event.distances.items()
    }
    return {
        "kind": "sweep",
        "size": event.size,
        "opacity": event.opacity,
        "passed": event.gate.passed,
        "sentence": event.gate.sentence,
        "distances": distances,
        "done": event.done,
        "total": event.total,
    }


@to_message.register
def _(event: StagesFound, labels: Sequence[str]) -> Message:  # noqa: ARG001
    stages = [{"number": stage.number, "title": stage.title, "share": stage.share} for stage in event.stages]
    return {"kind": "stages", "mode": event.mode, "draws": event.draws, "stages": stages}


@to_message.register
def _(event: StageReady, labels: Sequence[str]) -> Message:
    return {
        "kind": "stage",
        "method": event.method,
        "stage": event.stage,
        "title": event.title,
        "share": event.share_randomised,
        "draw": event.draw,
        "reason": event.reason,
        **{name: number(getattr(event, name)) for name in SIMILARITIES},
        **told_of_map(event.heatmap, labels),
    }


@to_message.register
def _(event: VerdictReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    figures = {name: told_of_alike(getattr(event, name)) for name in ("mean", "last")}
    return {"kind": "verdict", **asdict(event), **figures, "chance": event.chance and list(event.chance)}


@to_message.register
def _(event: CheckReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {
        "kind": "check",
        **asdict(event),
        **{name: number(getattr(event, name)) for name in ("value", "low", "high")},
    }


@to_message.register
def _(event: PictureChecked, labels: Sequence[str]) -> Message:  # noqa: ARG001
    return {"kind": "picture", "picture": event.picture, "done": event.done, "total": event.total}


@to_message.register
def _(event: SanitySummary, labels: Sequence[str]) -> Message:  # noqa: ARG001
    curves: dict[str, dict[str, list[list[float | None]]]] = {}
    for each in event.rows:
        points = curves.setdefault(each.similarity, {}).setdefault(each.method, [])
        ends = max(each.low, -1.0), min(each.high, 1.0)  # no more than a likeness can be
        points.append([each.stage, *map(rounded, (each.mean, *ends)), each.n])
    return {"kind": "similarities", "pictures": event.pictures, "curves": curves}


@to_message.register
def _(event: NetworkLearning, labels: Sequence[str]) -> Message:  # noqa: ARG001
    told = {name: number(value) for name, value in asdict(event.epoch).items()}
    return {"kind": "network_epoch", "role": event.role, **told}


@to_message.register
def _(event: NetworksReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    learned = [{**asdict(each), "title": ROLES[each.role]} for each in event.learned]
    return {"kind": "networks", "learned": learned, "sound": event.sound, "sentence": event.sentence}


@to_message.register
def _(event: LabelMap, labels: Sequence[str]) -> Message:
    similar = {name: event.similarities and number(getattr(event.similarities, name)) for name in SIMILARITIES}
    told = {"method": event.heatmap.method, "picture": event.picture, "role": event.role, **similar}
    return {"kind": "label_map", **told, **told_of_map(event.heatmap, labels)}


@to_message.register
def _(event: LabelsReady, labels: Sequence[str]) -> Message:  # noqa: ARG001
    means = {
        role: {
            name: {key: number(value) for key, value in estimate._asdict().items()} for name, estimate in told.items()
        }
        for role, told in (("retrained", event.retrained), ("shuffled", event.shuffled))
    }
    return {
        "kind": "labels",
        "method": event.method,
        "standing": event.standing,
        "n": event.n,
        "sentence": event.sentence,
        "final": event.final,
        **means,
    }


def told_of_alike(alike: Alike) -> Message:
    """A likeness with its ends."""
    return {name: number(value) for name, value in alike._asdict().items()}


def told_of_map(heatmap: Heatmap | None, labels: Sequence[str]) -> Message:
    """What there is to know of a map before it is fetched; nothing where there is none."""
    if heatmap is None:
        return {"map": False}
    height, width = heatmap.values.shape
    told = {"target": labels[heatmap.target], "reduction": heatmap.reduction, "notes": list(heatmap.notes)}
    return {"map": True, "height": height, "width": width, **told}


def rounded(value: float) -> float | None:
    """As many digits as a curve can show, so that hundreds of points stay a small message.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return round(value, 4) if isfinite(value) else None


def told_of_gate(gate: Gate) -> Message:
    """A gate as its three figures, with their intervals."""
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
    return {"kind": "gate", "passed": gate.passed, "least": NEEDED, "figures": figures}


def row(summary: Summary) -> Message:
    """A mean with all that belongs to it."""
    return {name: number(value) if isinstance(value, float) else value for name, value in asdict(summary).items()}


def number(value: float | None) -> float | None:
    """A number as JSON has it; None for what could not be told.

    >>> number(float("nan")), number(0.5)
    (None, 0.5)
    """
    return value if value is not None and isfinite(value) else None
