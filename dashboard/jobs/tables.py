"""Tables of a job as files: what its messages tell as rows, in which forms, and how they are written."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from core.studies.table import without_formulas
from dashboard.jobs.messages import Message
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


def flat(message: Message, left_out: tuple[str, ...] = ()) -> Message:
    """Without the fields left out; nested fields get joined names.

    >>> flat({"method": "lime", "mean": {"value": 0.5, "low": 0.25}, "chance": [0.0, 0.125]})
    {'method': 'lime', 'mean_value': 0.5, 'mean_low': 0.25, 'chance_1': 0.0, 'chance_2': 0.125}
    """
    found: Message = {}
    for name, value in message.items():
        if name not in left_out:
            within = {f"{name}_{part}": each for part, each in parts(value)}
            found |= flat(within) if within else {name: value}
    return found


def parts(value: object) -> list[tuple[str, object]]:
    """The parts of a value, by name, or by number from 1; none for a plain one."""
    if isinstance(value, Mapping):
        return [(str(name), each) for name, each in value.items()]
    return [(str(place), each) for place, each in enumerate(value, 1)] if isinstance(value, list) else []
