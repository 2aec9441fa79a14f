"""How much the ranking of an explanation's heatmaps depends on the imputer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

import core
from core.models.outputs import rather_than
from core.studies.imputer_rankings import ImputerRanked
from dashboard.explain.finished_maps import FinishedMaps, find_finished_maps
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.views import JobView


@dataclass(frozen=True, kw_only=True)
class ImputerRanksRequest(FollowUpRequest):
    """The heatmaps of an explanation under every imputer."""

    varied = ("imputer",)


def stream(_: ImputerRanksRequest, maps: FinishedMaps) -> Iterator[Any]:
    """F of every heatmap, imputer by imputer."""
    made = maps.request
    return core.stream_imputer_rankings(
        maps.subject.classifier,
        maps.subject.pixels,
        maps.importances,
        made.target,
        y=made.y,
        unit=made.unit,
        side=made.side,
        seed=made.seed,
        steps=made.steps,
        rather_than=rather_than(made.output),
    )


def scores(ranked: JobView[ImputerRanksRequest, FinishedMaps]) -> pd.DataFrame:
    """F of every heatmap under each imputer so far."""
    rows = [
        (answer["imputer"], method, score)
        for answer in ranked.messages(ImputerRanked)
        for method, score in answer["scores"].items()
    ]
    return pd.DataFrame(rows, columns=["imputer", "method", "fidelity"])


IMPUTER_RANKS = declare(
    JobKind(
        name="imputer_ranks",
        title="Imputers",
        verb="Compare imputers",
        reading="The rank of each method by F under each imputer; rank 1 has the highest F.",
        gone="That comparison of imputers is no longer kept here.",
        page="explain",
        tab="One picture",
        below="Imputers",
        request=ImputerRanksRequest,
        inputs=find_finished_maps,
        stream=stream,
        formerly="imputers",
        tables={"scores": scores},
    )
)
