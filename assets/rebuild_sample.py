"""Remakes ``assets/sample``: what a newcomer sees before anything was computed here.

Runs a job of each kind with the dashboard's own defaults, through the dashboard's own queue, and stores it. Name kinds
to remake only theirs: ``python assets/rebuild_sample.py explanation study``.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

import core
from core.coherency.coherency import METRICS as JUDGED
from core.generation.donors import donors
from core.generation.flow import refined_donors
from core.methods.heatmap import HeatmapReady
from core.methods.registry import list_controls
from core.models.bundled import FASHION_MNIST
from core.pictures.collecting import collect_pictures
from core.pictures.rendering import shrunk
from core.pictures.stamps import Placed
from core.retraining.events import RetrainingEpoch
from core.retraining.networks import USUAL as OF_RETRAINING
from core.retraining.training import BUNDLED_NETWORK
from core.sanity.checks import CHECKS
from core.sanity.label_networks import bundled_name
from core.sanity.labels import LabelMap
from core.stamping.benchmark import usual_metrics
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from core.studies.reconstructions import SHARES
from dashboard.coherency.metric_study.job import METRIC_STUDY, MetricStudyRequest
from dashboard.coherency.metric_study.panel import STEPS
from dashboard.coherency.metric_study.panel import USUAL_METHODS as COMPARED
from dashboard.components.methods import best_of, described_finished
from dashboard.controls.method_panel import QUICK
from dashboard.controls.selection import Selection
from dashboard.controls.source_panel import LIMIT
from dashboard.explain.ceiling.job import CEILING, CeilingRequest
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS, ImputerRanksRequest
from dashboard.explain.location_test.job import LOCATION_TEST, LocationTestRequest
from dashboard.explain.many_pictures.job import STUDY, StudyRequest
from dashboard.explain.many_pictures.panel import USUAL
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.messages import Message
from dashboard.jobs.session import sample_of
from dashboard.jobs.storing import store
from dashboard.jobs.views import MESSAGES, QueuedJob, Submitted
from dashboard.library.models import DEFAULT_MODEL
from dashboard.library.pictures import bases_for
from dashboard.library.predictions import look
from dashboard.library.queue import queue
from dashboard.library.subjects import find_classifier
from dashboard.reconstruct.mask_search.job import MASK_SEARCH, SEARCHED, STAMP_CLASS, MaskSearchRequest
from dashboard.reconstruct.mask_search.panel import MOST
from dashboard.reconstruct.share_kept.job import SHARE_KEPT, ShareKeptRequest
from dashboard.reconstruct.share_kept.panel import USUAL_METHODS
from dashboard.reconstruct.variations.job import LEAST_VARIATIONS, VARIATIONS, VariationsRequest
from dashboard.reconstruct.variations.panel import METHOD, SHARE
from dashboard.retrain.fine_tune.job import FINE_TUNE, FineTuneRequest
from dashboard.retrain.fine_tune.panel import NETWORKS
from dashboard.retrain.fine_tune.panel import PICTURES as REMOVED_FROM
from dashboard.retrain.roar.job import ROAR
from dashboard.retrain.roar.plans import quick_request
from dashboard.retrain.single_patch.job import SINGLE_PATCH, SinglePatchRequest
from dashboard.retrain.single_patch.panel import ACROSS, COPIES
from dashboard.retrain.single_patch.panel import PICTURES as DELETED_FROM
from dashboard.retrain.toy.job import RETRAINING_TOY, RetrainingToyRequest
from dashboard.retrain.toy.panel import SEEDS
from dashboard.sanity.label_check.job import LABEL_CHECK, LabelCheckRequest
from dashboard.sanity.label_check.panel import PICTURES
from dashboard.sanity.many_pictures.job import SANITY_STUDY, SanityStudyRequest
from dashboard.sanity.quick_checks.job import QUICK_CHECKS, QuickChecksRequest
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest
from dashboard.sanity.strip.job import STRIP, strip_request
from dashboard.sanity.strip.panel import usual_methods
from dashboard.stamp.benchmark.job import BENCHMARK, BenchmarkRequest
from dashboard.stamp.one_picture.job import STAMPED_PICTURE, StampedPictureRequest
from dashboard.stamp.one_picture.panel import request_of
from dashboard.stamp.placing import at_first, inside, usual_stamp

PICTURE = core.gallery()[0].name
OF_SANITY = "squeezenet1_1"
"""A network whose convolutions are plain: where a method fails the check, it is the method's doing."""
SOURCE = "gallery"
STAMPED = 60
"""Fewer stamped pictures than the page asks for: enough to tell most methods apart, in a small file."""
LABELLED_MAPS = 4
VARIED, GARMENT = "fashion_cnn", "fashion_dress"
"""A network for which a prior is bundled, and a picture whose class changes without what the heatmap marks."""
SIDE = 56
DIGITS = 5
SECONDS_BETWEEN_LOOKS = 0.1


