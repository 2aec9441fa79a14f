"""The randomisation check over many pictures: means with their intervals, and verdicts that do not depend on one."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from core.jobs.events import Progress
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import requested
from core.methods.registry import Reduction, Settings
from core.metrics.similarity import SIMILARITIES
from core.metrics.statistics import FEWEST, Estimate, estimates
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.models.randomising import GROUPS
from core.pictures.collecting import StudyPicture, collect_pictures
from core.sanity.randomisation import Randomisation, StageReady, StagesFound, means_by_draw
from core.sanity.stages import Mode
from core.sanity.verdict import MeanSimilarity, VerdictReady, in_words, standing
from core.studies.over_pictures import OnePicture, PictureRefused, on_picture, over_pictures


@dataclass(frozen=True)
class PictureChecked:
    """A picture's stages, without their maps.

    Parameters
    ----------
    seconds
        The time it took.
    done, total
        Pictures finished so far, including refused ones, and all pictures.
    """

    picture: str
    points: tuple[StageReady, ...]
    seconds: float
    done: int
    total: int


@dataclass(frozen=True)
class SimilarityRow:
    """One similarity of a method at a stage: its mean over pictures, and the interval of that mean within -1 and 1."""

    method: str
    stage: int
    similarity: str
    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class SanitySummary:
    """The means of all pictures so far; a later summary takes its place."""

    rows: tuple[SimilarityRow, ...]
    pictures: int

    @property
    def replaces(self) -> str:
        return "sanity summary"


Event = Progress | StagesFound | MethodRefused | PictureRefused | PictureChecked | SanitySummary | VerdictReady


def stream_sanity_study(
    classifier: Classifier,
    source: str | Path | Image | Sequence[Any],
    methods: Sequence[str],
    mode: Mode = "cascading",
    limit: int | None = None,
    seed: int = 0,
    draws: int = 1,
    groups: int = GROUPS,
    smooth: int = 1,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """The stages of the check picture by picture, each followed by the means and verdicts of all so far.

    Each picture is explained for the class that the model predicts, with randomised weights of its own: the intervals
    cover both. A step is one batch.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.collecting.collect_pictures`.
    limit
        Maximum number of pictures; the first ones are used.

    Raises
    ------
    ValueError
        Where something requested does not exist, or there is no picture; the message says what would work.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A study needs at least 1 picture; got a limit of {limit}.")
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    randomisation = Randomisation(request, mode, draws, groups, smooth)
    stages = randomisation.stages(classifier)
    randomisation.stream(classifier, classifier.blank(1), target=0)  # refuses now what it would refuse later
    pictures = collect_pictures(source, classifier.dataset)[:limit]
    several = len(pictures) > 1
    units = [
        (each.name, check(classifier, each, randomisation, place, len(pictures))) for place, each in enumerate(pictures)
    ]
    return check_pictures(stages, units, partial(summarised, stages=stages, seed=seed, several=several))


Checked = OnePicture[Progress | MethodRefused | PictureChecked | VerdictReady, PictureChecked]


def check_pictures(
    stages: StagesFound,
    units: Sequence[tuple[str, Checked]],
    summarise: Callable[[Sequence[PictureChecked], bool], Iterator[SanitySummary | VerdictReady]],
) -> Iterator[Event]:
    """The stages that will be visited, then one picture after the other."""
    yield stages
    yield from over_pictures(units, summarise)


def check(
    classifier: Classifier, picture: StudyPicture, randomisation: Randomisation, place: int, total: int
) -> Checked:
    """One picture's stages; if it is the only one, with verdicts based on its draws of weights.

    Raises
    ------
    PictureError, ValueError
        Where the picture cannot be opened, or cannot be checked with these settings.
    """
    began, points = time.monotonic(), list[StageReady]()
    visiting = randomisation.stream(classifier, classifier.prepare(picture.open()))
    for event in on_picture(visiting, picture.called, place, total):
        match event:
            case Progress() | MethodRefused():
                yield event
            case StageReady():
                points.append(replace(event, heatmap=None))
            case VerdictReady() if total == 1:
                yield event
    checked = PictureChecked(picture.name, tuple(points), time.monotonic() - began, place + 1, total)
    yield checked
    return checked


def summarised(
    checked: Sequence[PictureChecked], final: bool, stages: StagesFound, seed: int, several: bool
) -> Iterator[SanitySummary | VerdictReady]:
    """The means, and for several pictures how every method stands."""
    yield SanitySummary(similarity_rows(checked, seed), len(checked))
    if several:
        yield from verdicts(checked, stages, seed, final)


def similarity_rows(checked: Sequence[PictureChecked], seed: int) -> tuple[SimilarityRow, ...]:
    """The mean of each similarity by method and stage, each picture counting once."""
    cells: dict[tuple[str, int, str], list[list[float]]] = {}
    for place, picture in enumerate(checked):
        for point in picture.points:
            for similarity in SIMILARITIES:
                drawn = cells.setdefault((point.method, point.stage, similarity), [[] for _ in checked])
                value = getattr(point, similarity)
                if value is not None:
                    drawn[place].append(value)
    columns = np.array([[np.mean(drawn) if drawn else np.nan for drawn in cell] for cell in cells.values()])
    rows = estimates(columns.T, seed) if len(columns) else []
    return tuple(
        SimilarityRow(method, stage, similarity, *estimate.clipped(-1.0, 1.0))
        for (method, stage, similarity), estimate in zip(cells, rows, strict=True)
        if estimate.n
    )


def verdicts(checked: Sequence[PictureChecked], stages: StagesFound, seed: int, final: bool) -> Iterator[VerdictReady]:
    """How every method stands, by the intervals over pictures; unclear for fewer than five."""
    methods = dict.fromkeys(point.method for picture in checked for point in picture.points)
    cascade = stages.mode != "independent"
    for method in methods:
        own = [[point for point in picture.points if point.method == method] for picture in checked]
        full = [[point for point in points if point.stage == len(stages.stages)] for points in own]
        of_stages, of_last = (estimate([means_by_draw(points) for points in parts], seed) for parts in (own, full))
        asked = [sure(of_stages), *([sure(of_last)] if cascade else [])]
        found = standing(*asked)
        points = [point for each in own for point in each]
        blank = sum(point.spearman_abs is None for point in points)
        n = of_stages.n
        over = f"{n} picture" + "s" * (n != 1) + "; a verdict needs five" * (n < FEWEST)
        mean, last = similarity_of(of_stages), similarity_of(of_last) if cascade else MeanSimilarity()
        sentence = in_words(found, mean, last, None, over, blank, len(points))
        yield VerdictReady(method, found, mean, last, None, n, blank, sentence, final)


def estimate(by_draw: Sequence[Sequence[float]], seed: int) -> Estimate:
    """The mean over pictures, each represented by the mean of its draws."""
    column = np.array([[np.mean(drawn) if drawn else np.nan] for drawn in by_draw])
    return estimates(column, seed)[0]


def similarity_of(found: Estimate) -> MeanSimilarity:
    """The estimate, with its interval limited to the range of a correlation."""
    return MeanSimilarity(*found.clipped(-1.0, 1.0)[:3])


def sure(found: Estimate) -> MeanSimilarity:
    """The part of an estimate that a verdict may use: nothing for few pictures."""
    return similarity_of(found) if found.n >= FEWEST else MeanSimilarity()
