"""What becomes of F where an explanation's maps start from what the test fills in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import core
from core.studies.baselines import BaselineScored, with_baseline
from dashboard.explain.finished_maps import FinishedMaps, find_finished_maps
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.tables import records


@dataclass(frozen=True, kw_only=True)
class BaselinesRequest(FollowUpRequest):
    """The maps of an explanation that have a baseline, from their own and from the imputer's fill."""


def stream(_: BaselinesRequest, maps: FinishedMaps) -> Iterator[Any]:
    """F of each map from both."""
    made = maps.request
    methods = with_baseline(made.methods, made.settings)
    return core.stream_baselines(
        maps.subject.classifier,
        maps.subject.pixels,
        list(methods),
        made.target,
        seed=made.seed,
        settings=made.settings,
        output=made.output,
        **made.removal(),
    )


BASELINES = declare(
    JobKind(
        name="baselines",
        title="Baselines",
        verb="Use one baseline",
        reading="F of each map from its own baseline and from what the imputer fills in, by both channel reductions.",
        gone="That comparison of baselines is no longer kept here.",
        page="explain",
        tab="One picture",
        below="Imputers",
        request=BaselinesRequest,
        inputs=find_finished_maps,
        stream=stream,
        tables={"scores": records(BaselineScored)},
    )
)
