"""A unit of a study: one picture, for one model and one seed. What another study has computed of it is not made again.

A score belongs to its subject (model, pixels, class, seed, how pixels are removed), to its method with all settings,
and to its metric. Where the metric reads the truth or the name of the picture, or is a share of what all maps together
reach, these belong to it too.
"""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from importlib.metadata import version
from math import isfinite, nan

import safetensors.torch
import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.rehearsal import heatmaps_workload
from core.metrics.curves import Curve
from core.metrics.evidence import Trace
from core.metrics.registry import find_metric
from core.metrics.statistics import Score
from core.models.classifier import Classifier, checked_target
from core.pictures.collecting import StudyPicture
from core.randomness import picture_digest
from core.studies.over_pictures import OnePicture
from core.studies.scoring import ScoresReady, Subject, plan_scores, stream_scores
from core.studies.store import Key, KnownScores, Value
from core.studies.study import Refusal, Study

EDITION = 1
"""Of what follows from a subject: raised whenever the same one gives other scores."""
REFUSED, PREDICTED = "refused", ("", "predicted")
Curves = Mapping[str, Mapping[Trace, Curve]]


@dataclass
class Unit:
    """What came of a picture.

    Parameters
    ----------
    correct
        Whether the model predicts the class that it is labelled with; None where it has no label.
    curves
        By method, those that the metrics read.
    refused
        Methods without a map, with the reason.
    maps
        Those that had to be made.
    pixels
        The picture as the model sees it, in [0, 1].
    """

    target: int
    scores: tuple[Score, ...]
    correct: bool | None
    curves: Curves
    refused: Mapping[str, str]
    pixels: Float[Tensor, "3 height width"]
    maps: Mapping[str, Float[Tensor, "height width"]] = field(default_factory=dict)


