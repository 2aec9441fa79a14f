"""``heatcheck methods``, ``metrics`` and ``models``: everything that is available, by name."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

import core
from core.cli.options import FAILED
from core.cli.terminal import ARROWS, printed, say


def methods() -> None:
    """List every method and control."""
    table = Table("Name", "Family", "What it shows", box=None, pad_edge=False)
    for entry in core.list_methods():
        table.add_row(entry.name, entry.family, escape(entry.summary))
    printed(table)


def metrics() -> None:
    """List every metric, with its direction and random value."""
    table = Table("Name", "Group", "Better", "Random map", "What it says", box=None, pad_edge=False)
    for entry in core.list_metrics():
        truth = " Needs stamps." if entry.needs_stamp else " Needs boxes or masks." if entry.needs_truth else ""
        direction = ARROWS[entry.direction].strip()
        table.add_row(entry.name, entry.group, direction, escape(entry.random), escape(entry.summary + truth))
    printed(table)


def models(
    part: Annotated[str, typer.Argument(help="List only names that contain this.")] = "",
) -> None:
    """List every model that can be loaded by name."""
    table = Table("Name", "Notes", box=None, pad_edge=False)
    for entry in core.list_models():
        if part.lower() in entry.name.lower():
            table.add_row(entry.name, escape(entry.note))
    if not table.row_count:
        say(f"No model name contains {part!r}.")
        raise typer.Exit(FAILED)
    printed(table)