def small(values: Tensor) -> Tensor:
    """Of hundreds of maps small ones: the page shows them small, and the file stays small."""
    return shrunk(values, SIDE)


@dataclass(frozen=True)
class Sample:
    """A kind of job, what is asked of it, and what of it is stored."""

    kind: JobKind[Any, Any]
    request: Any
    keep: Callable[[Message], bool] = lambda _: True
    form: Callable[[Tensor], Tensor] = lambda values: values


def samples() -> Iterator[Sample]:
    """One a kind that has something to show before it runs."""
    available = len(collect_pictures(SOURCE))
    scores = tuple(metric.name for metric in core.list_metrics() if metric.name in USUAL)
    checks = tuple(check.name for check in CHECKS)
    stamps = next(model for model in list_stamp_models() if model.name == DEFAULT)
    labels = bundled_name("true")
    filled = tuple(method.name for method in core.list_methods() if method.name in USUAL_METHODS)
    yield Sample(EXPLANATION, ExplanationRequest(**usual(), **predicted(DEFAULT_MODEL)))
    shown = sample_of(EXPLANATION)
    if shown is None:
        raise LookupError("What follows is about the explanation that ships: remake that first.")
    real = [method["name"] for method in described_finished(shown) if not method["control"]]
    yield Sample(IMPUTER_RANKS, ImputerRanksRequest(about=shown.id))
    yield Sample(LOCATION_TEST, LocationTestRequest(about=shown.id, method=best_of(shown, real)))
    yield Sample(CEILING, CeilingRequest(about=shown.id), form=small)
    yield Sample(STRIP, strip_request(shown, usual_methods(shown, real)), form=small)
    yield Sample(STUDY, StudyRequest(**usual(), source=SOURCE, limit=available, metrics=scores))
    yield Sample(
        BENCHMARK,
        BenchmarkRequest(**usual(stamps.name, truth_known=True), metrics=usual_metrics(stamps.task), pictures=STAMPED),
    )
    yield Sample(
        LABEL_CHECK, LabelCheckRequest(**usual(labels), pictures=PICTURES, training_seed=None), keep=one_of_the_first
    )
    yield Sample(RANDOMISATION, RandomisationRequest(**usual(OF_SANITY), **predicted(OF_SANITY)), form=small)
    yield Sample(
        QUICK_CHECKS, QuickChecksRequest(**usual(OF_SANITY), **predicted(OF_SANITY), checks=checks), keep=no_map
    )
    yield Sample(SANITY_STUDY, SanityStudyRequest(**usual(OF_SANITY), source=SOURCE, limit=LIMIT, draws=1))
    yield Sample(STAMPED_PICTURE, stamped(stamps))
    yield Sample(
        FINE_TUNE,
        FineTuneRequest(**usual(BUNDLED_NETWORK), pictures=REMOVED_FROM, networks=NETWORKS),
    )
    yield Sample(ROAR, quick_request(), keep=no_epoch)
    yield Sample(RETRAINING_TOY, RetrainingToyRequest(seeds=SEEDS))
    yield Sample(
        SINGLE_PATCH,
        SinglePatchRequest(
            **usual(BUNDLED_NETWORK), networks=(OF_RETRAINING,), pictures=DELETED_FROM, copies=COPIES, across=ACROSS
        ),
    )
    yield Sample(
        VARIATIONS,
        VariationsRequest(
            model=VARIED, methods=(METHOD,), method=METHOD, share=SHARE / 100, prior=refined_donors.__name__,
            variations=LEAST_VARIATIONS, **predicted(VARIED, GARMENT),
        ),
    )  # fmt: skip
    yield Sample(
        SHARE_KEPT,
        ShareKeptRequest(
            model=VARIED, methods=filled, source=FASHION_MNIST.name, limit=LIMIT, shares=SHARES,
            prior=donors.__name__, variations=LEAST_VARIATIONS,
        ),
    )  # fmt: skip
    compared = tuple(method.name for method in core.list_methods() if method.name in COMPARED)
    judged = tuple(metric.name for metric in core.list_metrics() if metric.name in JUDGED)
    yield Sample(
        METRIC_STUDY,
        MetricStudyRequest(
            model=OF_SANITY, methods=compared, metrics=judged, steps=STEPS, source=SOURCE, limit=LIMIT
        ).with_controls(truth_known=False),
    )
    searched = {"picture": bases_for(stamps)[0].name, "target": STAMP_CLASS, "stamped": True}
    yield Sample(MASK_SEARCH, MaskSearchRequest(methods=SEARCHED, model=stamps.name, most=MOST, **searched))


