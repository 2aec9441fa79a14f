"""Many pictures: every method's heatmaps judged by every metric, with means that sharpen as pictures arrive."""

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL.Image import Image

from core.jobs.events import Progress
from core.jobs.stream_results import collects
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import requested
from core.methods.registry import Reduction, Settings
from core.metrics.answers import Y
from core.metrics.curve_plan import Perturbation
from core.metrics.leak import LEAK, LeakReady, LeakRefused, measure_leak, spread_evenly
from core.metrics.registry import find_metric, list_metrics
from core.metrics.removal import Unit
from core.metrics.statistics import Score, Summary, Tally
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.labels import LabelSource
from core.studies.ceilings import refuse_other_units
from core.studies.labelling import EXPLAINED, Accuracy, Explained, Labelling, LabelRefused, label_pictures
from core.studies.over_pictures import OnePicture, PictureRefused, on_picture, over_pictures
from core.studies.study import Judged, Refusal, Scores, Study, TruthRefused
from core.studies.table import Table

DEFAULT_METRICS = (
    "fidelity", "mrg", "lrg", "artifact_share", "deletion", "insertion", "road_morf", "road_lerf",
    "average_drop", "increase_in_confidence",
)  # fmt: skip


@dataclass(frozen=True)
class PictureScored:
    """One picture's scores, and their cost.

    Parameters
    ----------
    done, total
        Pictures finished so far, and all pictures.
    correct
        Whether the model predicts the class that the picture is labelled with; None where there is no label.
    """

    picture: str
    scores: tuple[Score, ...]
    seconds: float
    done: int
    total: int
    correct: bool | None = None


@dataclass(frozen=True)
class SummaryReady:
    """All means so far, with their intervals, and the accuracy on labelled pictures, if there are any."""

    summary: tuple[Summary, ...]
    pictures: int
    accuracy: Accuracy | None = None

    @property
    def replaces(self) -> str:
        return "summary"


Event = Progress | Refusal | PictureScored | PictureRefused | LeakReady | LeakRefused | SummaryReady


