"""Reconstruction over many pictures: what is kept as the hole grows, for several methods' maps and their controls."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL.Image import Image
from torch import Tensor

from core.generation.choosing import ChosenPrior, chosen_prior
from core.generation.hidden import REGIONS, hidden_regions
from core.generation.holes import Cut, Region
from core.generation.pools import Pool, PoolSource, list_pool
from core.generation.reconstruction import (
    ReconstructionReady,
    check_variations,
    count_pictures,
    prepared,
    reconstruct,
)
from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.methods.rehearsal import heatmaps_workload
from core.metrics.statistics import Estimate, estimates, within
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.pictures.collecting import StudyPicture, collect_pictures
from core.randomness import picture_digest
from core.studies.over_pictures import OnePicture, PictureRefused, on_picture, over_pictures

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class PictureReconstructed:
    """What one picture's variations say.

    Parameters
    ----------
    seconds
        The time it took, heatmaps included.
    done, total
        Pictures finished so far, including refused ones, and all pictures.
    """

    picture: str
    results: tuple[ReconstructionReady, ...]
    seconds: float
    done: int
    total: int


@dataclass(frozen=True)
class CurveRow:
    """A point of the curves of one method and region: means over pictures with their 95 % intervals.

    Parameters
    ----------
    share
        The share that was asked for: where the point lies.
    hidden
        Mean share of the pixels that were hidden.
    kept, confidence, energy
        Share of the variations that keep the class, probability of the class, energy score of the fills.
    """

    method: str
    region: Region
    share: float
    hidden: float
    kept: Estimate
    confidence: Estimate
    energy: Estimate


@dataclass(frozen=True)
class MethodGap:
    """How much less is kept without what a map marks than without the same shape elsewhere.

    Parameters
    ----------
    gap
        Share kept with the random region less that with the salient one, averaged over the shares hidden: the area
        between the two curves. A mean over pictures with its 95 % interval.
    """

    method: str
    gap: Estimate


@dataclass(frozen=True)
class ReconstructionSummary:
    """The curves of all pictures so far; a later summary takes its place.

    Parameters
    ----------
    gaps
        One for each method whose salient and random regions were both hidden.
    """

    rows: tuple[CurveRow, ...]
    pictures: int
    prior: str
    gaps: tuple[MethodGap, ...] = ()

    @property
    def replaces(self) -> str:
        return "reconstruction summary"


Event = Progress | MethodRefused | PictureRefused | PictureReconstructed | ReconstructionSummary
Reconstructed = OnePicture[Progress | MethodRefused | PictureReconstructed, PictureReconstructed]


@dataclass(frozen=True, eq=False)
class ReconstructionStudy:
    """What is hidden on every picture, and how it is filled."""

    classifier: Classifier
    request: HeatmapRequest
    shares: tuple[float, ...]
    by: Cut
    pool: Pool
    prior: ChosenPrior
    variations: int
    regions: tuple[Region, ...]

    def of(self, picture: StudyPicture, place: int, total: int) -> Reconstructed:
        """One picture's results, for the class that the model predicts.

        Raises
        ------
        PictureError, ValueError
            Where the picture cannot be opened, or its holes cannot be filled.
        """
        began = time.monotonic()
        results = yield from on_picture(self.results(picture), picture.called, place, total)
        made = PictureReconstructed(picture.name, results, time.monotonic() - began, place + 1, total)
        yield made
        return made

    def results(self, picture: StudyPicture) -> OnePicture[Progress | MethodRefused, tuple[ReconstructionReady, ...]]:
        """The last result of every method, share and region."""
        pixels = self.classifier.prepare(picture.open())
        target, seed = checked_target(self.classifier, pixels, None), self.request.seed
        filling = prepared(self.classifier, pixels, target, self.pool, self.prior, self.variations, picture.name, seed)
        phases = Phases([heatmaps_workload(self.request, self.classifier).passes, self.passes])
        maps: dict[str, Tensor] = {}
        for event in phases.part(self.request.stream(self.classifier, pixels, target, rough=False)):
            if isinstance(event, HeatmapReady):
                maps[event.heatmap.method] = event.heatmap.values
            else:
                yield event
        if not maps:
            return ()
        digest = picture_digest(pixels)
        hidden = hidden_regions(maps, self.classifier.size, self.shares, self.by, self.regions, seed, digest)
        found: dict[object, ReconstructionReady] = {}
        for filled in phases.part(reconstruct(filling, hidden)):
            if isinstance(filled, ReconstructionReady):
                found[filled.replaces] = filled
            elif isinstance(filled, Progress):
                yield filled
        return tuple(found.values())

    @property
    def passes(self) -> int:
        """Variations of a picture."""
        return len(self.request.methods) * len(self.shares) * count_pictures(self.regions, self.variations)


def stream_reconstructions(
    classifier: Classifier,
    source: str | Path | Image | Sequence[Any],
    methods: Sequence[str],
    shares: Sequence[float] = SHARES,
    by: Cut = "area",
    prior: ChosenPrior = None,
    variations: int = 16,
    limit: int | None = None,
    seed: int = 0,
    donors: PoolSource | None = None,
    regions: Sequence[Region] = REGIONS,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """The share kept, the confidence and the energy against the size of the hole, picture by picture.

    Each picture is explained for the class that the model predicts. A step is one batch.

    Parameters
    ----------
    source
        A folder, ``"gallery"``, ``"fashion_mnist"``, or a list of pictures; see
        :func:`core.pictures.collecting.collect_pictures`.
    shares, by, prior, variations, regions
        As for :func:`core.stream_reconstruct`.
    limit
        Maximum number of pictures; the first ones are used.
    donors
        Pictures that fills may come from; by default bundled ones that suit the classifier.

    Raises
    ------
    ValueError
        Where something requested does not exist, or there is no picture; the message says what would work.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A study needs at least 1 picture; got a limit of {limit}.")
    check_variations(variations)
    request = requested(methods, seed, settings, output, reduction)
    request.check(len(classifier.labels))
    if not request.methods:
        raise ValueError("Name at least one method; its maps say what is hidden.")
    blank = classifier.blank(1)[0, 0].cpu()
    hidden_regions({"blank": blank}, classifier.size, shares, by, regions, seed, "")  # refuses what it would later
    listed = list_pool(classifier, donors)
    named = chosen_prior(prior, listed).label
    pictures = collect_pictures(source, classifier.dataset)[:limit]

    def opened_and_studied() -> Iterator[Event]:
        pool = yield from listed.opened()
        study = ReconstructionStudy(classifier, request, (*shares,), by, pool, prior, variations, (*regions,))
        units = [(each.name, study.of(each, place, len(pictures))) for place, each in enumerate(pictures)]
        yield from over_pictures(units, partial(summarised, prior=named, seed=seed))

    return opened_and_studied()


