"""Randomisation over many pictures: similarities of every method on each, and the verdicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.sanity.many_pictures import PictureChecked, stream_sanity_study
from core.sanity.tables import means_of, similarities_of, verdicts_of
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import Words
from dashboard.library.sources import Source, open_source
from dashboard.library.subjects import find_classifier
from dashboard.sanity.randomisation.job import READING, StagesRequest, plan


@dataclass(frozen=True, kw_only=True)
class SanityStudyRequest(StagesRequest):
    """A gallery, a data set or an uploaded folder under randomisation; at most ``limit`` pictures of it."""

    source: Annotated[str, Words("pictures", plural=True)]
    limit: Annotated[int, Words("number of pictures", sample_may_differ=True)]


def stream(request: SanityStudyRequest, source: Source) -> Iterator[Any]:
    """The study of those pictures."""
    return stream_sanity_study(
        source.classifier, source.pictures, limit=request.limit, **request.maps(), **request.stages()
    )


SANITY_STUDY = declare(
    JobKind(
        name="sanity_study",
        title="Randomisation of many pictures",
        verb="Run",
        results="These verdicts",
        reading=READING,
        gone="That study is no longer kept here. Press Run to make it again.",
        page="sanity",
        tab="Many pictures",
        request=SanityStudyRequest,
        inputs=lambda request: open_source(find_classifier(request.model), request.source),
        stream=stream,
        plan=lambda request, classifier: plan(request, classifier) * request.limit,
        files={
            "verdicts": lambda study: verdicts_of(study.events(object)),
            "similarity-means": lambda study: means_of(study.events(object)),
            "similarities": lambda study: similarities_of(study.events(object)),
        },
        saves=PictureChecked,
    )
)
