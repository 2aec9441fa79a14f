"""``heatcheck fine-tune``: one fine-tune on random gaps judges every method, without a training for each."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

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
    one_of,
    say_if_fewer,
)
from core.cli.retrain import show_directions
from core.cli.terminal import MARKS, printed, say, titled, watched
from core.jobs.durations import counted, lasting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from core.retraining.fine_tune_events import FineTuned, FineTuneReady, RemovalAccuracy
    from core.retraining.outcomes import Accuracy

CAPTION = (
    "Area when removed: accuracy with random removal minus accuracy without what the method ranks high, averaged over "
    "all shares; when kept: accuracy with only what the method ranks high minus accuracy with as much kept at random. "
    "Higher is better in both. 95 % intervals over pictures. "
    "✓ better than every control; △ better than random only; ✗ worse than random."
)
OF_THE_ENGINE = ("accuracies",)
"""What a direction has beside its words: the accuracies that it compares."""


def fine_tune(
    methods: Methods = QUICK,
    data: Annotated[
        str, typer.Option(help="fashion_mnist, torchvision/NAME, or a folder of pictures.")
    ] = "fashion_mnist",
    labels: Annotated[
        str,
        typer.Option(
            help="Where the labels of a folder's pictures are: `folders` (one for each class), `names` (file names "
            "that begin with the label), or a CSV file of files and labels."
        ),
    ] = "folders",
    picture_side: Annotated[
        int, typer.Option(min=8, help="Pixels along each side, to which pictures are cropped and scaled.")
    ] = 32,
    pictures: Annotated[int, typer.Option(min=1, help="Number of test pictures.")] = 70,
    copies: Annotated[int, typer.Option(min=1, help="Fine-tuned copies of the network.")] = 3,
    unit: Annotated[
        str, typer.Option(help="Removal unit: pixel, feature (one channel of a pixel) or region.")
    ] = "pixel",
    side: Annotated[int, typer.Option(min=1, help="Side of a region in pixels.")] = 4,
    network: Annotated[str, typer.Option(help="batch_norm_cnn, resnet18_32 or torchvision/NAME.")] = "batch_norm_cnn",
    out: TablesFolder = Path("heatcheck_fine_tune"),
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Fine-tune a network on random gaps and let it judge heatmaps. Writes accuracies, verdicts and directions as CSV.

    The bundled pictures keep their 28 x 28 pixels.
    """
    from core.retraining.data import collect_data
    from core.retraining.fine_tune_events import FineTuned, FineTuneReady, RemovalAccuracy
    from core.retraining.forecast import forecast_fine_tune
    from core.retraining.masks import Unit

    found = Found()
    began = time.monotonic()
    with interruptible(lambda: written(found, out)), mistakes_in_words():
        asked = chosen_methods(methods)
        collected = collect_data(data, labels, picture_side, seed=seed)
        removed: Unit = one_of(unit, "--unit", get_args(Unit))
        stream = core.stream_fine_tune(
            asked, collected, pictures, copies, unit=removed, side=side, network=network, seed=seed, device=device
        )
        make_folder(out)
        say_if_fewer(pictures, len(collected.test.labels))
        say(forecast_fine_tune(asked, collected, network, pictures, copies, removed, seed, device))
        with closing(watched(stream)) as events:
            for event in events:
                match event:
                    case FineTuned():
                        say(tuned(event))
                    case RemovalAccuracy():
                        found.accuracies[event.replaces] = event
                    case FineTuneReady():
                        found.ready = event
                    case core.MethodRefused(method, reason):
                        found.refused[method] = reason
    say(f"{written(found, out)} It took {lasting(time.monotonic() - began)}.")
    show(found)


@dataclass
class Found:
    """What a fine-tune's stream delivered."""

    accuracies: dict[tuple[str, str, str, float], RemovalAccuracy] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    ready: FineTuneReady | None = None


def tuned(own: FineTuned) -> str:
    """A network that is there, with its accuracy on whole pictures."""
    what = "The network" if own.seed is None else f"Copy {own.seed + 1}"
    made = "" if own.seed is None else ", fine-tuned beforehand" if own.bundled else f", {lasting(own.seconds)}"
    return f"{what}: accuracy {100 * own.accuracy:.1f} % over all {counted(own.tested, 'whole test picture')}{made}."


def written(found: Found, out: Path) -> str:
    """Writes what is known so far, and says where."""
    if not found.accuracies or found.ready is None:
        return "No picture was judged, so nothing was written."
    write(found.accuracies.values(), out / "accuracies.csv")
    write(found.ready.verdicts, out / "verdicts.csv")
    if not found.ready.directions:
        return f"accuracies.csv and verdicts.csv are in {out}."
    write(found.ready.directions, out / "directions.csv")
    return f"accuracies.csv, verdicts.csv and directions.csv are in {out}."


def write(records: Iterable[Any], file: Path) -> None:
    """Writes a row for each record, in the columns that the dashboard's tables have."""
    from core.studies.table import flat, write_rows

    rows = [flat(asdict(each), OF_THE_ENGINE) for each in records]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_rows(([row.get(name) for name in columns] for row in rows), columns, file)


def show(found: Found) -> None:
    """The areas by method, what the paper found, and what has no map."""
    from core.metrics.statistics import FEWEST

    if found.ready is None:
        return
    few = found.ready.pictures < FEWEST
    printed(area_table(found.ready, marked=not few))
    if few:
        typer.echo(f"A verdict needs at least {FEWEST} pictures.")
    else:
        show_directions(found.ready.directions)
    labels = {entry.name: entry.label for entry in core.list_methods()}
    for method, reason in found.refused.items():
        typer.echo(f"{labels[method]} is unavailable: {reason}")


def area_table(ready: FineTuneReady, marked: bool) -> Table:
    """A row for each method, the largest area first, with the control that an edge case does not beat."""
    methods = {entry.name: entry for entry in core.list_methods()}
    title = f"Areas over {counted(ready.pictures, 'picture')}"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", caption=CAPTION, caption_justify="left")
    table.add_column("Method", no_wrap=True)
    for heading in ("Area when removed", "Area when kept"):
        table.add_column(heading, justify="right")
    table.add_column("Not clearly better than")
    for own in ready.verdicts:
        mark = MARKS.get(own.standing, "") if marked else ""
        unbeaten = methods[own.unbeaten].label if marked and own.standing == "edge" and own.unbeaten else ""
        kept = "–" if own.keeping is None else in_words(own.keeping)
        entry = methods[own.method]
        cells = f"{mark}{titled(entry)}", in_words(own.removal), kept, unbeaten
        table.add_row(*cells, style="dim" if entry.control else None)
    return table


def in_words(area: Accuracy) -> str:
    """
    >>> from core.metrics.statistics import Estimate
    >>> from core.retraining.outcomes import Accuracy
    >>> in_words(Accuracy(Estimate(0.25, 0.125, 0.375, 20), (0.25,)))
    '0.25 [0.12, 0.38]'
    >>> in_words(Accuracy(Estimate(-0.001, float("nan"), float("nan"), 1), (0.0,)))
    '0.00'
    """
    mean, low, high, _ = area.over_pictures
    return f"{mean:z.2f}" + ("" if isnan(low) else f" [{low:z.2f}, {high:z.2f}]")
