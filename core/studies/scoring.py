"""Scores of finished heatmaps on one picture, by any metrics."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady
from core.methods.registry import Reduction
from core.metrics.answers import Answers
from core.metrics.curves import Curve
from core.metrics.disturbances import NOISY_COPIES, Removals, noisy_copy, patch_removals
from core.metrics.evidence import Evidence, Trace
from core.metrics.registry import Need, find_metric
from core.metrics.removal import Unit
from core.metrics.tracing import Perturbation, kept_values, trace_curves
from core.models.classifier import Classifier
from core.models.outputs import Output


@dataclass(frozen=True)
class ScoresReady:
    """What metrics say of a method's map on this picture; None where it can't be told."""

    method: str
    scores: Mapping[str, float | None]

    @property
    def replaces(self) -> tuple[str, str]:
        return "scores", self.method


@dataclass(frozen=True, eq=False)
class Subject:
    """One explained class of one picture.

    Parameters
    ----------
    truth
        The pixels that a person marked, at the model's resolution.
    causal, distractor
        Those of a stamp that the network uses, and those of one that carries no label.
    output, reduction
        As the heatmaps were made with; methods are asked anew for some scores.
    """

    classifier: Classifier
    pixels: Float[Tensor, "1 3 height width"]
    target: int
    seed: int = 0
    truth: Bool[Tensor, "height width"] | None = None
    output: Output = "logit"
    reduction: Reduction | None = None
    causal: Bool[Tensor, "height width"] | None = None
    distractor: Bool[Tensor, "height width"] | None = None

    def evidence(self, heatmap: Heatmap, curves: Mapping[Trace, Curve], clean: float) -> Evidence:
        """What is known of a map of it, before anything else is measured."""
        return Evidence(
            classifier=self.classifier,
            pixels=self.pixels,
            target=self.target,
            seed=self.seed,
            heatmap=heatmap,
            truth=self.truth,
            curves=curves,
            clean=clean,
            causal=self.causal,
            distractor=self.distractor,
        )


def stream_scores(
    subject: Subject,
    heatmaps: Mapping[str, Heatmap],
    metrics: Sequence[str],
    perturbation: Perturbation,
    known: Mapping[str, Mapping[Trace, Curve]] | None = None,
) -> Iterator[Progress | ScoresReady]:
    """Every method's scores, once the curves are there that the metrics read; a step is one batch.

    Parameters
    ----------
    known
        Curves that a run has already made, the same for every method, so that they are not made again.

    Raises
    ------
    ValueError
        Where a metric, an imputer or a unit does not exist, or the relative logit has nothing to refer to.
    """
    asked = [find_metric(name) for name in metrics]
    answers = Answers(subject.classifier, subject.pixels, subject.target, perturbation.y)
    read = dict.fromkeys(trace for each in asked for trace in each.reads)
    had = {
        name: {perturbation.complete(trace): curve for trace, curve in (known or {}).get(name, {}).items()}
        for name in heatmaps
    }
    traces = [trace for trace in read if any(perturbation.complete(trace) not in had[name] for name in heatmaps)]
    importances = {name: importance(heatmap, perturbation.unit) for name, heatmap in heatmaps.items()}
    curves = yield from trace_curves(
        subject.classifier, subject.pixels, importances, traces, answers, perturbation, subject.seed
    )
    found = yield from find_needed(subject, heatmaps, {need for each in asked for need in each.needs}, answers)
    for name, heatmap in heatmaps.items():
        own = {trace: curves[name].get(trace) or had[name][perturbation.complete(trace)] for trace in read}
        evidence = replace(
            subject.evidence(heatmap, own, answers.clean.value),
            kept=found.kept.get(name),
            removals=found.removals,
            moved=found.moved.get(name),
            repeated=found.repeated.get(name),
        )
        yield ScoresReady(name, {each.name: each.measure(evidence) for each in asked})


@dataclass
class Found:
    """What some metrics need beside curves, by method."""

    kept: dict[str, float] = field(default_factory=dict)
    removals: Removals | None = None
    moved: dict[str, list[Tensor]] = field(default_factory=dict)
    repeated: dict[str, Tensor] = field(default_factory=dict)


def find_needed(
    subject: Subject, heatmaps: Mapping[str, Heatmap], needs: Collection[Need], answers: Answers
) -> Generator[Progress, None, Found]:
    """What the needs come to, made once for all metrics; yields after each batch."""
    found, classifier, pixels = Found(), subject.classifier, subject.pixels
    if "kept" in needs:
        values = {name: heatmap.values for name, heatmap in heatmaps.items()}
        found.kept = yield from kept_values(classifier, pixels, values, answers)
    if "removals" in needs:
        removing = Returning(patch_removals(classifier, pixels, subject.target, subject.output, subject.seed))
        for batch, _ in enumerate(removing):
            yield Progress(batch, batch + 1, "Patches taken away")
        found.removals = removing.result
    if "repeated" in needs:
        found.repeated = yield from explained_anew(subject, heatmaps, pixels, subject.seed + 1)
    if "moved" in needs:
        copies = []
        for copy in range(NOISY_COPIES):
            noisy = noisy_copy(pixels, subject.seed, copy)
            copies.append((yield from explained_anew(subject, heatmaps, noisy, subject.seed)))
        everywhere = [name for name in heatmaps if all(name in maps for maps in copies)]
        found.moved = {name: [maps[name] for maps in copies] for name in everywhere}
    return found


def explained_anew(
    subject: Subject, heatmaps: Mapping[str, Heatmap], pixels: Float[Tensor, "1 3 height width"], seed: int
) -> Generator[Progress, None, dict[str, Tensor]]:
    """Maps of the same methods as they were set, for other pixels or another seed; without those that do not apply."""
    settings = {name: heatmap.settings for name, heatmap in heatmaps.items()}
    maps: dict[str, Tensor] = {}
    question = subject.target, seed, settings, subject.output, subject.reduction, subject.truth
    for event in stream_heatmaps(subject.classifier, pixels, list(heatmaps), *question):
        if isinstance(event, Progress):
            yield event
        elif isinstance(event, HeatmapReady) and event.final:
            maps[event.heatmap.method] = event.heatmap.values
    return maps


def importance(heatmap: Heatmap, unit: Unit) -> Float[Tensor, "*channels height width"]:
    """What pixels are ranked by; where each channel goes by itself, its own share of the map."""
    if unit != "feature":
        return heatmap.values
    return heatmap.attribution if heatmap.reduction == "sum" else heatmap.attribution.abs()
