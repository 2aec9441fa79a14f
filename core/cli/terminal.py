"""What a person sees of a run at a terminal, or in its log."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from math import isnan
from typing import TYPE_CHECKING

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

import core
from core.jobs.durations import counted

if TYPE_CHECKING:
    from core.methods.registry import Method
    from core.metrics.registry import Metric
    from core.metrics.statistics import Summary

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
MARKS = {"better": "✓ ", "edge": "△ ", "worse": "✗ "}
CAPTION = (
    "✓ better than every control that ignores the model; △ better than the random control, but not than every control; "
    "✗ worse than the random control; by the 95 % intervals of paired differences"
)
MOST_EPOCHS, EPOCHS_OF_MANY = 40, 10
"""Of more epochs than that, about so many are shown."""
WIDTH_IN_A_LOG = 120
WIDTH_OF_A_MEAN = 25


def say(sentence: str) -> None:
    """Writes a sentence to the person, wherever the output is piped."""
    typer.echo(sentence, err=True)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """A bar for a person at a terminal, and nothing in a log."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def width() -> int | None:
    """Characters per line of a log; None for a terminal, which has its own width."""
    return None if sys.stdout.isatty() else WIDTH_IN_A_LOG


def printed(table: Table) -> None:
    """Prints a table in the terminal's width, or in one that suits a log."""
    Console(width=width()).print(table)


def watched(events: Iterable[object]) -> Generator[object]:
    """The events of an evaluation or a training, shown as they pass.

    A terminal shows a bar and the means so far, a log one line per picture, with the means where they are new. Both
    report what is left out.
    """
    from core.jobs.events import Progress as Made
    from core.models.training import EpochDone
    from core.sanity.many_pictures import PictureChecked
    from core.stamping.gate import GateReady
    from core.studies.evaluation import PictureScored, SummaryReady
    from core.studies.labelling import LabelRefused
    from core.studies.over_pictures import PictureRefused
    from core.studies.study import TruthRefused

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console)
    pictures = bar.add_task("Pictures", total=None)
    labels = {entry.name: entry.label for entry in core.list_methods()}
    scored = ""
    live = Live(bar, console=console, transient=True) if console.is_terminal else None
    show = partial(console.print, markup=False, highlight=False) if live else say
    with live or nullcontext():
        for event in events:
            match event:
                case Made(done, total, what):
                    bar.update(pictures, completed=done, total=total, description=what)
                case core.MethodRefused(method, reason):
                    show(f"{labels[method]} is left out: {reason}")
                case PictureRefused(picture, reason):
                    show(f"{picture} is left out: {reason}")
                case TruthRefused(picture, reason):
                    show(f"{picture} only counts for scores that need no annotation: {reason}")
                case LabelRefused(picture, reason):
                    show(f"{picture} does not count for the accuracy: {reason}")
                case GateReady(gate):
                    show(gate.sentence)
                case EpochDone(epoch, epochs, loss, accuracy, held_out) if is_shown(epoch, epochs):
                    shares = f"accuracy {100 * accuracy:.1f} % in training, {100 * held_out:.1f} % on test pictures"
                    show(f"Epoch {epoch} of {epochs}: loss {loss:.3f}, {shares}.")
                case PictureScored(picture, _, seconds, done, total):
                    bar.update(pictures, completed=done, total=total)
                    if scored and not live:
                        show(scored)
                    scored = f"{done}/{total} {picture}, {seconds:.1f} s."
                case PictureChecked(picture, _, seconds, done, total):
                    show(f"{done}/{total} {picture}, {seconds:.1f} s.")
                case SummaryReady(summary, count) if live:
                    live.update(Group(bar, *means(summary, count, console.width)[:1]))
                case SummaryReady(summary, count):
                    show(f"{scored} {leader(summary, count)}".lstrip())
                    scored = ""
            yield event


