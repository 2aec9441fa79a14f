"""A running study: its scores are shown, written now and then, and summarised at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.cli.options import FAILED
from core.cli.terminal import means, printed, say, watched, width
from core.jobs.durations import counted

if TYPE_CHECKING:
    from core.studies.evaluation import SummaryReady
    from core.studies.table import Table

SECONDS_BETWEEN_WRITES = 30.0


def followed(stream: Iterator[object], study: Table, out: Path) -> SummaryReady | None:
    """A study's final means, or None if there are none; its events are shown, added to a table and written at times."""
    from core.studies.evaluation import SummaryReady, record

    summary, written = None, time.monotonic()
    with closing(watched(stream)) as events:
        for event in events:
            record(event, study)
            if isinstance(event, SummaryReady):
                summary = event
                if time.monotonic() - written > SECONDS_BETWEEN_WRITES:
                    study.write(out)
                    written = time.monotonic()
    return summary


def written_so_far(study: Table, out: Path) -> str:
    """Writes the scores so far, and says where."""
    study.write(out)
    judged = counted(len(study.tally), "picture")
    return f"The scores of {judged} are in {out}: scores.csv, scores.parquet, summary.csv and study.json."


def show_study(study: Table, summary: SummaryReady | None, out: Path) -> None:
    """Writes a finished study and shows its means; ends the command as failed if there are none."""
    from core.metrics.ceiling import OF_THIS_RUN

    say(written_so_far(study, out))
    if summary is None:
        raise typer.Exit(FAILED)
    if summary.accuracy:
        typer.echo(f"{summary.accuracy.words}.")
    if study.leak:
        typer.echo(study.leak.words)
    for part in means(summary.summary, summary.pictures, width()):
        printed(part)
    if any(row.metric == "ceiling_share" for row in summary.summary):
        typer.echo(f"A share of the ceiling is an upper bound, since a better order may exist. {OF_THIS_RUN}")
    if not summary.summary:
        raise typer.Exit(FAILED)
