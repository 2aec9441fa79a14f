"""Tables of a job as files: what its messages tell as rows, in which forms, and how they are written."""

import io
from collections.abc import Callable
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


def records(event: type[object], *left_out: str) -> Callable[[JobView[Any, Any]], pd.DataFrame]:
    """The table of a kind of event: a row for each, and a column for every number in it."""
    return lambda job: pd.DataFrame([flat(message, (*NOT_RECORDED, *left_out)) for message in job.messages(event)])


def last_records(event: type[object], field: str) -> Callable[[JobView[Any, Any]], pd.DataFrame]:
    """The table of what the last event of a kind lists in a field, if it has it: a row for each item."""
    return lambda job: pd.DataFrame([flat(each) for last in job.messages(event)[-1:] for each in last.get(field, ())])