def predicted(model: str, picture: str = PICTURE) -> Mapping[str, Any]:
    """A picture of the gallery, by default the first, and the class that a model predicts for it."""
    find_classifier(model)
    return {"picture": picture, "target": look(model, picture).top[0].index}


def stamped(model: ListedStampModel) -> StampedPictureRequest:
    """The first picture that the Stamp page offers, with the stamp as it lies there at first."""
    placed = [inside(Placed(usual_stamp(model, model.size), *at_first(0, model.size)), model.size)]
    shared = Selection(usual(model.name, truth_known=True))
    return request_of(model, bases_for(model)[0], shared, placed)


def usual(model: str = DEFAULT_MODEL, truth_known: bool = False) -> Mapping[str, Any]:
    """What the page asks for when nobody has changed anything, of one picture, of many and of stamps."""
    controls = [control.name for control in list_controls(truth_known)]
    methods = [method.name for method in core.list_methods() if method.name in QUICK]
    return {"model": model, "methods": (*methods, *controls)}


def one_of_the_first(message: Message) -> bool:
    """Whether it is no map, or one of the first few pictures."""
    return message["kind"] != LabelMap.__name__ or message["picture"] < LABELLED_MAPS


def no_map(message: Message) -> bool:
    return message["kind"] != HeatmapReady.__name__


def no_epoch(message: Message) -> bool:
    """Whether it is more than an epoch of a network that has ended since."""
    return message["kind"] != RetrainingEpoch.__name__


def rebuild(sample: Sample) -> None:
    """Runs the job to its end and stores it."""
    kind, inputs = sample.kind, sample.kind.inputs(sample.request)
    job = queue().submit(
        lambda: kind.stream(sample.request, inputs), "rebuild", Submitted(kind, sample.request, inputs),
        outlives_its_reader=True,
    )  # fmt: skip
    while not job.finished:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    store(QueuedJob(job), kind.sample_folder, sample.keep, sample.form)
    shorten(kind.sample_folder / MESSAGES)


def shorten(file: Path) -> None:
    """Writes the numbers of a file with as many digits as a page can show."""
    rounded = json.loads(file.read_text(encoding="utf-8"), parse_float=lambda told: round(float(told), DIGITS))
    file.write_text(json.dumps(rounded, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in samples():
        if each.kind.name in (sys.argv[1:] or [each.kind.name]):
            rebuild(each)
