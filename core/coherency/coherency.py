"""Do the metrics agree? Many pictures, every method's maps, every metric, and what the scores say about the metrics."""

import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL.Image import Image

from core.coherency.anchor import Anchor
from core.coherency.changes import LEVELS, changed_by, find_sizes
from core.coherency.events import Finding, PictureShown, SizesFound
from core.coherency.explained import CHARACTERISTICS
from core.coherency.findings import CHANGES, findings
from core.coherency.forms import STUDY, WINNER, Form, Row, changed, tallies
from core.coherency.picture import CHECKS, Altered, Check, PictureStudy
from core.jobs.events import Progress
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.methods.workload import Workload, outputs
from core.metrics.answers import Y
from core.metrics.curve_plan import Perturbation
from core.metrics.registry import find_metric
from core.metrics.removal import Unit
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.opening import PictureError
from core.studies.ceilings import refuse_other_units
from core.studies.evaluation import PictureScored, refuse_undefined
from core.studies.over_pictures import OnePicture, PictureRefused, on_picture, over_pictures
from core.studies.scoring import Subject
from core.studies.study import Refusal, Study, TruthRefused

METRICS = (
    "fidelity", "deletion", "insertion", "road_morf", "road_lerf", "average_drop", "increase_in_confidence",
    "average_drop_binary", "increase_in_confidence_binary", "infidelity",
)  # fmt: skip
PLAUSIBLE = "pointing_game"
DESCRIBED = (*CHARACTERISTICS, "relevance_density")
CHECKED = 8

Event = Progress | Refusal | PictureShown | PictureScored | PictureRefused | SizesFound | Finding


def stream_coherency(
    classifier: Classifier,
    source: str | Path | Image | Sequence[Any],
    methods: Sequence[str],
    metrics: Sequence[str] | None = None,
    limit: int | None = None,
    checks: int = CHECKED,
    checking: Collection[Check] = CHECKS,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    imputer: str = "dataset_mean",
    unit: Unit = "pixel",
    side: int = 9,
    y: Y = "probability",
    steps: int = 10,
    anchors: Sequence[Anchor] = (),
) -> Iterator[Event]:
    """Scores picture by picture, and what all so far say about the metrics; a step is one batch.

    Every control is included. Each picture is explained for the class that the model predicts.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.collecting.collect_pictures`.
    metrics
        Ten metrics of faithfulness if not given, and the pointing game where there are masks or boxes. The maps'
        sparsity, total variation and density are always measured, and F, whose winner the choices may flip.
    limit
        Maximum number of pictures; the first ones are used.
    checks
        Number of pictures, the first ones, on which maps are also degraded, pictures and weights changed, and choices
        made otherwise; each takes some ten times as long, so they come after the others.
    checking
        Which of these are made: ``degradation``, ``changes``, ``choices``.
    anchors
        What :func:`stream_truth_anchor` found, for the metrics' status.

    Raises
    ------
    ValueError
        Where something requested does not exist, or there is no picture; the message says what would work.
    """
    request = requested(methods, seed, settings, output, reduction)
    if isinstance(metrics, str):
        raise ValueError(f"metrics must be a list of names; write [{metrics!r}].")
    if checks < 0:
        raise ValueError(f"The number of pictures to check must be 0 or more; got {checks}.")
    pictures = collect_pictures(source, classifier.dataset)[:limit]
    marked = any(picture.truth for picture in pictures)
    asked = judged(METRICS + (PLAUSIBLE,) * marked if metrics is None else metrics)
    refuse_undefined(asked, marked, limit)
    refuse_other_units(asked, unit)
    study = Study(classifier, request.with_controls(marked), asked, Perturbation(imputer, unit, side, y, steps))
    unknown = [name for name in checking if name not in CHECKS]
    if unknown:
        raise ValueError(f"There is no check {', '.join(unknown)}; the checks are {', '.join(CHECKS)}.")
    study.request.check(len(classifier.labels))
    return checked_and_scored(study, pictures, checks if checking else 0, checking, tuple(anchors))


