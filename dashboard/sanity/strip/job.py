"""The randomisation of a finished explanation's methods, as a follow-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import FollowUpRequest, PictureRequest
from dashboard.jobs.session import find
from dashboard.jobs.views import JobView
from dashboard.library.subjects import Subject
from dashboard.sanity.randomisation.job import READING, TABLES, RandomisationRequest, plan, stream


@dataclass(frozen=True, kw_only=True)
class StripRequest(RandomisationRequest, FollowUpRequest):
    """Some methods of an explanation, and every control."""


def strip_request(explanation: JobView[Any, Any], methods: Sequence[str]) -> StripRequest:
    """The same maps as the explanation's own, of its picture."""
    made: PictureRequest = explanation.request
    request = StripRequest(
        about=explanation.id, model=made.model, picture=made.picture, target=made.target, **made.maps()
    )
    return request.only(methods).with_controls(truth_known=False)


def find_inputs(request: StripRequest) -> Subject:
    """The very pixels that the explanation is of.

    Raises
    ------
    NotThere
        If it is no longer kept.
    """
    subject: Subject = find(request.about).inputs()
    return subject


STRIP: JobKind[StripRequest, Subject] = declare(
    JobKind(
        name="strip",
        title="Randomisation of these heatmaps",
        verb="Randomise the network",
        reading=READING,
        gone="That randomisation is no longer kept here.",
        page="explain",
        tab="One picture",
        below="Randomisation",
        request=StripRequest,
        inputs=find_inputs,
        stream=stream,
        plan=plan,
        tables=TABLES,
    )
)
