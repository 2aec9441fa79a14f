"""Heatmaps of a picture with a stamp on it, and how near each comes to the stamp."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.pictures.stamps import Placed
from core.stamping.agreement import SpreadReady, stream_agreement
from core.studies.scoring import ScoresReady
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PictureRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.subjects import Subject, find_subject
from dashboard.stamp.placing import on_all
from dashboard.stamp.stamp_models import stamp_model
from dashboard.stamp.wording import placed_in_words


@dataclass(frozen=True, kw_only=True)
class StampedPictureRequest(PictureRequest):
    """One picture with a stamp on it, and maybe a distractor under the stamp."""

    stamp: Annotated[Placed, Words("stamp", said=placed_in_words)]
    distractor: Annotated[Placed | None, Words("distractor", said=placed_in_words)] = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StampedSubject(Subject):
    """The stamped picture as a model sees it, and the same without the stamp."""

    without: Any


StampedPicture = JobView[StampedPictureRequest, StampedSubject]


def find_inputs(request: StampedPictureRequest) -> StampedSubject:
    clean = find_subject(request.model, request.picture)
    without = on_all([request.distractor] if request.distractor else [], clean.pixels)
    return StampedSubject(clean.classifier, request.stamp.on(without), without=without)


def stream(request: StampedPictureRequest, subject: StampedSubject) -> Iterator[Any]:
    """Heatmaps of the stamped picture, and how far each is from showing the stamp.

    Where the model learned the stamp, also from showing what of the stamp it uses: that comes before all else, and
    would keep people waiting where a network is large.
    """
    size = subject.classifier.size
    return stream_agreement(
        subject.classifier,
        subject.pixels,
        truth=request.stamp.mask(size),
        target=request.target,
        without=subject.without if stamp_model(request.model) else None,
        distractor=request.distractor.mask(size) if request.distractor else None,
        **request.maps(),
    )


STAMPED_PICTURE = declare(
    JobKind(
        name="stamped_picture",
        title="Stamped picture",
        verb="Explain",
        results="These maps",
        reading="Stamp distance d: 0 shows the stamp and nothing else, 2 is unrelated, 4 is the opposite.",
        gone="That stamped picture is no longer kept here. Press Explain to make its heatmaps again.",
        page="stamp",
        tab="Place a stamp",
        request=StampedPictureRequest,
        inputs=find_inputs,
        stream=stream,
        formerly="job",
        tables={"scores": records(ScoresReady), "spreads": records(SpreadReady)},
    )
)
