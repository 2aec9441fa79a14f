"""The scores of a study as tables, whether it is in the queue or ships with HeatCheck."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from core.metrics.statistics import Score
from core.studies.evaluation import record
from core.studies.table import Table
from dashboard.jobs.messages import Message, number
from dashboard.jobs.views import JobView, QueuedJob

SCORES = "scores"


def read_scores(study: JobView[Any, Any]) -> Table:
    """Every score so far, and what was refused."""
    table = Table(asdict(study.request), study.request.seed)
    if isinstance(study, QueuedJob):
        for event in study.events(object):
            record(event, table)
    else:
        table.add(Score(*row) for row in study.table(SCORES).itertuples(index=False))
    return table


def summarised(study: JobView[Any, Any]) -> pd.DataFrame:
    """The means so far, with their intervals."""
    return read_scores(study).summary()


FILES: Mapping[str, Callable[[JobView[Any, Any]], pd.DataFrame]] = {
    SCORES: lambda study: read_scores(study).frame,
    "summary": summarised,
}
"""What can be saved of any study of scores."""


def ranking(study: JobView[Any, Any], metric: str) -> Message:
    """Mean ranks, groups of methods that do not differ, and every pair.

    Raises
    ------
    ValueError
        Where the metric ranks nothing.
    """
    found = read_scores(study).ranking(metric)
    return {
        "ranks": [{"method": method, "rank": rank} for method, rank in found.ranks.items()],
        "n": found.n,
        "enough": found.enough,
        "friedman": number(found.friedman),
        "groups": [list(group) for group in found.groups],
        "pairs": [asdict(pair) for pair in found.pairs],
    }
