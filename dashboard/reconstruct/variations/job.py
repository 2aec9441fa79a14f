"""Variations of a picture in a hidden region, and for which of them the model keeps its class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

import pandas as pd

import core
from core.generation.hidden import REGIONS
from core.generation.holes import Cut, Region
from core.generation.priors import find_prior
from core.generation.reconstruction import ReconstructionReady, VariationsReady, count_variations
from core.jobs.phases import Phases
from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.models.classifier import Classifier
from dashboard.components.embedded import as_address
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PictureRequest, Words, arguments
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.folders import Folder, folders
from dashboard.library.marks import bits_of_mask, marks
from dashboard.library.pictures import origin_of
from dashboard.library.subjects import Subject, find_subject

HAND = "hand"
"""What the region is called that a person marked."""
BY: Mapping[Cut, str] = {"area": "share of the pixels", "threshold": "distance to the map's maximum"}
FILLED = tuple(region for region in REGIONS if region != "unfilled")
"""The regions that a prior fills."""


def in_words(prior: str) -> str:
    """A prior as a sentence calls it."""
    return find_prior(prior).label


@dataclass(frozen=True, kw_only=True)
class VariationsRequest(PictureRequest):
    """One picture, and the region that is hidden: by a heatmap, or as a person marked it.

    Parameters
    ----------
    method
        Whose heatmap says what is hidden; empty where it was marked by hand.
    hole
        Name of the mark; empty where a heatmap says what is hidden.
    donors
        Name of an uploaded folder that fills may come from; empty for the bundled pictures.
    """

    target: Annotated[int, Words("explained class", follows_picture=True)]
    method: Annotated[str, Words("heatmap")] = ""
    hole: Annotated[str, Words("marked region", follows_picture=True)] = ""
    share: Annotated[float, Words("size of the region")] = 0.5
    by: Annotated[Cut, Words("way to cut the region", said=BY.__getitem__)] = "area"
    prior: Annotated[str, Words("prior", said=in_words)]
    variations: Annotated[int, Words("number of variations")] = 16
    donors: Annotated[str, Words("donor folder")] = ""

    @property
    def heatmap(self) -> HeatmapRequest:
        """What is asked of the method."""
        return HeatmapRequest(**arguments(self, HeatmapRequest))


@dataclass(frozen=True, eq=False)
class HiddenSubject(Subject):
    """A picture as a model sees it, what a person marked on it, and their pictures that fills may come from."""

    hole: Any = None
    folder: Folder | None = None

    def released(self) -> Self:
        """Without the folder, whose files are needed no more."""
        return replace(self, folder=None)


Variations = JobView[VariationsRequest, HiddenSubject]


@dataclass(frozen=True)
class VariationsShown:
    """Some variations as the browser shows them.

    Parameters
    ----------
    first
        Number of the first of these variations.
    hole
        The hidden pixels, one bit each, row by row, in base64.
    pictures
        The variations, as addresses that hold the picture itself.
    confidences, kept, distances
        As in :class:`core.generation.reconstruction.VariationsReady`.
    """

    region: Region
    first: int
    height: int
    width: int
    hole: str
    pictures: tuple[str, ...]
    confidences: tuple[float, ...]
    kept: tuple[bool, ...]
    distances: tuple[float, ...]


def find_inputs(request: VariationsRequest) -> HiddenSubject:
    """The picture as the loaded model sees it, with the mark and the folder that the request names."""
    seen = find_subject(request.model, request.picture)
    hole = marks.get(request.hole).mask if request.hole else None
    folder = folders.get(request.donors) if request.donors else None
    return HiddenSubject(seen.classifier, seen.pixels, seen.seen, hole, folder)


def stream(request: VariationsRequest, subject: HiddenSubject) -> Iterator[Any]:
    """The heatmap, where one says what is hidden, then the variations of the region and of its controls."""
    before = [heatmaps_workload(request.heatmap, subject.classifier).passes] if request.method else []
    phases = Phases([*before, pictures_of(REGIONS, request.variations)])
    maps: dict[str, Any] = {HAND: subject.hole} if request.hole else {}
    if request.method:
        for event in phases.part(request.heatmap.stream(subject.classifier, subject.pixels, request.target)):
            if isinstance(event, HeatmapReady) and event.final:
                maps[request.method] = event.heatmap.values
            yield event
    if maps:
        for made in phases.part(fill(request, subject, maps)):
            yield shown(made) if isinstance(made, VariationsReady) else made


def fill(request: VariationsRequest, subject: HiddenSubject, maps: dict[str, Any]) -> Iterator[Any]:
    """The engine's events for the region that the map marks.

    Raises
    ------
    ValueError
        Where the pictures that fills come from are too few, or the prior does not apply.
    """
    place = subject.folder.path if subject.folder else None
    try:
        return core.stream_reconstruct(
            subject.classifier,
            subject.pixels,
            maps,
            target=request.target,
            shares=(request.share,),
            by=request.by,
            prior=request.prior,
            variations=request.variations,
            source=place,
            origin=origin_of(request.picture),
            seed=request.seed,
        )
    except ValueError as error:  # no address of this server is told
        raise ValueError(str(error).replace(str(place), "the folder")) from None


def shown(made: VariationsReady) -> VariationsShown:
    """The same with pictures that a browser can show."""
    height, width = made.hole.shape
    return VariationsShown(
        region=made.region,
        first=made.first,
        height=height,
        width=width,
        hole=bits_of_mask(made.hole.cpu()),
        pictures=tuple(map(as_address, made.pictures)),
        confidences=made.confidences,
        kept=made.kept,
        distances=made.distances,
    )


def pictures_of(regions: Sequence[Region], variations: int) -> int:
    """Pictures that these regions of one hole give in all.

    >>> pictures_of(FILLED, 16), pictures_of(REGIONS, 16)
    (48, 49)
    """
    return sum(count_variations(region, variations) for region in regions)


def plan(request: VariationsRequest, classifier: Classifier) -> Workload:
    """The passes of the heatmap and of the variations; what the fills take is not known before."""
    heatmap = heatmaps_workload(request.heatmap, classifier) if request.method else Workload()
    return heatmap + outputs(pictures_of(REGIONS, request.variations))


def variations_table(run: Variations) -> pd.DataFrame:
    """A row a variation."""
    columns: Sequence[str] = ("confidences", "kept", "distances")
    rows = [
        {"region": message["region"], "variation": message["first"] + place, **dict(zip(columns, row, strict=True))}
        for message in run.messages(VariationsShown)
        for place, row in enumerate(zip(*(message[name] for name in columns), strict=True))
    ]
    return pd.DataFrame(rows).rename(columns={"confidences": "confidence", "distances": "distance"})


VARIATIONS = declare(
    JobKind(
        name="variations",
        title="Variations",
        verb="Run",
        results="These variations",
        reading="Share kept: share of the fills of a hidden region for which the model keeps the class, with its 95 % "
        "interval for this picture and this prior. Energy score: how well the prior guesses; lower is better.",
        gone="Those variations are no longer kept here. Press Run to make them again.",
        page="reconstruct",
        tab="Variations",
        request=VariationsRequest,
        inputs=find_inputs,
        stream=stream,
        plan=plan,
        tables={"variations": variations_table, "regions": records(ReconstructionReady, "order")},
        saves=VariationsShown,
    )
)
