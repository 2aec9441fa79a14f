"""Scores of every method on each of many pictures, and their means."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import core
from core.methods.workload import Workload
from core.metrics.curve_plan import Perturbation
from core.models.classifier import Classifier
from core.studies.evaluation import PictureScored
from core.studies.labelling import Explained
from core.studies.study import plan_picture
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PerturbationRequest, Words
from dashboard.jobs.scores import FILES
from dashboard.jobs.views import JobView
from dashboard.library.sources import Source, open_source
from dashboard.library.subjects import find_classifier


@dataclass(frozen=True, kw_only=True)
class StudyRequest(PerturbationRequest):
    """A gallery, a data set or an uploaded folder; at most ``limit`` pictures of it.

    Parameters
    ----------
    labels
        Where the pictures' labels are: ``folders``, ``names``, or a table of the folder; empty where they have none.
    """

    source: Annotated[str, Words("pictures", plural=True)]
    limit: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    labels: Annotated[str, Words("labels", plural=True)] = ""
    explained: Annotated[Explained, Words("explained class")] = "predicted"


Study = JobView[StudyRequest, Source]


def stream(request: StudyRequest, source: Source) -> Iterator[Any]:
    """The study of those pictures."""
    return core.stream_evaluation(
        source.classifier,
        source.pictures,
        metrics=list(request.metrics),
        limit=request.limit,
        labels=source.given_labels(request.labels),
        explained=request.explained,
        **request.maps(),
        **request.removal(),
    )


def plan(request: StudyRequest, classifier: Classifier) -> Workload:
    """The passes of all pictures; the oracle of those that are marked takes none."""
    perturbation = Perturbation(**request.removal())
    return sum(plan_picture(classifier, request, request.metrics, perturbation), Workload()) * request.limit


STUDY = declare(
    JobKind(
        name="study",
        title="Many pictures",
        verb="Run",
        results="These scores",
        reading="Means over pictures with 95 % intervals; the arrow in each heading points to the better direction.",
        gone="That study is no longer kept here. Press Run to make it again.",
        page="explain",
        tab="Many pictures",
        request=StudyRequest,
        inputs=lambda request: open_source(find_classifier(request.model), request.source),
        stream=stream,
        plan=plan,
        files=FILES,
        saves=PictureScored,
    )
)
