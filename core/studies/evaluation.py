"""Many pictures: every method's heatmaps judged by every metric, with means that sharpen as pictures arrive."""

import time
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

from jaxtyping import Bool
from PIL.Image import Image
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, find_method, list_controls
from core.metrics.answers import Y
from core.metrics.registry import find_metric, list_metrics
from core.metrics.removal import Unit
from core.metrics.statistics import Score, Summary, Tally
from core.metrics.tracing import Perturbation
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.pictures.opening import PictureError
from core.pictures.specimens import Specimen, collect_specimens
from core.studies.scoring import ScoresReady, Subject, stream_scores
from core.studies.table import Table

DEFAULT_METRICS = (
    "fidelity", "mrg", "lrg", "artifact_share", "deletion", "insertion", "road_morf", "road_lerf",
    "average_drop", "increase_in_confidence",
)  # fmt: skip


@dataclass(frozen=True)
class PictureScored:
    """One picture's scores, and what they cost.

    Parameters
    ----------
    done, total
        Pictures dealt with so far, of all.
    """

    picture: str
    scores: tuple[Score, ...]
    seconds: float
    done: int
    total: int


@dataclass(frozen=True)
class PictureRefused:
    """A picture that could not be judged, and why; the study goes on without it."""

    picture: str
    reason: str


@dataclass(frozen=True)
class TruthRefused:
    """A picture on which what was marked can't be read, and why; it is judged by the scores that need no marks."""

    picture: str
    reason: str


@dataclass(frozen=True)
class SummaryReady:
    """All means so far, with their intervals."""

    summary: tuple[Summary, ...]
    pictures: int

    @property
    def replaces(self) -> str:
        return "summary"


Event = Progress | MethodRefused | PictureScored | PictureRefused | TruthRefused | SummaryReady
Judgement = Generator[Progress | MethodRefused | TruthRefused, None, tuple[Score, ...]]
"""One picture's scores, in steps of a batch."""


@dataclass(frozen=True, eq=False)
class Study:
    """What is asked of every picture: these methods and every control, judged by these metrics."""

    classifier: Classifier
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    perturbation: Perturbation
    seed: int
    settings: Mapping[str, Settings]
    output: Output
    reduction: Reduction | None

    def judge(self, specimen: Specimen) -> Judgement:
        """One picture's scores; yields after every batch.

        Raises
        ------
        PictureError, ValueError
            Where the picture can't be opened, or can't be judged in the way that was asked for.
        """
        pixels = self.classifier.prepare(specimen.open())
        truth = yield from self.seen_truth(specimen)
        target = checked_target(self.classifier, pixels, None)
        subject = Subject(self.classifier, pixels, target, self.seed, truth, self.output, self.reduction)
        return (yield from self.score(specimen.name, subject))

    def score(self, picture: str, subject: Subject) -> Judgement:
        """The scores of a picture that has been opened; yields after every batch."""
        known = subject.truth is not None
        methods = [name for name in self.methods if known or not find_method(name).needs_truth]
        question = subject.target, self.seed, self.settings, self.output, self.reduction, subject.truth
        heatmaps: dict[str, Heatmap] = {}
        for event in stream_heatmaps(self.classifier, subject.pixels, methods, *question):
            if isinstance(event, HeatmapReady) and event.final:
                heatmaps[event.heatmap.method] = event.heatmap
            elif not isinstance(event, HeatmapReady):
                yield event
        scores: list[Score] = []
        for shown in stream_scores(subject, heatmaps, self.metrics, self.perturbation):
            if isinstance(shown, ScoresReady):
                scores += [
                    Score(picture, shown.method, metric, nan if score is None else score)
                    for metric, score in shown.scores.items()
                ]
            else:
                yield shown
        return tuple(scores)

    def seen_truth(self, specimen: Specimen) -> Generator[TruthRefused, None, Bool[Tensor, "height width"] | None]:
        """What was marked as the classifier sees it; None where nobody did, no metric asks, or it can't be read."""
        if specimen.truth is None or not any(find_metric(name).needs_truth for name in self.metrics):
            return None
        try:
            return specimen.truth.mask(self.classifier)
        except (PictureError, ValueError) as error:
            yield TruthRefused(specimen.name, str(error))
            return None


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
) -> Iterator[Event]:
    """Scores picture by picture, and after each the means of all so far; a step is one batch.

    Every control runs along. Each picture's own predicted class is explained.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.specimens.collect_specimens`.
    metrics
        The perturbation scores if not given, and the agreement with what was marked where there are masks or boxes.
    limit
        No more than so many pictures, the first ones.

    Raises
    ------
    ValueError
        Where something asked for does not exist, or there is no picture; the sentence says what would do.
    """
    for what, names in (("methods", methods), ("metrics", metrics)):
        if isinstance(names, str):
            raise ValueError(f"{what} is a list of names; write [{names!r}].")
    specimens = collect_specimens(source, classifier.dataset)[:limit]
    marked = any(specimen.truth for specimen in specimens)
    wanted = default_metrics(marked) if metrics is None else metrics
    asked = tuple(dict.fromkeys(part for name in wanted for part in (*(find_metric(name).ratio_of or ()), name)))
    refuse_what_cannot_be_told(asked, marked, limit)
    controls = [entry.name for entry in list_controls(marked)]
    names = tuple(dict.fromkeys([*(find_method(name).name for name in methods), *controls]))
    perturbation = Perturbation(imputer, unit, side, y, steps)
    study = Study(classifier, names, asked, perturbation, seed, settings or {}, output, reduction)
    return judge_all([(each.name, study.judge(each)) for each in specimens], seed)


