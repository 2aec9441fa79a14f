"""Scores of finished heatmaps on one picture, by any metrics."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.methods.explaining import explain
from core.methods.heatmap import Heatmap
from core.methods.registry import Reduction
from core.metrics.answers import Answers
from core.metrics.curves import Curve
from core.metrics.evidence import Evidence, Trace
from core.metrics.registry import Metric, find_metric
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
    output, reduction
        As the heatmaps were made with, for methods that are asked anew.
    """

    classifier: Classifier
    pixels: Float[Tensor, "1 3 height width"]
    target: int
    seed: int = 0
    truth: Bool[Tensor, "height width"] | None = None
    output: Output = "logit"
    reduction: Reduction | None = None

    def explained_anew(self, heatmap: Heatmap) -> Callable[[Float[Tensor, "1 3 height width"], int], Heatmap]:
        """The heatmap's method as it was set, for other pixels or another seed."""
        name, settings = heatmap.method, {heatmap.method: heatmap.settings}

        def again(pixels: Tensor, seed: int) -> Heatmap:
            made = explain(self.classifier, pixels, [name], self.target, seed, settings, self.output, self.reduction)
            return made[name]

        return again


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
    made = known or {}
    read = dict.fromkeys(trace for each in asked for trace in each.reads)
    traces = [trace for trace in read if any(trace not in made.get(name, {}) for name in heatmaps)]
    importances = {name: importance(heatmap, perturbation.unit) for name, heatmap in heatmaps.items()}
    curves = yield from trace_curves(
        subject.classifier, subject.pixels, importances, traces, answers, perturbation, subject.seed
    )
    values = {name: heatmap.values for name, heatmap in heatmaps.items()}
    kept = kept_values(subject.classifier, subject.pixels, values, answers)
    shared: dict[str, Any] = {}
    for place, (name, heatmap) in enumerate(heatmaps.items()):
        evidence = Evidence(
            classifier=subject.classifier,
            pixels=subject.pixels,
            target=subject.target,
            seed=subject.seed,
            heatmap=heatmap,
            truth=subject.truth,
            curves={**made.get(name, {}), **curves[name]},
            clean=answers.clean.value,
            kept=kept[name],
            explain=subject.explained_anew(heatmap),
            shared=shared,
        )
        scores: dict[str, float | None] = {}
        for each in asked:
            scores[each.name] = yield from measured(each, evidence, Progress(place, len(heatmaps), each.label))
        yield ScoresReady(name, scores)


def measured(metric: Metric, evidence: Evidence, progress: Progress) -> Generator[Progress, None, float | None]:
    """The metric's score; one that takes its time says so between its steps."""
    if metric.needs_truth and evidence.truth is None:
        return None
    score = metric.measure(evidence)
    if not isinstance(score, Generator):
        return score
    measuring = Returning(score)
    for _ in measuring:
        yield progress
    return measuring.result


def importance(heatmap: Heatmap, unit: Unit) -> Float[Tensor, "*channels height width"]:
    """What pixels are ranked by; where each channel goes by itself, its own share of the map."""
    if unit != "feature":
        return heatmap.values
    return heatmap.attribution if heatmap.reduction == "sum" else heatmap.attribution.abs()
