"""``heatcheck sanity``: whether methods depend on what the network learned, and on the labels that it learned from."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.markup import escape
from rich.table import Table

import core
from core.commands import (
    FAILED,
    QUICK,
    chosen_methods,
    fitting,
    interruptible,
    load,
    make_folder,
    mistakes_told,
    one_of,
)
from core.terminal import counted, printed, told, watched

if TYPE_CHECKING:
    from core.sanity.labels import LabelsReady
    from core.sanity.study import PictureChecked
    from core.sanity.verdict import VerdictReady

POINTS = ("method", "stage", "title", "share_randomised", "draw", "spearman", "spearman_abs", "ssim", "hog", "reason")

sanity = typer.Typer(
    no_args_is_help=True, help="Sanity checks: does a map depend on what the network learned, or would any do?"
)


@sanity.command()
def randomise(
    source: Annotated[str, typer.Argument(help="A picture, a folder, `gallery` or `fashion_mnist`.")],
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    mode: Annotated[
        str, typer.Option(help="cascading (from the output), bottom_up or independent (one group of layers at a time).")
    ] = "cascading",
    draws: Annotated[int, typer.Option(min=1, help="How often weights are drawn for each picture.")] = 2,
    smooth: Annotated[int, typer.Option(min=1, help="Noisy copies that each map is averaged over; 1 for none.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="No more than so many pictures, the first ones.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("heatcheck_sanity"),
    model: Annotated[str, typer.Option(help="See `heatcheck models`.")] = "efficientnet_lite0",
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Randomises the network group by group, and tells which methods notice: similarities.csv, verdicts.csv."""
    from core.sanity.stages import Mode
    from core.sanity.study import PictureChecked
    from core.sanity.verdict import CRITERION, VerdictReady

    with mistakes_told():
        names = chosen_methods(methods)
        way: Mode = one_of(mode, "--mode", get_args(Mode))
        make_folder(out)
    checked: list[PictureChecked] = []
    verdicts: dict[str, VerdictReady] = {}
    with interruptible(lambda: written(checked, verdicts.values(), out)), mistakes_told():
        classifier = load(model, device)
        if methods == "all":
            names = fitting(classifier, names)
        stream = core.stream_sanity_study(classifier, source, names, way, limit, seed, draws, smooth=smooth)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, PictureChecked):
                    checked.append(event)
                elif isinstance(event, VerdictReady):
                    verdicts[event.method] = event
    told(written(checked, verdicts.values(), out))
    if checked:
        show([(verdict.method, verdict.sentence) for verdict in verdicts.values()], CRITERION)
    if not verdicts.keys() & set(names):
        raise typer.Exit(FAILED)


@sanity.command()
def labels(
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Test pictures of clothes.")] = 20,
    train: Annotated[bool, typer.Option("--train", help="Train the networks anew; the bundled ones if not.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the table.")] = Path("heatcheck_sanity"),
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Compares maps of networks that learned true and shuffled labels, and tells which methods notice: labels.csv."""
    from core.sanity.labels import CRITERION, LabelsReady, NetworksReady

    with mistakes_told():
        names = chosen_methods(methods)
        make_folder(out)
    found: dict[str, LabelsReady] = {}
    with interruptible(lambda: written_labels(found.values(), out)), mistakes_told():
        stream = core.stream_label_check(names, seed if train else "bundled", pictures, seed, device=device)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, NetworksReady):
                    told(event.sentence)
                elif isinstance(event, LabelsReady):
                    found[event.method] = event
    told(written_labels(found.values(), out))
    if found:
        show([(verdict.method, verdict.sentence) for verdict in found.values()], CRITERION)
    if not found.keys() & set(names):
        raise typer.Exit(FAILED)


def show(verdicts: Sequence[tuple[str, str]], criterion: str) -> None:
    """The verdicts, methods before controls as they ran, with what they rest on."""
    entries = {entry.name: entry for entry in core.list_methods()}
    table = Table("Method", "Verdict", box=None, pad_edge=False, caption=escape(criterion), caption_justify="left")
    for method, sentence in sorted(verdicts, key=lambda each: entries[each[0]].control):
        label = entries[method].label + " (control)" * entries[method].control
        table.add_row(escape(label), escape(sentence))
    printed(table)


def written(checked: Sequence[PictureChecked], verdicts: Iterable[VerdictReady], out: Path) -> str:
    """Writes what is known, empty where it can't be told, and says where; nothing where no picture was checked."""
    if not checked:
        return "No picture could be checked, so nothing was written."
    with (out / "similarities.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("picture", *POINTS))
        rows.writerows(
            (picture.picture, *(getattr(point, name) for name in POINTS))
            for picture in checked
            for point in picture.points
        )
    with (out / "verdicts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        ends = [f"{which}{part}" for which in ("mean", "last") for part in ("", "_low", "_high")]
        rows.writerow(("method", "standing", *ends, "n", "blank", "sentence"))
        for verdict in verdicts:
            figures = empty_where_unknown([*verdict.mean, *verdict.last])
            rows.writerow((verdict.method, verdict.standing, *figures, verdict.n, verdict.blank, verdict.sentence))
    return f"The similarities of {counted(len(checked))} are in {out}: similarities.csv and verdicts.csv."


def written_labels(verdicts: Collection[LabelsReady], out: Path) -> str:
    """Writes how like the first network's maps the others' are, empty where it can't be told, and says where."""
    from core.metrics.similarity import SIMILARITIES

    pairs = [(other, similarity) for other in ("retrained", "shuffled") for similarity in SIMILARITIES]
    ends = [f"{other}_{similarity}{part}" for other, similarity in pairs for part in ("", "_low", "_high")]
    with (out / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("method", "standing", *ends, "n", "sentence"))
        for verdict in verdicts:
            known = [getattr(verdict, other)[similarity][:3] for other, similarity in pairs]
            figures = empty_where_unknown([number for triple in known for number in triple])
            rows.writerow((verdict.method, verdict.standing, *figures, verdict.n, verdict.sentence))
    return f"How {len(verdicts)} methods and controls stand is in {out}: labels.csv."


def empty_where_unknown(numbers: Sequence[float]) -> list[float | str]:
    """Numbers as tables on disk have them."""
    return ["" if isnan(number) else number for number in numbers]
