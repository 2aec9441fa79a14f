"""Quick checks of one picture: does a map change when it should, and stay when it should?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.methods.workload import Workload
from core.models.classifier import Classifier
from core.sanity.checks import CheckReady, plan_checks, stream_checks
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PictureRequest
from dashboard.jobs.tables import records
from dashboard.library.subjects import Subject, find_subject


@dataclass(frozen=True, kw_only=True)
class QuickChecksRequest(PictureRequest):
    """The quick checks of one picture, by name."""

    checks: tuple[str, ...]


def stream(request: QuickChecksRequest, subject: Subject) -> Iterator[Any]:
    """The quick checks of a picture."""
    return stream_checks(
        subject.classifier, subject.pixels, checks=list(request.checks), target=request.target, **request.maps()
    )


def plan(request: QuickChecksRequest, classifier: Classifier) -> Workload:
    """The passes of all maps."""
    return plan_checks(classifier, request, request.checks)


QUICK_CHECKS = declare(
    JobKind(
        name="quick_checks",
        title="Quick checks",
        verb="Check",
        results="These checks",
        reading="Each cell is one check of one method, with its range over the check's alterations.",
        gone="Those checks are no longer kept here. Press Check to make them again.",
        page="sanity",
        tab="One picture",
        expander="checking",
        request=QuickChecksRequest,
        inputs=lambda request: find_subject(request.model, request.picture),
        stream=stream,
        plan=plan,
        formerly="checks",
        tables={"checks": records(CheckReady)},
    )
)
