"""One stamped picture: heatmaps of many methods, each scored against the stamp as soon as it is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from statistics import stdev

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, find_method, list_controls
from core.metrics.registry import list_metrics
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.stamping.causal import CausalReady, causal_of, pictured
from core.studies.scoring import ScoresReady, Subject

REPEATS = 4
Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class SpreadReady:
    """How far a method's scores lie apart where nothing but the seed differs.

    Parameters
    ----------
    spread
        Standard deviation of each score over some seeds; None where a score could not be told.
    seeds
        How many.
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
    target: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    without: Float[Tensor, "1 3 height width"] | None = None,
    distractor: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of the methods, of every control and of the oracle, each with its agreement with a stamp.

    A step is one batch. Methods in which chance has a part run again with other seeds, for the spread. It is agreement
    with the truth only where the model passed the gate for such stamps.

    Parameters
    ----------
    truth
        The pixels of the stamp.
    without
        The picture before it was stamped: with it those pixels of the stamp are found that the network uses.
    distractor
        The pixels of a stamp that carries no label.

    Raises
    ------
    ValueError
        Where something asked for does not exist or does not fit; the sentence says what would.
    """
    if tuple(truth.shape) != classifier.size:
        raise ValueError(f"The stamp's mask is {tuple(truth.shape)}; {classifier.name} sees {classifier.size}.")
    target = checked_target(classifier, pixels, target)
    asked = [*methods, *(control.name for control in list_controls(truth_known=True))]
    subject = Subject(classifier, pixels, target, seed, truth, output, reduction, None, distractor)
    return scored(subject, explained(subject, asked, settings), without, settings)


def explained(subject: Subject, methods: Sequence[str], settings: Mapping[str, Settings] | None) -> Iterator[Event]:
    """The subject's heatmaps."""
    question = subject.target, subject.seed, settings, subject.output, subject.reduction, subject.truth
    return stream_heatmaps(subject.classifier, subject.pixels, methods, *question)


def scored(
    subject: Subject,
    heatmaps: Iterator[Event],
    without: Float[Tensor, "1 3 height width"] | None,
    settings: Mapping[str, Settings] | None,
) -> Iterator[Event]:
    """The heatmaps, each followed by its scores; at last how far chance moves these."""
    if without is not None and subject.truth is not None:
        causal = yield from causal_of(subject, without)
        yield pictured(causal, subject.truth)
        subject = replace(subject, causal=causal.mask)
    drawn: dict[str, list[Scores]] = {}
    for event in heatmaps:
        yield event
        if isinstance(event, HeatmapReady) and event.final:
            scores, method = agreement(subject, event.heatmap), event.heatmap.method
            yield ScoresReady(method, scores)
            if find_method(method).drawn:
                drawn[method] = [scores]
    for repeat in range(1, REPEATS + 1 if drawn else 0):
        for event in explained(replace(subject, seed=subject.seed + repeat), list(drawn), settings):
            if isinstance(event, Progress):
                yield event
            elif isinstance(event, HeatmapReady) and event.final:
                drawn[event.heatmap.method].append(agreement(subject, event.heatmap))
    yield from (SpreadReady(method, spread_of(found), len(found)) for method, found in drawn.items())


def agreement(subject: Subject, heatmap: Heatmap) -> Scores:
    """What every score of agreement says of a map, as far as it can be told."""
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
    told = {name: [scores[name] for scores in found] for name in found[0]}
    return {
        name: stdev(value for value in values if value is not None) if None not in values and len(values) > 1 else None
        for name, values in told.items()
    }