def plan_coherency(
    classifier: Classifier,
    request: HeatmapRequest,
    metrics: Sequence[str],
    perturbation: Perturbation,
    pictures: int,
    checks: int = CHECKED,
    checking: Collection[Check] = CHECKS,
) -> Workload:
    """About what :func:`stream_coherency` takes of the network.

    Parameters
    ----------
    request
        With the controls.

    Raises
    ------
    ValueError
        Where a metric cannot be compared.
    """
    asked = judged(metrics)
    checked = min(checks, pictures) if checking else 0
    plain = sum(PictureStudy(asked, perturbation).planned(classifier, request), Workload())
    whole = sum(PictureStudy(asked, perturbation, {}, checking).planned(classifier, request), Workload())
    sizing = outputs(len(CHANGES) * len(LEVELS) * checked if "changes" in checking else 0)
    return plain * (pictures - checked) + whole * checked + sizing


def judged(metrics: Sequence[str]) -> tuple[str, ...]:
    """The metrics with what is always measured.

    Raises
    ------
    ValueError
        Where one has no score for each picture.
    """
    for name in metrics:
        if find_metric(name).needs_pictures:
            raise ValueError(f"{name} is one number over all pictures, so nothing can be compared; leave it out.")
    return tuple(dict.fromkeys((*metrics, WINNER, *DESCRIBED))) if metrics else ()


def checked_and_scored(
    study: Study,
    pictures: Sequence[StudyPicture],
    checks: int,
    checking: Collection[Check],
    anchors: tuple[Anchor, ...],
) -> Iterator[Event]:
    """The sizes of the changes, and then every picture; those that are only scored come first.

    They are quick, so that metrics are soon compared.
    """
    altered: dict[Form, Altered] = {}
    checked = pictures[:checks]
    if checked and "changes" in checking:
        altered = yield from sized(study, checked)
    plain = PictureStudy(study.metrics, study.perturbation)
    whole = PictureStudy(study.metrics, study.perturbation, altered, checking)
    studied = [(plain, each) for each in pictures[checks:]] + [(whole, each) for each in checked]
    units = [
        (each.name, scored(study, forms, each, place, len(pictures))) for place, (forms, each) in enumerate(studied)
    ]
    yield from over_pictures(units, partial(concluded, seed=study.request.seed, anchors=anchors))


def sized(
    study: Study, pictures: Sequence[StudyPicture]
) -> Generator[Progress | SizesFound, None, dict[Form, Altered]]:
    """The changes of picture and weights, sized by the predictions on these pictures.

    A picture that cannot be opened is left out, and so is a change for which no size fits.
    """
    subjects = []
    for picture in pictures:
        try:
            pixels = study.classifier.prepare(picture.open())
        except (PictureError, ValueError):
            continue  # it is refused with its reason when its turn comes
        target = checked_target(study.classifier, pixels, None)
        subjects.append(Subject(study.classifier, pixels, target, study.request))
    if not subjects:
        return {}
    sizes = {}
    for change in CHANGES:
        sizes[change] = yield from find_sizes(change, subjects)
    yield SizesFound(**sizes)
    return {
        changed(change, name): changed_by(change, subjects, level)
        for change, found in sizes.items()
        for name, level in (("minor", found.minor), ("disruptive", found.disruptive))
        if level is not None
    }


def scored(
    study: Study, picture_study: PictureStudy, picture: StudyPicture, place: int, total: int
) -> OnePicture[Progress | Refusal | PictureShown | PictureScored, Row]:
    """One picture's scores in all forms, yielded once they are known."""
    began = time.monotonic()
    row = yield from on_picture(judge(study, picture_study, picture), picture.called, place, total)
    yield PictureScored(picture.name, row[STUDY], time.monotonic() - began, place + 1, total)
    return row


def judge(
    study: Study, picture_study: PictureStudy, picture: StudyPicture
) -> OnePicture[Progress | MethodRefused | TruthRefused | PictureShown, Row]:
    """One picture's scores in all forms; yields after every batch.

    Raises
    ------
    PictureError, ValueError
        Where the picture cannot be opened, or cannot be judged with these settings.
    """
    pixels = study.classifier.prepare(picture.open())
    truth = yield from study.seen_truth(picture)
    target = checked_target(study.classifier, pixels, None)
    subject = Subject(study.classifier, pixels, target, study.fitting(truth), truth, origin=picture.name)
    return (yield from picture_study.forms(picture.name, subject))


def concluded(rows: Sequence[Row], _: bool, seed: int, anchors: Sequence[Anchor]) -> Iterator[Finding]:
    """What all pictures so far say about the metrics."""
    yield from findings(tallies(rows), seed, anchors)