def stream_evaluation(
    classifier: Classifier,
    source: str | Path | Image | Sequence[Any],
    methods: Sequence[str],
    metrics: Sequence[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    imputer: str = "dataset_mean",
    unit: Unit = "pixel",
    side: int = 9,
    y: Y = "probability",
    steps: int = 10,
    labels: LabelSource | None = None,
    explained: Explained = "predicted",
) -> Iterator[Event]:
    """Scores picture by picture, each followed by the means of all so far; a step is one batch.

    Every control is included. Each picture is explained for the class that the model predicts, or that it is labelled
    with.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.collecting.collect_pictures`.
    metrics
        The perturbation scores if not given, and agreement with the marked region where there are masks or boxes.
    limit
        Maximum number of pictures; the first ones are used.
    labels
        Where the pictures' labels are: ``folders`` for a folder of folders, one for each class; ``names`` for file
        names that begin with the label; the path of a CSV file of files and labels; or a mapping from names to labels.
    explained
        The ``predicted`` class of each picture, or the ``labelled`` one; a picture without one is then left out.

    Raises
    ------
    ValueError
        Where something requested does not exist, or there is no picture; the message says what would work.
    """
    request = requested(methods, seed, settings, output, reduction)
    if isinstance(metrics, str):
        raise ValueError(f"metrics must be a list of names; write [{metrics!r}].")
    pictures = collect_pictures(source, classifier.dataset)[:limit]
    marked = any(picture.truth for picture in pictures)
    wanted = default_metrics(marked) if metrics is None else metrics
    asked = with_parts(wanted)
    refuse_undefined(asked, marked, limit)
    refuse_other_units(asked, unit)
    names = [picture.name for picture in pictures]
    labelling = None if labels is None else label_pictures(names, labels, classifier.labels, classifier.name)
    refuse_unlabelled(explained, labelling)
    perturbation = Perturbation(imputer, unit, side, y, steps)
    leak, of_each = LEAK in asked, tuple(name for name in asked if not find_metric(name).needs_pictures)
    study = Study(classifier, request.with_controls(marked), of_each, perturbation, labelling, explained, leak)
    study.request.check(len(classifier.labels))
    kept = spread_evenly(len(pictures)) if leak else set[int]()
    studies = [replace(study, leak=place in kept) for place in range(len(pictures))]
    units = [
        (each.name, scored(each, own.judge(each), place, len(pictures)))
        for place, (each, own) in enumerate(zip(pictures, studies, strict=True))
    ]
    return over_pictures(units, partial(concluded, leak=leak, seed=seed))


def default_metrics(marked: bool) -> tuple[str, ...]:
    """The metrics of a study that names none."""
    plausible = [each.name for each in list_metrics() if each.needs_truth and not each.needs_stamp]
    return (*DEFAULT_METRICS, *(plausible if marked else ()))


def with_parts(metrics: Sequence[str]) -> tuple[str, ...]:
    """The metrics, each ratio after its two parts.

    >>> with_parts(["artifact_share", "fidelity"])[-2:]
    ('artifact_share', 'fidelity')
    """
    return tuple(dict.fromkeys(part for name in metrics for part in (*(find_metric(name).ratio_of or ()), name)))


def refuse_undefined(metrics: Sequence[str], marked: bool, limit: int | None) -> None:
    """Refuses a study that could not produce any result.

    Raises
    ------
    ValueError
        With what is missing.
    """
    stamps = [name for name in metrics if find_metric(name).needs_stamp]
    if stamps:
        raise ValueError(f"{', '.join(stamps)}: only for stamped pictures and a model trained on them; leave it out.")
    blind = [name for name in metrics if find_metric(name).needs_truth]
    if blind and not marked:
        raise ValueError(
            f"{', '.join(blind)}: needs masks or boxes, and these pictures have none. "
            "Add YOLO or COCO boxes or mask pictures beside them, or leave it out."
        )
    if not metrics:
        raise ValueError("Name at least one metric.")
    if limit is not None and limit < 1:
        raise ValueError(f"A study needs at least 1 picture; got a limit of {limit}.")


def refuse_unlabelled(explained: Explained, labelling: Labelling | None) -> None:
    """Refuses to explain labelled classes where no labels are read.

    Raises
    ------
    ValueError
        With what is missing.
    """
    if explained not in EXPLAINED:
        raise ValueError(f"explained must be one of {', '.join(EXPLAINED)}, not {explained!r}.")
    if explained == "labelled" and labelling is None:
        raise ValueError("To explain labelled classes, say where the labels are: folders, names, or a CSV file.")


def scored(
    picture: StudyPicture, judging: OnePicture[Progress | Refusal, Judged], place: int, total: int
) -> OnePicture[Progress | Refusal | PictureScored, Judged]:
    """One picture's scores, yielded once they are known."""
    began = time.monotonic()
    judged = yield from on_picture(judging, picture.called, place, total)
    yield PictureScored(picture.name, judged.scores, time.monotonic() - began, place + 1, total, judged.correct)
    return judged


def concluded(
    rows: Sequence[Judged], final: bool, leak: bool, seed: int
) -> Iterator[Progress | LeakReady | LeakRefused | SummaryReady]:
    """The means of all pictures so far, and before the last ones the leak, if it is asked for."""
    found = None
    if final and leak:
        found = yield from measure_leak([row.masks for row in rows if row.masks], seed)
        yield found
    yield summed_up(rows, seed, found if isinstance(found, LeakReady) else None)


def summed_up(rows: Sequence[Judged], seed: int, leak: LeakReady | None = None) -> SummaryReady:
    """The means of all pictures so far, and how many of the labelled ones are predicted correctly.

    Parameters
    ----------
    leak
        Known only once all pictures are there.
    """
    known = [row.correct for row in rows if row.correct is not None]
    accuracy = Accuracy(sum(known), len(known)) if known else None
    found = means([*(row.scores for row in rows), leak.scores if leak else ()], seed)
    return replace(found, accuracy=accuracy, summary=leak.beside(found.summary) if leak else found.summary)


def means(rows: Iterable[Scores], seed: int) -> SummaryReady:
    """The means of all pictures so far."""
    tally = Tally()
    for scores in rows:
        tally.add(scores)
    return SummaryReady(tally.summary(seed), len(tally))


@collects(stream_evaluation)
def evaluate(events: Iterator[Event], asked: Mapping[str, Any]) -> Table:
    """The finished table of :func:`stream_evaluation`.

    Warns where no picture could be judged. ``.frame`` has a row for each picture, method and metric; ``.summary()`` has
    the means with their intervals and the paired difference to the random control; it also lists the pictures and
    methods that could not be judged.
    """
    table = Table(asked_for(**asked), asked["seed"])
    for event in events:
        record(event, table)
    if not len(table.tally):
        warnings.warn("No picture could be judged; see .refused_pictures of the table.", stacklevel=3)
    return table


def asked_for(
    classifier: Classifier,
    source: object,
    methods: Iterable[str],
    metrics: Iterable[str] | None,
    settings: Mapping[str, Settings] | None,
    labels: LabelSource | None,
    **asked: object,
) -> dict[str, object]:
    """The settings of an evaluation, as its files record them."""
    return {
        "model": classifier.name,
        "weights": classifier.weights_digest,
        "reading": classifier.reading,
        "notes": list(classifier.notes),
        "source": str(source) if isinstance(source, str | Path) else type(source).__name__,
        "methods": list(methods),
        "metrics": None if metrics is None else list(metrics),
        "settings": dict(settings or {}),
        "labels": labels if labels is None or isinstance(labels, str | Path) else dict(labels),
        **asked,
    }


def record(event: object, table: Table) -> None:
    """Adds an event of an evaluation to the table."""
    if isinstance(event, PictureScored):
        table.add(event.scores)
    elif isinstance(event, LeakReady):
        table.add(event.scores)
        table.leak = event
    elif isinstance(event, LeakRefused):
        table.leak = event
    elif isinstance(event, SummaryReady):
        table.accuracy = event.accuracy
    elif isinstance(event, LabelRefused):
        table.refuse_label(event.picture, event.reason)
    elif isinstance(event, PictureRefused):
        table.refuse(event.picture, event.reason)
    elif isinstance(event, TruthRefused):
        table.refuse_truth(event.picture, event.reason)
    elif isinstance(event, MethodRefused):
        table.refuse_method(event.method, event.reason)
