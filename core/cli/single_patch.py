"""``heatcheck single-patch``: how well heatmaps order the patches of pictures, for one network or several."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import core
from core.cli.options import (
    QUICK,
    Device,
    Methods,
    Seed,
    TablesFolder,
    chosen_methods,
    interruptible,
    make_folder,
    mistakes_in_words,
    say_if_fewer,
)
from core.cli.terminal import MARKS, printed, say, titled, watched
from core.jobs.durations import counted, lasting

if TYPE_CHECKING:
    from core.metrics.statistics import Estimate
    from core.retraining.single_patch_events import NetworkGap, PatchScore

SCORES = ("network", "method", "score", "low", "high", "lowest_seed", "highest_seed", "pictures", "standing")
GAPS = ("method", "network", "other_network", "difference", "low", "high", "pictures")
CAPTION = (
    "Rank correlation of a heatmap's sum in each patch with what the output loses without it, with 95 % interval. "
    "✓ better than every control; △ better than random only; ✗ worse than random."
)
Found = dict[tuple[str, ...], "PatchScore | NetworkGap"]


def single_patch(
    networks: Annotated[
        str, typer.Option(help="batch_norm_cnn, resnet18_32 or torchvision/NAME, separated by commas.")
    ] = "batch_norm_cnn",
    methods: Methods = QUICK,
    data: Annotated[
        str, typer.Option(help="fashion_mnist, torchvision/NAME, or a folder with a folder for each class.")
    ] = "fashion_mnist",
    pictures: Annotated[int, typer.Option(min=1, help="Number of test pictures.")] = 100,
    copies: Annotated[int, typer.Option(min=1, help="Fine-tuned copies of each network.")] = 2,
    across: Annotated[int, typer.Option(min=2, help="Patches along each side of a picture.")] = 4,
    out: TablesFolder = Path("heatcheck_single_patch"),
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Fine-tune networks on deleted patches and score their heatmaps. Writes scores.csv and differences.csv."""
    from core.retraining.data import collect_data
    from core.retraining.forecast import forecast_comparison
    from core.retraining.single_patch_events import NetworkAdapted, NetworkGap, PatchScore

    found: Found = {}
    began = time.monotonic()
    with interruptible(lambda: written(found, out)), mistakes_in_words():
        named = [name.strip() for name in networks.split(",") if name.strip()]
        collected = collect_data(data, seed=seed)
        asked = chosen_methods(methods)
        stream = core.stream_single_patch(asked, collected, named, pictures, copies, across, seed, device=device)
        make_folder(out)
        say_if_fewer(pictures, len(collected.test.labels))
        say(forecast_comparison(asked, collected, named, pictures, copies, across, device))
        with closing(watched(stream)) as events:
            for event in events:
                match event:
                    case NetworkAdapted(network, _, whole, before, after, tested):
                        over = f"accuracy over all {counted(tested, 'test picture')} {100 * whole:.1f} %"
                        adapted = f"{100 * before:.1f} % before, {100 * after:.1f} % after"
                        say(f"{network}: {over}; without a patch {adapted}.")
                    case PatchScore() | NetworkGap():
                        found[event.replaces] = event
    say(f"{written(found, out)} It took {lasting(time.monotonic() - began)}.")
    printed(score_table(found))


def written(found: Found, out: Path) -> str:
    """Writes what is known so far, and says where."""
    from core.retraining.single_patch_events import NetworkGap, PatchScore
    from core.studies.table import write_rows

    found = of_all_pictures(found)
    scores = [each for each in found.values() if isinstance(each, PatchScore)]
    gaps = [each for each in found.values() if isinstance(each, NetworkGap)]
    if not scores:
        return "No picture was scored, so nothing was written."
    write_rows(map(score_row, scores), SCORES, out / "scores.csv")
    if not gaps:
        return f"scores.csv is in {out}."
    told = ([own.method, own.first, own.second, *own.gap.over_pictures[:3], own.pictures] for own in gaps)
    write_rows(told, GAPS, out / "differences.csv")
    return f"scores.csv and differences.csv are in {out}."


def of_all_pictures(found: Found) -> Found:
    """Without what is known of fewer pictures than the rest, since the method was refused on a later one."""
    most: dict[tuple[str, ...], int] = {}
    for own in found.values():
        most[named(own)] = max(most.get(named(own), 0), own.pictures)
    return {key: own for key, own in found.items() if own.pictures == most[named(own)]}


def named(own: PatchScore | NetworkGap) -> tuple[str, ...]:
    """The networks that it is about."""
    from core.retraining.single_patch_events import PatchScore

    return (own.network,) if isinstance(own, PatchScore) else (own.first, own.second)


def score_row(own: PatchScore) -> list[object]:
    """A row of the table of scores."""
    ends = min(own.score.by_seed), max(own.score.by_seed)
    return [own.network, own.method, *own.score.over_pictures[:3], *ends, own.pictures, own.standing]


def score_table(found: Found) -> Table:
    """A row for each method, a column for each network, then one for each difference of two."""
    from core.retraining.single_patch_events import PatchScore

    cells: dict[str, dict[str, str]] = {}
    columns: dict[str, None] = {}
    for own in of_all_pictures(found).values():
        if isinstance(own, PatchScore):
            column, words = own.network, MARKS.get(own.standing, "") + in_words(own.score.over_pictures)
        else:
            column, words = f"{own.first} minus {own.second}", in_words(own.gap.over_pictures)
        columns[column] = None
        cells.setdefault(own.method, {})[column] = words
    table = Table("Method", box=None, pad_edge=False, caption=CAPTION, caption_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    for entry in core.list_methods():
        if entry.name in cells:
            table.add_row(titled(entry), *(cells[entry.name].get(column, "–") for column in columns))
    return table


def in_words(score: Estimate) -> str:
    """
    >>> from core.metrics.statistics import Estimate
    >>> in_words(Estimate(0.5, 0.25, 0.75, 20))
    '0.50 (0.25, 0.75)'
    """
    mean, low, high = (round(each, 2) + 0.0 for each in score[:3])  # never -0.00
    return f"{mean:.2f} ({low:.2f}, {high:.2f})"