def is_shown(epoch: int, epochs: int) -> bool:
    """Whether an epoch is told: of many that are short, some and the last.

    >>> [epoch for epoch in range(1, 101) if is_shown(epoch, 100)][:3], is_shown(7, 12), is_shown(290, 290)
    ([10, 20, 30], True, True)
    """
    return epochs <= MOST_EPOCHS or epoch == epochs or epoch % (epochs // EPOCHS_OF_MANY) == 0


def leader(summary: Sequence[Summary], pictures: int) -> str:
    """Which method is ahead in the first metric so far; a control is none, whatever it reaches."""
    labels = {entry.name: entry.label for entry in core.list_methods() if not entry.control}
    for metric, rows in by_metric(summary).items():
        best = next((row for row in rows if row.method in labels), None)
        if best:
            figures = written(best, pictures, decimals(metric, rows))
            return f"{metric.heading}{ARROWS[metric.direction]}: {labels[best.method]} {figures}"
    return "No score is defined so far."


def by_metric(summary: Sequence[Summary]) -> dict[Metric, list[Summary]]:
    """Each metric's rows, the best mean first; metrics as the registry has them."""
    rows: dict[Metric, list[Summary]] = {}
    for entry in core.list_metrics():
        ours = [row for row in summary if row.metric == entry.name]
        if ours:
            rows[entry] = sorted(ours, key=lambda row: row.mean if entry.direction == "lower" else -row.mean)
    return rows


def decimals(metric: Metric, rows: Sequence[Summary]) -> str:
    """The number format in which a metric's means still differ: a metric without a range may be tiny everywhere."""
    return "z.2f" if metric.high is not None or max(abs(row.mean) for row in rows) >= 0.1 else "z.1e"


def written(row: Summary, pictures: int, form: str, before_chance: str = ", ") -> str:
    """A mean with its interval, its n where some pictures have no score, its comparison with the Random control, and
    its chance where that depends on the study.

    >>> from core.metrics.statistics import Summary
    >>> row = Summary("gradient", "fidelity", 0.312, 0.28, 0.351, 9, 0.2, 0.1, 0.3, "better")
    >>> written(row, 12, "z.2f")
    '✓ 0.31 [0.28, 0.35] n 9'
    >>> written(Summary("gradient", "leak", 0.64, 0.5, 0.76, 50, 0.5, 0.4, 0.6, "unclear", 0.1), 50, "z.2f")
    '0.64 [0.50, 0.76], chance 0.10'
    """
    interval = "" if isnan(row.low) else f" [{row.low:{form}}, {row.high:{form}}]"
    fewer = "" if row.n == pictures else f" n {row.n}"
    chance = "" if isnan(row.chance) else f"{before_chance}chance {row.chance:{form}}"
    return f"{MARKS.get(row.verdict, '')}{row.mean:{form}}{interval}{fewer}{chance}"


def titled(method: Method) -> str:
    """A method's label, which says of a control that it is one, since a log has no dim letters."""
    return method.label + " (control)" * method.control


def means(summary: Sequence[Summary], pictures: int, columns: int | None) -> list[Table]:
    """The means with their intervals, in tables that fit the width; methods in the order of the first metric.

    Parameters
    ----------
    columns
        Characters per line.
    """
    found = by_metric(summary)
    entries = {entry.name: entry for entry in core.list_methods()}
    order = list(dict.fromkeys(row.method for rows in found.values() for row in rows))
    names = max((len(titled(entries[method])) for method in order), default=0)
    at_once = max(1, ((columns or Console().width) - names) // WIDTH_OF_A_MEAN)
    return [
        part(dict(list(found.items())[start : start + at_once]), [entries[method] for method in order], pictures)
        for start in range(0, len(found), at_once)
    ]


def part(shown: Mapping[Metric, Sequence[Summary]], methods: Sequence[Method], pictures: int) -> Table:
    """The means of some metrics, one row per method."""
    title, caption = Text(counted(pictures, "picture"), style="bold"), Text(CAPTION, style="dim")
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column("Method", no_wrap=True)
    for metric in shown:
        table.add_column(f"{metric.heading}{ARROWS[metric.direction]}", justify="right")
    for method in methods:
        cells = [
            next(
                (written(row, pictures, decimals(metric, rows), "\n") for row in rows if row.method == method.name), "–"
            )
            for metric, rows in shown.items()
        ]
        table.add_row(
            titled(method), *(Text(cell, no_wrap=True) for cell in cells), style="dim" if method.control else None
        )
    return table
