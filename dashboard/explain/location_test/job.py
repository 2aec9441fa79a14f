"""Whether a heatmap says more than its shifted copies: it beside shifted and flipped copies of itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd

import core
from core.models.outputs import rather_than
from core.studies.shifted_copies import MatchedReady
from dashboard.explain.finished_maps import FinishedMaps, find_finished_maps
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import FollowUpRequest, Words
from dashboard.jobs.views import JobView


@dataclass(frozen=True, kw_only=True)
class LocationTestRequest(FollowUpRequest):
    """One heatmap of an explanation."""

    method: Annotated[str, Words("heatmap")]


def stream(request: LocationTestRequest, maps: FinishedMaps) -> Iterator[Any]:
    """F of the heatmap and of its copies."""
    made = maps.request
    return core.stream_matched(
        maps.subject.classifier,
        maps.subject.pixels,
        maps.importances[request.method],
        made.target,
        seed=made.seed,
        rather_than=rather_than(made.output),
        **made.removal(),
    )


def copies(test: JobView[LocationTestRequest, FinishedMaps]) -> pd.DataFrame:
    """F of the heatmap, which is number 0, and of each copy."""
    latest = test.messages(MatchedReady)[-1:]
    scores = [score for message in latest for score in (message["value"], *message["by_chance"])]
    return pd.DataFrame({"copy": range(len(scores)), "fidelity": scores})


LOCATION_TEST = declare(
    JobKind(
        name="location_test",
        title="Location test",
        verb="Test the location",
        reading="F of the map and of its own copies, shifted and flipped: a map in the right place beats them.",
        gone="That location test is no longer kept here.",
        page="explain",
        tab="One picture",
        below="Location test",
        request=LocationTestRequest,
        inputs=find_finished_maps,
        stream=stream,
        formerly="shape",
        tables={"copies": copies},
    )
)
