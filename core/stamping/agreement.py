"""One stamped picture: heatmaps of many methods, each scored against the stamp as soon as it is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import nan

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, list_controls
from core.metrics.registry import list_metrics
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.stamping.causal import causal_mask
from core.studies.scoring import ScoresReady, Subject

Event = Progress | HeatmapReady | MethodRefused | ScoresReady


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

    A step is one batch. It is agreement with the truth only where the model passed the gate for such stamps.

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
    heatmaps = stream_heatmaps(classifier, pixels, asked, target, seed, settings, output, reduction, truth)
    subject = Subject(classifier, pixels, target, seed, truth, output, reduction, None, distractor)
    return scored(subject, heatmaps, without)


def scored(
    subject: Subject, heatmaps: Iterator[Event], without: Float[Tensor, "1 3 height width"] | None
) -> Iterator[Event]:
    """The heatmaps, each followed by its scores."""
    if without is not None:
        subject = replace(subject, causal=(yield from causal_mask(subject, without)))
    marked = {"truth": subject.truth, "causal": subject.causal, "distractor": subject.distractor}
    known = {name for name, mask in marked.items() if mask is not None}
    metrics = [each for each in list_metrics() if each.group == "plausibility" and known.issuperset(each.needs)]
    for event in heatmaps:
        yield event
        if isinstance(event, HeatmapReady) and event.final:
            evidence = subject.evidence(event.heatmap, {}, clean=nan)
            yield ScoresReady(event.heatmap.method, {metric.name: metric.measure(evidence) for metric in metrics})