def summarised(
    pictures: Sequence[PictureReconstructed],
    final: bool,  # noqa: ARG001
    prior: str,
    seed: int,
) -> Iterator[ReconstructionSummary]:
    """The curves of all pictures so far."""
    yield ReconstructionSummary(curve_rows(pictures, seed), len(pictures), prior, method_gaps(pictures, seed))


def curve_rows(pictures: Sequence[PictureReconstructed], seed: int) -> tuple[CurveRow, ...]:
    """The means by method, region and share, each picture counting once; the same resamples of pictures for all."""
    by_picture = [{(each.method, each.region, each.share): each for each in picture.results} for picture in pictures]
    cells = list(dict.fromkeys(cell for results in by_picture for cell in results))
    if not cells:
        return ()

    def means(value: str) -> list[Estimate]:
        found = [[getattr(results.get(cell), value, None) for cell in cells] for results in by_picture]
        return estimates(np.array([[nan if each is None else each for each in row] for row in found]), seed)

    columns = zip(cells, *map(means, ("hidden", "kept", "confidence", "energy")), strict=True)
    return tuple(
        CurveRow(method, region, share, hidden.mean, within(kept, 0.0, 1.0), within(confidence, 0.0, 1.0), energy)
        for (method, region, share), hidden, kept, confidence, energy in columns
    )


def method_gaps(pictures: Sequence[PictureReconstructed], seed: int) -> tuple[MethodGap, ...]:
    """Each method's gap, its two regions compared picture by picture."""
    methods = list(dict.fromkeys(each.method for picture in pictures for each in picture.results))
    gaps = np.array([[gap_on(picture, method) for method in methods] for picture in pictures])
    if not methods:
        return ()
    found = [
        MethodGap(method, within(gap, -1.0, 1.0)) for method, gap in zip(methods, estimates(gaps, seed), strict=True)
    ]
    return tuple(each for each in found if each.gap.n)


def gap_on(picture: PictureReconstructed, method: str) -> float:
    """A method's gap on one picture, over the shares that both regions have; NaN where there is none."""
    kept = {(each.region, each.share): each.kept for each in picture.results if each.method == method}
    elsewhere = {share: value for (region, share), value in kept.items() if region == "random"}
    gaps = [elsewhere[share] - kept["salient", share] for share in elsewhere if ("salient", share) in kept]
    return fmean(gaps) if gaps else nan
