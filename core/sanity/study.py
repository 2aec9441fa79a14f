"""The randomisation check over many pictures: means with their intervals, and verdicts that do not hang on one."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.methods.registry import Reduction, Settings
from core.metrics.similarity import SIMILARITIES
from core.metrics.statistics import FEWEST, Estimate, estimates
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.models.randomising import GROUPS
from core.pictures.opening import PictureError
from core.pictures.specimens import Specimen, collect_specimens
from core.sanity.randomisation import Event as Stream
from core.sanity.randomisation import StageReady, StagesFound, means_by_draw, stream_randomisation
from core.sanity.stages import Mode
from core.sanity.verdict import Alike, VerdictReady, in_words, standing
from core.studies.evaluation import PictureRefused


@dataclass(frozen=True)
class PictureChecked:
    """A picture's stages, without their maps.

    Parameters
    ----------
    seconds
        What it took.
    done, total
        Pictures done so far, those refused among them, of all.
    """

    picture: str
    points: tuple[StageReady, ...]
    seconds: float
    done: int
    total: int


@dataclass(frozen=True)
class SimilarityRow:
    """One similarity of a method at a stage: its mean over pictures and the 95 % interval of that mean."""

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
    """Picture by picture the stages of the check, and after each the means and the verdicts of all so far.

    Each picture's own predicted class is explained, and each picture meets weights of its own: the intervals are over
    both. A step is one batch.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.specimens.collect_specimens`.
    limit
        No more than so many pictures, the first ones.

    Raises
    ------
    ValueError
        Where something asked for does not exist, or there is no picture; the sentence says what would do.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A study needs at least 1 picture; got a limit of {limit}.")

    randomisation = partial(
        stream_randomisation,
        classifier,
        methods=methods,
        mode=mode,
        seed=seed,
        draws=draws,
        groups=groups,
        smooth=smooth,
        settings=settings,
        output=output,
        reduction=reduction,
    )
    randomisation(classifier.blank(1), target=0)  # refuses now what it would refuse later
    specimens = collect_specimens(source, classifier.dataset)[:limit]
    checks = [check(classifier, each, randomisation, place, len(specimens)) for place, each in enumerate(specimens)]
    return study([each.name for each in specimens], checks, seed)


Randomisation = Callable[[Float[Tensor, "1 3 height width"]], Iterator[Stream]]
Checking = Generator[Progress | StagesFound | MethodRefused | VerdictReady, None, PictureChecked]


def check(classifier: Classifier, specimen: Specimen, randomisation: Randomisation, place: int, total: int) -> Checking:
    """One picture's stages.

    Raises
    ------
    PictureError, ValueError
        Where the picture can't be opened, or can't be checked in the way that was asked for.
    """
    began, points = time.monotonic(), list[StageReady]()
    for event in randomisation(classifier.prepare(specimen.open())):
        match event:
            case Progress(done, of, what):
                yield Progress(round(100 * (place + done / of) / total), 100, f"{specimen.name}: {what}")
            case MethodRefused(method, reason):
                yield MethodRefused(method, f"On {specimen.name}: {reason}")
            case StageReady():
                points.append(replace(event, heatmap=None))
            case StagesFound() | VerdictReady():
                yield event
    return PictureChecked(specimen.name, tuple(points), time.monotonic() - began, place + 1, total)


def study(names: Sequence[str], checks: Sequence[Checking], seed: int) -> Iterator[Event]:
    """The pictures one after the other; one that can't be checked is told of and left out.

    Where one picture is all, its own verdicts are told, which rest on draws of weights.
    """
    checked: list[PictureChecked] = []
    refused: set[str] = set()
    stages: StagesFound | None = None
    pace, several = Pace(), len(names) > 1
    for name, checking in zip(names, map(Returning, checks), strict=True):
        try:
            for event in checking:
                if isinstance(event, StagesFound):
                    if stages is None:
                        yield event
                    stages = event
                elif isinstance(event, MethodRefused):
                    if event.method not in refused:
                        yield event
                    refused.add(event.method)
                elif not (several and isinstance(event, VerdictReady)):
                    yield event
        except (PictureError, ValueError) as error:
            yield PictureRefused(name, str(error))
            continue
        checked.append(checking.result)
        yield checked[-1]
        if stages and several and pace.due():
            with pace.spending():
                found = list(summarised(checked, stages, seed, final=False))
            yield from found
    if checked and stages:
        last = summarised(checked, stages, seed, final=True)
        yield from (event for event in last if several or isinstance(event, SanitySummary))


def summarised(
    checked: Sequence[PictureChecked], stages: StagesFound, seed: int, final: bool
) -> Iterator[SanitySummary | VerdictReady]:
    """The means, and how every method stands."""
    yield SanitySummary(similarity_rows(checked, seed), len(checked))
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
        SimilarityRow(method, stage, similarity, *estimate)
        for (method, stage, similarity), estimate in zip(cells, rows, strict=True)
        if estimate.n
    )


def verdicts(checked: Sequence[PictureChecked], stages: StagesFound, seed: int, final: bool) -> Iterator[VerdictReady]:
    """How every method stands, by the intervals over pictures; unclear where these are fewer than five."""
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
        over = f"{n} picture" + "s" * (n != 1) + "; a verdict takes five" * (n < FEWEST)
        mean, last = likeness(of_stages), likeness(of_last) if cascade else Alike()
        sentence = in_words(found, mean, last, None, over, blank, len(points))
        yield VerdictReady(method, found, mean, last, None, n, blank, sentence, final)


def estimate(by_draw: Sequence[Sequence[float]], seed: int) -> Estimate:
    """The mean over pictures, each counting as the mean of its draws."""
    column = np.array([[np.mean(drawn) if drawn else np.nan] for drawn in by_draw])
    return estimates(column, seed)[0]


def likeness(found: Estimate) -> Alike:
    """The estimate, its interval kept to what a correlation can be."""
    return Alike(found.mean, max(found.low, -1.0), min(found.high, 1.0)) if found.n > 1 else Alike(found.mean)


def sure(found: Estimate) -> Alike:
    """What of an estimate a verdict may rest on: nothing where pictures are few."""
    return likeness(found) if found.n >= FEWEST else Alike()
