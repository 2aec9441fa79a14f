"""Mask search beside RISE and occlusion on one picture: their maps and quality at equal numbers of passes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import core
from core.methods.workload import Workload
from core.metrics.curve_plan import Perturbation
from core.models.classifier import Classifier
from core.pictures.stamps import Placed
from core.stamping.models import ListedStampModel, list_stamp_models
from core.studies.search_convergence import MapJudged, MapReached, ProbabilityProbed, plan_mask_search
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PictureRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.library.models import shelf
from dashboard.library.pictures import uploads
from dashboard.library.predictions import Look, loaded, look
from dashboard.library.queue import queue
from dashboard.library.remembering import remembering
from dashboard.library.subjects import Subject, find_subject

STOPS = (100, 250, 500, 1000, 2000, 4000)
"""Numbers of passes at which maps are compared."""
STEPS = 10
"""Of the curves that judge the maps: few, for every map is judged at every stop."""
SEARCHED = ("mask_search", "rise", "occlusion")
"""The methods whose maps are compared, the first in both its forms."""
STAMP_AT = (0.65, 0.2)
"""Place of a stamp as shares of width and height, off the centre."""
REGULAR, STAMP_CLASS = 0, 1
"""The classes of pictures without any stamp, and with the first stamp that a model has learned."""


@dataclass(frozen=True, kw_only=True)
class MaskSearchRequest(PictureRequest):
    """One picture, searched up to a number of passes.

    Parameters
    ----------
    stamped
        Whether the stamp that the model has learned lies on the picture, so that the truth is known.
    """

    target: Annotated[int, Words("explained class", follows_picture=True)]
    most: Annotated[int, Words("number of passes")]
    stamped: Annotated[bool, Words("stamp setting")] = False

    @property
    def stops(self) -> tuple[int, ...]:
        """The numbers of passes at which the maps are compared."""
        return tuple(stop for stop in STOPS if stop <= self.most)


@dataclass(frozen=True, eq=False)
class SearchedSubject(Subject):
    """A picture as a model sees it, and the pixels of its stamp, if it has one that decides the class."""

    truth: Any = None


MaskSearch = JobView[MaskSearchRequest, SearchedSubject]


def find_inputs(request: MaskSearchRequest) -> SearchedSubject:
    """The picture as the loaded model sees it, where it is asked for with the stamp on it.

    Raises
    ------
    NotThere
        Where a stamp is asked for and the model has learned none that decides the class.
    """
    seen = find_subject(request.model, request.picture)
    if not request.stamped:
        return SearchedSubject(seen.classifier, seen.pixels, seen.seen)
    known = needed_truth(request.model)
    stamped = look_at_stamp(known.name, request.picture)
    truth = place_stamp(known).mask(known.size) if decides(look(request.model, request.picture), stamped) else None
    return SearchedSubject(seen.classifier, stamped.pixels, stamped, truth)


def stamp_truth(model: str) -> ListedStampModel | None:
    """What is known of a model for which a stamp decides the class; None for others."""
    known = {each.name: each for each in list_stamp_models() if each.gate and each.gate.passed}
    return known.get(model)


def needed_truth(model: str) -> ListedStampModel:
    """The same of a model for which a stamp decides the class.

    Raises
    ------
    NotThere
        Where none does.
    """
    known = stamp_truth(model)
    if known is None:
        raise NotThere("Stamps are not ground truth for this model. Switch the stamp off.")
    return known


def place_stamp(known: ListedStampModel) -> Placed:
    """The first stamp that the model has learned, in its largest and most opaque form, whole on the picture."""
    task, (height, width) = known.task, known.size
    first = task.stamps[0]
    stamp = replace(first, size=max(task.sizes or (first.size,)), opacity=max(task.opacities or (first.opacity,)))
    left, top = (
        min(round(share * length), length - stamp.size) for share, length in zip(STAMP_AT, (width, height), strict=True)
    )
    return Placed(stamp, left, top)


@remembering(most=64)
def look_at_stamp(model: str, picture: str) -> Look:
    """What a loaded model sees in a picture with its stamp on it, and says of that."""
    classifier, pixels = loaded(model), place_stamp(needed_truth(model)).on(look(model, picture).pixels)
    return Look(pixels, queue().call(lambda: core.predict(classifier, pixels, top=len(classifier.labels))))


@uploads.on_removal
@shelf.on_eviction
def forget_stamped(name: str) -> None:
    """The picture is gone, or another network may have the name next."""
    look_at_stamp.forget(name)


@folders.on_removal
def forget_all_stamped(_: str) -> None:
    """Pictures that were cut from the folder's may be among those that were looked at."""
    look_at_stamp.clear()


def decides(plain: Look, stamped: Look) -> bool:
    """Whether the stamp decides the class: the model names no stamp without it, and this one with it."""
    return (plain.top[0].index, stamped.top[0].index) == (REGULAR, STAMP_CLASS)


def stream(request: MaskSearchRequest, subject: SearchedSubject) -> Iterator[Any]:
    """The probe, then the maps and their quality at every stop."""
    return core.stream_mask_search(
        subject.classifier,
        subject.pixels,
        request.target,
        request.stops,
        request.seed,
        request.output,
        steps=STEPS,
        truth=subject.truth,
    )


def plan(request: MaskSearchRequest, classifier: Classifier) -> Workload:
    """The passes of the probe, of the maps and of their quality."""
    return sum(plan_mask_search(classifier, request.stops, Perturbation(steps=STEPS)), Workload())


MASK_SEARCH = declare(
    JobKind(
        name="mask_search",
        title="Mask search",
        verb="Run",
        results="These maps",
        reading="F: area between the curves least and most important first; 0 for a random order, higher is better. "
        "Insertion: area as the most important pixels return; higher is better. Stamp distance: 0 shows the stamp and "
        "nothing else, 2 is unrelated.",
        gone="That search is no longer kept here. Press Run to make it again.",
        page="reconstruct",
        tab="Mask search",
        request=MaskSearchRequest,
        inputs=find_inputs,
        stream=stream,
        plan=plan,
        tables={"quality": records(MapJudged), "probe": records(ProbabilityProbed)},
        saves=MapReached,
    )
)
