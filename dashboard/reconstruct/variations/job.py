"""Variations of a picture in a hidden region, and for which of them the model keeps its class."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

import pandas as pd

import core
from core.generation.choosing import chosen_prior
from core.generation.donors import donors
from core.generation.hidden import REGIONS
from core.generation.holes import Cut, Region
from core.generation.pools import FEWEST, Pool, list_pool
from core.generation.priors import Scene, find_prior
from core.generation.reconstruction import ReconstructionReady, VariationsReady, count_pictures
from core.jobs.durations import counted
from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.models.classifier import Classifier
from core.pictures.opening import looks_like_a_picture
from dashboard.components.embedded import as_address
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PictureRequest, Words, arguments
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.absence import NotThere
from dashboard.library.folders import Folder, folders
from dashboard.library.marks import bits_of_mask, marks
from dashboard.library.pictures import origin_of
from dashboard.library.subjects import Subject, find_subject
from dashboard.reconstruct.measuring import paces

LEAST_VARIATIONS = 16
"""As many as one step of most priors gives."""
HAND = "hand"
"""What the region is called that a person marked."""
BY: Mapping[Cut, str] = {"area": "share of the pixels", "threshold": "distance to the map's maximum"}
FILLED = tuple(region for region in REGIONS if region != "unfilled")
"""The regions that a prior fills."""


def in_words(prior: str) -> str:
    """A prior as a sentence calls it."""
    return find_prior(prior).label


def in_percent(share: float) -> str:
    """
    >>> in_percent(0.7)
    '70\xa0%'
    """
    return f"{share:.0%}".replace("%", "\u00a0%")


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
    hole: Annotated[
        str, Words("marked region", follows_picture=True, said=lambda name: "painted by hand" if name else "")
    ] = ""
    share: Annotated[float, Words("size of the region", said=in_percent)] = 0.5
    by: Annotated[Cut, Words("way to cut the region", said=BY.__getitem__)] = "area"
    prior: Annotated[str, Words("prior", said=in_words)]
    variations: Annotated[int, Words("number of variations")] = 16
    donors: Annotated[str, Words("donor folder", said=lambda name: "an uploaded folder" if name else "")] = ""

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


class UnfitFolder(NotThere):
    """Too few pictures of a folder can be read to fill from."""


def find_inputs(request: VariationsRequest) -> HiddenSubject:
    """The picture as the loaded model sees it, with the mark and the folder that the request names.

    Raises
    ------
    NotThere
        Where one of them is gone, or the folder has too few pictures.
    """
    seen = find_subject(request.model, request.picture)
    hole = marks.get(request.hole).mask if request.hole else None
    folder = folders.get(request.donors) if request.donors else None
    if folder:
        check_folder(folder, request.variations if request.prior == donors.__name__ else FEWEST)
    return HiddenSubject(seen.classifier, seen.pixels, seen.seen, hole, folder)


def check_folder(folder: Folder, needed: int) -> None:
    """Refuses a folder with fewer pictures than are needed whose files begin as pictures do.

    Raises
    ------
    UnfitFolder
        With how many there are.
    """
    sound = sum(looks_like_a_picture(folder.path / name) for name in folder.pictures)
    if sound < needed:
        unread = len(folder.pictures) - sound
        but = f"; {counted(unread, 'file')} cannot be read" if unread else ""
        raise UnfitFolder(
            f"{folder.title} has {counted(sound, 'picture')}{but}. This prior needs {needed}. Use more pictures"
            f"{', fewer variations' if needed > LEAST_VARIATIONS else ''} or another prior."
        )


def stream(request: VariationsRequest, subject: HiddenSubject) -> Iterator[Any]:
    """The heatmap, where one says what is hidden, then the variations of the region and of its controls."""
    source = yield from open_donors(request, subject)
    before = [heatmaps_workload(request.heatmap, subject.classifier).passes] if request.method else []
    phases = Phases([*before, count_pictures(REGIONS, request.variations)])
    maps: dict[str, Any] = {HAND: subject.hole} if request.hole else {}
    if request.method:
        for event in phases.part(request.heatmap.stream(subject.classifier, subject.pixels, request.target)):
            if isinstance(event, HeatmapReady) and event.final:
                maps[request.method] = event.heatmap.values
            yield event
    if maps:
        for made in phases.part(fill(request, subject, maps, source)):
            yield shown(made) if isinstance(made, VariationsReady) else made


def open_donors(request: VariationsRequest, subject: HiddenSubject) -> Generator[Progress, None, Pool | None]:
    """The pictures of the folder, opened before anything else is computed: none where fills are bundled ones.

    Raises
    ------
    ValueError
        Where they are too few for this picture and prior.
    """
    if subject.folder is None:
        return None
    try:
        pool = yield from list_pool(subject.classifier, subject.folder.path).opened()
    except ValueError as error:  # no address of this server is told
        raise ValueError(str(error).replace(str(subject.folder.path), subject.folder.title)) from None
    scene = Scene(subject.pixels, pool, origin_of(request.picture), request.variations)
    chosen_prior(request.prior, pool).prepare(scene)  # refuses now what it would after the heatmap
    return pool


def fill(
    request: VariationsRequest, subject: HiddenSubject, maps: dict[str, Any], source: Pool | None
) -> Iterator[Any]:
    """The engine's events for the region that the map marks."""
    return core.stream_reconstruct(
        subject.classifier,
        subject.pixels,
        maps,
        target=request.target,
        shares=(request.share,),
        by=request.by,
        prior=request.prior,
        variations=request.variations,
        source=source,
        origin=origin_of(request.picture),
        seed=request.seed,
    )


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


def plan(request: VariationsRequest, classifier: Classifier) -> Workload:
    """The passes of the heatmap and of the variations, and the seconds of the fills, once these were measured."""
    heatmap = heatmaps_workload(request.heatmap, classifier) if request.method else Workload()
    seconds = 0.0 if request.donors else paces.known(request.model, request.prior) or 0.0
    filled = Workload(beside=seconds * count_pictures(FILLED, request.variations))
    return heatmap + filled + outputs(count_pictures(REGIONS, request.variations))


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
