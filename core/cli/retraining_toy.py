"""``heatcheck retraining-toy``: why accuracy without retraining says little, where the truth is known."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import core
from core.cli.options import Seed, interruptible, mistakes_in_words
from core.cli.terminal import printed, watched
from core.jobs.durations import counted

if TYPE_CHECKING:
    from core.metrics.statistics import Estimate
    from core.retraining.toy import Ranking, ToyReady

ORDERS: dict[Ranking, str] = {"best_first": "Best first", "random": "Random order", "worst_first": "Worst first"}


def retraining_toy(
    seeds: Annotated[int, typer.Option(min=2, help="Repetitions with other features and examples.")] = 20,
    seed: Seed = 0,
) -> None:
    """Remove features of which 4 in 16 are informative, with and without retraining: a lesson of a second.

    Accuracy expected without and with retraining, after Hooker et al. 2019: best first, 4 removed: 50 % and 50 %;
    random order, 4 removed: 67 % and 78 %, 8 removed: 59 % and 73 %; worst first, 8 removed: 68 % and 83 %, 12
    removed: 64 % and 81 %.
    """
    from core.retraining.toy import ToyReady

    last: list[ToyReady] = []

    def told() -> str:
        return f"The table is of {last[0].seeds} of {seeds} seeds." if last else "No seed had ended."

    def show() -> None:
        if last:
            printed(toy_table(last[0]))

    try:
        with (
            interruptible(told),
            mistakes_in_words(),
            closing(watched(core.stream_retraining_toy(seeds, seed))) as all_,
        ):
            for event in all_:
                if isinstance(event, ToyReady):
                    last[:] = [event]
    finally:
        show()


def toy_table(ready: ToyReady) -> Table:
    """A row for each number of removed features, a column for each order without and with retraining."""
    interval = " with 95 % interval" if ready.seeds > 1 else ""  # one seed has none; an interrupt may leave one
    table = Table(
        "Removed",
        box=None,
        pad_edge=False,
        caption=f"Accuracy in %, means over {counted(ready.seeds, 'seed')}{interval}. 50 is chance.",
        caption_justify="left",
    )
    for words in ORDERS.values():
        table.add_column(f"{words},\nnot retrained", justify="right")
        table.add_column("\nretrained", justify="right")
    at = {(point.ranking, point.removed): point for point in ready.points}
    for removed in sorted({removed for _, removed in at}):
        points = [at[ranking, removed] for ranking in ORDERS]
        table.add_row(str(removed), *(percent(each) for own in points for each in (own.without, own.retrained)))
    return table


def percent(share: Estimate) -> str:
    """
    >>> from core.metrics.statistics import Estimate
    >>> percent(Estimate(0.671, 0.62, 0.714, 20)), percent(Estimate(0.5, float("nan"), float("nan"), 1))
    ('67 [62, 71]', '50')
    """
    mean, low, high, n = share
    return f"{100 * mean:.0f}" + (f" [{100 * low:.0f}, {100 * high:.0f}]" if n > 1 else "")