def default_metrics(marked: bool) -> tuple[str, ...]:
    """The scores of a study that names none."""
    plausible = [each.name for each in list_metrics() if each.needs_truth and not each.needs_stamp]
    return (*DEFAULT_METRICS, *(plausible if marked else ()))


def refuse_what_cannot_be_told(metrics: Sequence[str], marked: bool, limit: int | None) -> None:
    """Refuses a study that could not come to anything.

    Raises
    ------
    ValueError
        With what is missing.
    """
    stamps = [name for name in metrics if find_metric(name).needs_stamp]
    if stamps:
        raise ValueError(f"{', '.join(stamps)}: needs stamped pictures and a model that learnt them; leave it out.")
    blind = [name for name in metrics if find_metric(name).needs_truth]
    if blind and not marked:
        raise ValueError(
            f"{', '.join(blind)}: needs masks or boxes, and none lies beside these pictures. "
            "Put YOLO or COCO boxes or mask pictures beside them, or leave it out."
        )
    if not metrics:
        raise ValueError("There is no metric to judge by; name at least one.")
    if limit is not None and limit < 1:
        raise ValueError(f"A study needs at least 1 picture; got a limit of {limit}.")


def judge_all(judgements: Sequence[tuple[str, Judgement]], seed: int) -> Iterator[Event]:
    """The pictures one after the other, each with its name; one that can't be judged is told of and left out."""
    tally, refused, summaries = Tally(), set[str](), Summaries(seed)
    for place, (picture, judgement) in enumerate(judgements):
        begin = time.monotonic()
        judging = Returning(judgement)
        try:
            for event in judging:
                if isinstance(event, Progress):
                    yield Progress(place, len(judgements), f"{picture}: {event.what}")
                elif isinstance(event, TruthRefused):
                    yield event
                elif event.method not in refused:
                    refused.add(event.method)
                    yield replace(event, reason=f"On {picture}: {event.reason}")
        except (PictureError, ValueError) as error:
            yield PictureRefused(picture, str(error))
        else:
            tally.add(judging.result)
            yield PictureScored(picture, judging.result, time.monotonic() - begin, place + 1, len(judgements))
            yield from summaries.due(tally)
    yield from summaries.last(tally)


class Summaries:
    """Means while a study runs: as often as they can be had without slowing it down."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._told = 0
        self._pace = Pace()

    def due(self, tally: Tally) -> Iterator[SummaryReady]:
        """The means, if the last ones are old against what they cost."""
        if self._pace.due():
            with self._pace.spending():
                summary = self._of(tally)
            yield summary

    def last(self, tally: Tally) -> Iterator[SummaryReady]:
        """The means of all pictures, if they have not been told."""
        if self._told < len(tally):
            yield self._of(tally)

    def _of(self, tally: Tally) -> SummaryReady:
        self._told = len(tally)
        return SummaryReady(tally.summary(self._seed), self._told)


def evaluate(
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
) -> Table:
    """The finished table of :func:`stream_evaluation`.

    Warns where no picture could be judged. ``.frame`` has a row for each picture, method and metric; ``.summary()`` the
    means with their intervals and the paired difference to the random control; pictures and methods that could not be
    judged are told in it.
    """
    table = Table(
        {
            "model": classifier.name,
            "weights": classifier.weights_digest,
            "source": str(source) if isinstance(source, str | Path) else type(source).__name__,
            "methods": list(methods),
            "metrics": None if metrics is None else list(metrics),
            "settings": dict(settings or {}),
            "limit": limit,
            "seed": seed,
            "output": output,
            "reduction": reduction,
            "imputer": imputer,
            "unit": unit,
            "side": side,
            "y": y,
            "steps": steps,
        },
        seed,
    )
    for event in stream_evaluation(
        classifier, source, methods, metrics, limit, seed, settings, output, reduction, imputer, unit, side, y, steps
    ):
        record(event, table)
    if not len(table.tally):
        warnings.warn("No picture could be judged; .refused_pictures of the table says why.", stacklevel=2)
    return table


def record(event: object, table: Table) -> None:
    """Enters what an event of an evaluation says into the table."""
    if isinstance(event, PictureScored):
        table.add(event.scores)
    elif isinstance(event, PictureRefused):
        table.refuse(event.picture, event.reason)
    elif isinstance(event, TruthRefused):
        table.refuse_truth(event.picture, event.reason)
    elif isinstance(event, MethodRefused):
        table.refuse_method(event.method, event.reason)
