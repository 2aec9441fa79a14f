"""One stamped picture: heatmaps of many methods, each scored against the stamp as soon as it is ready."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from statistics import stdev

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import requested
from core.methods.registry import Reduction, Settings, find_method
from core.methods.rehearsal import heatmaps_workload
from core.metrics.registry import list_metrics
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.stamping.causal import CausalReady, causal_of, pictured
from core.studies.scoring import ScoresReady, Subject

REPEATS = 4
Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class SpreadReady:
    """How much a method's scores vary with the seed alone.

    Parameters
    ----------
    spread
        Standard deviation of each score over some seeds; None where a score is undefined.
    seeds
        Number of seeds.
    """

    method: str
    spread: Mapping[str, float | None]
    seeds: int


Event = Progress | HeatmapReady | MethodRefused | CausalReady | ScoresReady | SpreadReady


def stream_agreement(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    truth: Bool[Tensor, "height width"],
    target: ClassChoice | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    without: Float[Tensor, "1 3 height width"] | None = None,
    distractor: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of the methods, of every control and of the oracle, each with its agreement with a stamp.

    A step is one batch. Random methods run again with other seeds, for the spread. This is agreement with the ground
    truth only where the model passed the gate for such stamps.

    Parameters
    ----------
    truth
        The pixels of the stamp.
    without
        The picture before it was stamped: used to find the pixels of the stamp that the network uses.
    distractor
        The pixels of a stamp that carries no label.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit; the message says what would work.
    """
    if tuple(truth.shape) != classifier.size:
        raise ValueError(
            f"The stamp's mask has shape {tuple(truth.shape)}; the input of {classifier.name} is {classifier.size}."
        )
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=True)
    subject = Subject(
        classifier, pixels, checked_target(classifier, pixels, target), request, truth, distractor=distractor
    )
    return scored(subject, subject.heatmaps(), without)


def scored(
    subject: Subject, heatmaps: Iterator[Event], without: Float[Tensor, "1 3 height width"] | None
) -> Iterator[Event]:
    """The heatmaps, each followed by its scores, and finally their spread over seeds.

    Parameters
    ----------
    heatmaps
        The subject's, requested already, so that anything invalid has been refused.
    """
    phases = planned(subject, causal=without is not None)
    if without is not None and subject.truth is not None:
        causal = yield from phases.part(causal_of(subject, without))
        yield pictured(causal, subject.truth)
        subject = replace(subject, causal=causal.mask)
    drawn: dict[str, list[Scores]] = {}
    for event in phases.part(heatmaps):
        yield event
        if isinstance(event, HeatmapReady) and event.final:
            scores, method = agreement(subject, event.heatmap), event.heatmap.method
            yield ScoresReady(method, scores)
            if find_method(method).drawn:
                drawn[method] = [scores]
    for repeat in range(1, REPEATS + 1 if drawn else 0):
        again = replace(subject.request.only(drawn), seed=subject.seed + repeat)
        for event in phases.part(replace(subject, request=again).heatmaps(rough=False)):
            if isinstance(event, Progress):
                yield event
            elif isinstance(event, HeatmapReady):
                drawn[event.heatmap.method].append(agreement(subject, event.heatmap))
    yield from (SpreadReady(method, spread_of(found), len(found)) for method, found in drawn.items())


def planned(subject: Subject, causal: bool) -> Phases:
    """The parts: the search for what the stamp's pixels do, the heatmaps, and those with other seeds."""
    request, chance = subject.request, [name for name in subject.request.methods if find_method(name).drawn]
    made, again = (heatmaps_workload(each, subject.classifier).passes for each in (request, request.only(chance)))
    return Phases([*([0] if causal else []), made, *([again] * REPEATS)])


def agreement(subject: Subject, heatmap: Heatmap) -> Scores:
    """Every score of agreement for a map, as far as it is defined."""
    marked = {"truth": subject.truth, "causal": subject.causal, "distractor": subject.distractor}
    known = {name for name, mask in marked.items() if mask is not None}
    metrics = [each for each in list_metrics() if each.group == "plausibility" and known.issuperset(each.needs)]
    evidence = subject.evidence(heatmap, {}, clean=nan)
    return {metric.name: metric.measure(evidence) for metric in metrics}


def spread_of(found: Sequence[Scores]) -> dict[str, float | None]:
    """The standard deviation of each score.

    >>> spread_of([{"d": 1.0, "mass": 0.5}, {"d": 2.0, "mass": None}, {"d": 3.0, "mass": 0.5}])
    {'d': 1.0, 'mass': None}
    """
    by_score = {name: [scores[name] for scores in found] for name in found[0]}
    return {
        name: stdev(value for value in values if value is not None) if None not in values and len(values) > 1 else None
        for name, values in by_score.items()
    }
