"""``heatcheck sanity``: whether methods depend on what the network learned, and on its training labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.markup import escape
from rich.table import Table

import core
from core.cli.options import (
    FAILED,
    QUICK,
    Device,
    Limit,
    Methods,
    Model,
    Seed,
    TablesFolder,
    chosen_methods,
    fitting,
    interruptible,
    load,
    make_folder,
    mistakes_in_words,
    one_of,
)
from core.cli.terminal import printed, say, titled, watched
from core.jobs.durations import counted

if TYPE_CHECKING:
    from core.sanity.labels import LabelsReady
    from core.sanity.many_pictures import PictureChecked
    from core.sanity.verdict import VerdictReady

sanity = typer.Typer(
    name="sanity",
    no_args_is_help=True,
    help="Sanity checks: does a map depend on what the network learned?",
)


@sanity.command()
def randomise(
    source: Annotated[str, typer.Argument(help="A picture, a folder, `gallery` or `fashion_mnist`.")],
    methods: Methods = QUICK,
    mode: Annotated[
        str, typer.Option(help="cascading (from the output), bottom_up or independent (one group of layers at a time).")
    ] = "cascading",
    draws: Annotated[int, typer.Option(min=1, help="Number of draws of random weights for each picture.")] = 2,
    smooth: Annotated[int, typer.Option(min=1, help="Average each map over this many noisy copies; 1 for none.")] = 1,
    limit: Limit = None,
    out: TablesFolder = Path("heatcheck_sanity"),
    model: Model = "efficientnet_lite0",
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Randomise the network's layers in stages and compare the maps. Writes similarities.csv and verdicts.csv."""
    from core.sanity.many_pictures import PictureChecked
    from core.sanity.stages import Mode
    from core.sanity.verdict import CRITERION, VerdictReady

    with mistakes_in_words():
        names = chosen_methods(methods)
        chosen: Mode = one_of(mode, "--mode", get_args(Mode))
        make_folder(out)
    found: list[PictureChecked | VerdictReady] = []
    with interruptible(lambda: written(found, out)), mistakes_in_words():
        classifier = load(model, device)
        if methods == "all":
            names = fitting(classifier, names)
        stream = core.stream_sanity_study(classifier, source, names, chosen, limit, seed, draws, smooth=smooth)
        with closing(watched(stream)) as events:
            found += (event for event in events if isinstance(event, PictureChecked | VerdictReady))
    say(written(found, out))
    pictures = next((event.total for event in found if isinstance(event, PictureChecked)), 0)
    rows = {
        event.method: (event.standing, similarity(*event.mean), similarity(*event.last), str(event.n))
        for event in found
        if pictures and isinstance(event, VerdictReady)
    }
    heads = ("Mean over stages", "Fully randomised", "Draws" if pictures == 1 else "Pictures")
    conclude(rows, heads, names, CRITERION)


@sanity.command()
def labels(
    methods: Methods = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Number of Fashion-MNIST test pictures.")] = 20,
    train: Annotated[
        bool, typer.Option("--train", help="Train the networks instead of using the bundled ones.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the table.")] = Path("heatcheck_sanity"),
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Compare maps after training on true and shuffled labels. Writes labels.csv."""
    from core.metrics.similarity import JUDGED
    from core.sanity.label_verdict import CRITERION
    from core.sanity.labels import LabelsReady, NetworksReady

    with mistakes_in_words():
        names = chosen_methods(methods)
        make_folder(out)
    found: dict[str, LabelsReady] = {}
    with interruptible(lambda: written_labels(found.values(), out)), mistakes_in_words():
        stream = core.stream_label_check(names, seed if train else "bundled", pictures, seed, device=device)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, NetworksReady):
                    say(event.sentence)
                elif isinstance(event, LabelsReady):
                    found[event.method] = event
    say(written_labels(found.values(), out))
    rows = {
        verdict.method: (
            verdict.standing,
            similarity(*verdict.retrained[JUDGED][:3]),
            similarity(*verdict.shuffled[JUDGED][:3]),
            str(verdict.n),
        )
        for verdict in found.values()
    }
    conclude(rows, ("After retraining", "After shuffling the labels", "Pictures"), names, CRITERION)


def conclude(rows: Mapping[str, Sequence[str]], heads: Sequence[str], methods: Collection[str], criterion: str) -> None:
    """Shows the verdicts with what they rest on, methods before controls in the order they ran, and the criterion.

    Ends the command as failed where none of the named methods has one.
    """
    if rows:
        printed(as_table(rows, heads, criterion))
    if not rows.keys() & set(methods):
        raise typer.Exit(FAILED)


def as_table(rows: Mapping[str, Sequence[str]], heads: Sequence[str], criterion: str) -> Table:
    entries = {entry.name: entry for entry in core.list_methods()}
    table = Table("Method", "Verdict", box=None, pad_edge=False, caption=escape(criterion), caption_justify="left")
    for head in heads:
        table.add_column(head, justify="right")
    for method in sorted(rows, key=lambda method: entries[method].control):
        table.add_row(escape(titled(entries[method])), *map(escape, rows[method]))
    return table


def similarity(value: float, low: float, high: float) -> str:
    """A similarity with its interval.

    >>> similarity(0.5, 0.25, 0.75), similarity(0.5, float("nan"), float("nan")), similarity(*[float("nan")] * 3)
    ('0.50 [0.25, 0.75]', '0.50', '–')
    """
    from core.sanity.verdict import MeanSimilarity, figure

    return "–" if isnan(value) else figure(MeanSimilarity(value, low, high))


def written(events: Sequence[PictureChecked | VerdictReady], out: Path) -> str:
    """Writes the results, and says where; nothing where no picture was checked."""
    from core.sanity.many_pictures import PictureChecked
    from core.sanity.tables import similarities_of, verdicts_of
    from core.studies.table import write_csv

    checked = sum(isinstance(event, PictureChecked) for event in events)
    if not checked:
        return "No picture could be checked, so nothing was written."
    write_csv(similarities_of(events), out / "similarities.csv")
    write_csv(verdicts_of(events), out / "verdicts.csv")
    return f"The similarities of {counted(checked, 'picture')} are in {out}: similarities.csv and verdicts.csv."


def written_labels(verdicts: Collection[LabelsReady], out: Path) -> str:
    """Writes the similarities to the first network's maps, and says where."""
    from core.sanity.tables import labels_of
    from core.studies.table import write_csv

    write_csv(labels_of(verdicts), out / "labels.csv")
    return f"The results of {len(verdicts)} methods and controls are in {out}: labels.csv."