@dataclass
class Entries:
    """What the store knows of one subject, and what is added to it.

    Parameters
    ----------
    methods
        The key of each method.
    together
        That of all of them, for scores that depend on all maps.
    """

    subject: Subject
    study: Study
    known: dict[Key, Value]
    added: dict[Key, Value] = field(default_factory=dict)

    @cached_property
    def methods(self) -> dict[str, str]:
        runs = self.subject.request.runs()
        return {run.method.name: self._method_key(run.method.needs_truth, run.settings, run.reduction) for run in runs}

    def _method_key(self, needs_truth: bool, settings: Mapping[str, object], reduction: str) -> str:
        return digest_of(sorted(settings.items()), reduction, self._truth if needs_truth else None)

    @cached_property
    def together(self) -> str:
        return digest_of(sorted(self.methods.items()))

    @cached_property
    def _truth(self) -> str | None:
        return None if self.subject.truth is None else picture_digest(self.subject.truth)

    def key(self, method: str, metric: str) -> Key:
        """That of a score."""
        needs = find_metric(metric).needs
        also = (
            self.together if "ceiling" in needs else None,
            self._truth if "truth" in needs else None,
            self.subject.origin if "variations" in needs else None,
        )
        return f"{method} {self.methods[method]}", f"{metric} {digest_of(*also)}" if any(also) else metric

    def curve_key(self, method: str, trace: Trace) -> Key:
        return (
            f"{method} {self.methods[method]}",
            f"curve {json.dumps(asdict(self.study.perturbation.complete(trace)))}",
        )

    def refusal_key(self, method: str) -> Key:
        return f"{method} {self.methods[method]}", REFUSED

    def at(self, key: Key) -> Value:
        return self.added[key] if key in self.added else self.known[key]

    def has(self, key: Key) -> bool:
        return key in self.added or key in self.known

    def lacking(self, metrics: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each method that applies the scores that are not known, where there are any."""
        found = {
            method: tuple(metric for metric in metrics if not self.has(self.key(method, metric)))
            for method in self.methods
            if not self.has(self.refusal_key(method))
        }
        return {method: lacks for method, lacks in found.items() if lacks}

    def curves_of(self, method: str, traces: Iterable[Trace]) -> dict[Trace, Curve]:
        """Those that are known."""
        keys = {trace: self.curve_key(method, trace) for trace in traces}
        return {trace: as_curve(self.at(key)) for trace, key in keys.items() if self.has(key)}

    def add_scores(self, event: ScoresReady) -> None:
        for metric, score in event.scores.items():
            self.added[self.key(event.method, metric)] = None if score is None or not isfinite(score) else float(score)

    def add_curves(self, curves: Curves) -> None:
        for method, traced in curves.items():
            for trace, curve in traced.items():
                self.added.setdefault(self.curve_key(method, trace), as_bytes(curve))


def judge_unit(
    study: Study, picture: StudyPicture, store: KnownScores, model: str, keep_maps: bool
) -> OnePicture[Progress | Refusal, Unit]:
    """One picture's scores: those that are known, and then those that are not; yields after every batch.

    Parameters
    ----------
    model
        See :func:`name_of`.
    keep_maps
        Whether all maps are made, since they are to be kept.

    Raises
    ------
    PictureError, ValueError
        Where the picture cannot be opened, or cannot be judged with these settings.
    """
    subject, labelled = yield from study.subject(picture, partial(predicted, store, model))
    subject = replace(subject, request=study.fitting(subject.truth))
    name = subject_key(study, subject, model)
    entries = Entries(subject, study, store.known(name))
    maps = yield from fill(entries, keep_maps)
    correct = None if labelled is None else bool(is_predicted(store, model, study, subject, labelled))
    store.keep(name, entries.added)
    refused = {
        method: str(entries.at(key)) for method in entries.methods if entries.has(key := entries.refusal_key(method))
    }
    for method, reason in refused.items():
        yield MethodRefused(method, reason)
    judged = [method for method in entries.methods if method not in refused]
    scores = tuple(
        Score(picture.name, method, metric, as_score(entries.at(entries.key(method, metric))))
        for method in judged
        for metric in study.metrics
    )
    traces = dict.fromkeys(trace for metric in study.metrics for trace in find_metric(metric).reads)
    curves = {method: entries.curves_of(method, traces) for method in judged}
    return Unit(subject.target, scores, correct, curves, refused, subject.pixels[0], maps)


def fill(entries: Entries, keep_maps: bool) -> Generator[Progress, None, Mapping[str, Tensor]]:
    """Makes what is lacking; gives the maps that it took, or all of them where they are to be kept."""
    subject, study = entries.subject, entries.study
    alone, shared = apart(study.metrics)
    lacking, lacking_shared = entries.lacking(alone), entries.lacking(shared)
    wanted = [*entries.methods] if keep_maps or lacking_shared else [*lacking]
    if not wanted:
        return {}
    request = subject.request.only(wanted)
    workload = heatmaps_workload(request, subject.classifier)
    planned = plan_scores(study.metrics, study.perturbation, subject.classifier.size, len(wanted), workload)
    phases = Phases([workload.passes, sum(part.passes for part in planned)])
    heatmaps: dict[str, Heatmap] = {}
    for event in phases.part(replace(subject, request=request).heatmaps(rough=False)):
        if isinstance(event, HeatmapReady):
            heatmaps[event.heatmap.method] = event.heatmap
        elif isinstance(event, MethodRefused):
            entries.added[entries.refusal_key(event.method)] = event.reason
        else:
            yield event
    groups: defaultdict[tuple[tuple[str, ...], frozenset[Trace]], list[str]] = defaultdict(list)
    for method, metrics in lacking.items():
        if method in heatmaps:
            groups[metrics, frozenset(entries.curves_of(method, traces_of(metrics)))].append(method)
    jobs = [(metrics, methods) for (metrics, _), methods in groups.items()]
    jobs += [(shared, [*heatmaps])] if lacking_shared else []
    for metrics, methods in jobs:
        known = {method: entries.curves_of(method, traces_of(metrics)) for method in methods}
        own = {method: heatmaps[method] for method in methods}
        scoring = Returning(stream_scores(subject, own, metrics, study.perturbation, known))
        for shown in phases.part(scoring):
            if isinstance(shown, ScoresReady):
                entries.add_scores(shown)
            else:
                yield shown
        entries.add_curves(scoring.result)
    return {method: heatmap.values for method, heatmap in heatmaps.items()}


def apart(metrics: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The metrics that judge each map by itself, and those that depend on all maps of the picture.

    >>> apart(["fidelity", "ceiling_share"])
    (('fidelity',), ('ceiling_share',))
    """
    shared = tuple(name for name in metrics if "ceiling" in find_metric(name).needs)
    return tuple(name for name in metrics if name not in shared), shared


def traces_of(metrics: Iterable[str]) -> Collection[Trace]:
    """The curves that metrics read."""
    return dict.fromkeys(trace for name in metrics for trace in find_metric(name).reads)


def subject_key(study: Study, subject: Subject, model: str) -> str:
    """Names everything that all scores of a picture depend on."""
    pixels = picture_digest(subject.pixels)
    return digest_of(model, pixels, subject.target, subject.seed, subject.request.output, study.perturbation)


def predicted(store: KnownScores, model: str, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"]) -> int:
    """The predicted class, from the store where it is known."""
    name = digest_of(model, picture_digest(pixels))
    found = store.known(name).get(PREDICTED)
    if not isinstance(found, int):
        found = checked_target(classifier, pixels, None)
        store.keep(name, {PREDICTED: found})
    return found


def is_predicted(store: KnownScores, model: str, study: Study, subject: Subject, labelled: int) -> Value:
    """Whether the labelled class is predicted, from the store where it is known."""
    name, key = digest_of(model, picture_digest(subject.pixels)), ("", f"predicts {labelled}")
    found = store.known(name).get(key)
    if found is None:
        found = int(study.predicts(subject.pixels, labelled))
        store.keep(name, {key: found})
    return found


def name_of(classifier: Classifier) -> str:
    """Names what a model's answers depend on, and by which program and processor they are rounded.

    A function has nothing by which to tell it from another one, so its name is new each time.
    """
    seen = classifier.preprocessing
    background = None if classifier.background is None else picture_digest(classifier.background)
    return digest_of(
        *(EDITION, version("heatcheck"), torch.__version__, classifier.device.type),
        *(classifier.name, classifier.weights_digest, repr(classifier.network), classifier.reading),
        *(seen.mean, seen.std, classifier.dataset_mean, background),
        None if classifier.network.state_dict() else uuid.uuid4(),
    )


def digest_of(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def as_score(value: Value) -> float:
    """NaN where a score is undefined."""
    return float(value) if isinstance(value, float | int) else nan


def as_bytes(curve: Curve) -> bytes:
    """A curve without loss."""
    tensors = {"fractions": curve.fractions, "values": curve.values, "draws": curve.draws}
    return safetensors.torch.save({name: tensor.cpu().clone().contiguous() for name, tensor in tensors.items()})


def as_curve(kept: Value) -> Curve:
    """A curve from what was kept."""
    assert isinstance(kept, bytes)
    return Curve(**safetensors.torch.load(kept))
