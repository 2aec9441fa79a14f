"""Tables of a job as files: what its messages tell as rows, in which forms, and how they are written."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.studies.table import flat, without_formulas
from dashboard.jobs.views import JobView

NOT_RECORDED = ("sequence", "kind")
"""What messages have beside the fields of their events."""

MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
"""The media type of each form, by the ending of its files."""


def as_file(frame: pd.DataFrame, ending: str) -> bytes:
    """A table as CSV or Parquet."""
    written = io.BytesIO()
    if ending == "csv":
        without_formulas(frame).to_csv(written, index=False)
    else:
        frame.to_parquet(written, index=False)
    return written.getvalue()


@dataclass(frozen=True)
class Recorded:
    """A table of what a job's messages tell: a row for each item, and a column for every number in it.

    Parameters
    ----------
    items
        What a job has of them, as far as it is.
    left_out
        Fields that are no columns.
    """

    items: Callable[[JobView[Any, Any]], Sequence[Mapping[str, Any]]]
    left_out: tuple[str, ...] = ()

    def __call__(self, job: JobView[Any, Any]) -> pd.DataFrame:
        return pd.DataFrame([flat(each, self.left_out) for each in self.items(job)])


def records(event: type[object], *left_out: str) -> Recorded:
    """The table of a kind of event: a row for each."""
    return Recorded(lambda job: job.messages(event), (*NOT_RECORDED, *left_out))


def last_records(event: type[object], field: str) -> Recorded:
    """The table of what the last event of a kind lists in a field, if it has it: a row for each item."""
    return Recorded(lambda job: [each for last in job.messages(event)[-1:] for each in last.get(field, ())])
