"""``heatcheck explain``: heatmaps of one picture, each judged by the model's answer as pixels are removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import core
from core.cli.options import (
    FAILED,
    QUICK,
    Device,
    Imputer,
    Methods,
    Model,
    RatherThan,
    Seed,
    Steps,
    chosen_methods,
    fitting,
    interruptible,
    load,
    make_folder,
    mistakes_in_words,
)
from core.cli.terminal import ARROWS, printed, progress_bar, say

if TYPE_CHECKING:
    from torch import Tensor


def explain(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, GIF, BMP or TIFF file.")],
    methods: Methods = QUICK,
    out: Annotated[Path, typer.Option(help="Folder for the heatmaps and the tables.")] = Path("heatcheck"),
    model: Model = "efficientnet_lite0",
    target: Annotated[str, typer.Option(help="Class to explain, by label or number; default: the predicted one.")] = "",
    rather_than: RatherThan = "",
    imputer: Imputer = "dataset_mean",
    steps: Steps = 20,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Explain a picture and judge each heatmap by perturbation. Writes a PNG per heatmap, scores.csv and curves.csv."""
    from core.models.classifier import checked_target
    from core.pictures.imputers import find_imputer

    with mistakes_in_words():
        opened = core.open_picture(picture)
        names = chosen_methods(methods)
        find_imputer(imputer)
        make_folder(out)
    trial = Trial()
    with interruptible(lambda: kept(trial, out)), mistakes_in_words():
        classifier = load(model, device)
        pixels = classifier.prepare(opened)
        explained = checked_target(classifier, pixels, target or None)
        if methods == "all":
            names = fitting(classifier, names)
        other = checked_target(classifier, pixels, rather_than) if rather_than else None
        say(f"{classifier.title}: explaining {in_words(classifier, explained, other)}.")
        stream = core.stream_trial(
            classifier, pixels, names, explained, seed,
            output="logit" if other is None else core.Contrast(other), imputer=imputer, steps=steps,
        )  # fmt: skip
        collect(stream, trial, pixels[0], out)
    say(kept(trial, out))
    show(trial)
    if not any(name in trial.heatmaps for name in names):
        raise typer.Exit(FAILED)


def in_words(classifier: core.Classifier, explained: int, other: int | None) -> str:
    """The explained class, and the one that it is contrasted with."""
    classes = [f'"{classifier.labels[each]}" (class {each})' for each in (explained, other) if each is not None]
    return " rather than ".join(classes)


@dataclass
class Trial:
    """What a trial's stream delivered."""

    heatmaps: dict[str, core.Heatmap] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    points: list[core.CurvePoint] = field(default_factory=list)
    scores: dict[str, core.Fidelity] = field(default_factory=dict)

    @property
    def ranked(self) -> list[core.Fidelity]:
        """The highest score first."""
        return sorted(self.scores.values(), key=lambda score: -score.value)


def collect(stream: Iterable[object], trial: Trial, pixels: Tensor, out: Path) -> None:
    """Reads the stream behind a progress bar and writes each heatmap as soon as it is final."""
    from core.jobs.events import Progress as Made
    from core.pictures.rendering import overlay

    signed = {entry.name for entry in core.list_methods() if entry.signed}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with progress_bar(*columns) as bar:
        made = bar.add_task("Heatmaps", total=None)
        for event in stream:
            match event:
                case Made(done, total, what):
                    stage = "Curves" if what == "Curves" else "Heatmaps"
                    bar.update(made, description=stage, completed=done, total=total)
                case core.HeatmapReady(heatmap, final=True):
                    trial.heatmaps[heatmap.method] = heatmap
                    both_signs = heatmap.method in signed and heatmap.reduction == "sum"
                    overlay(heatmap.values, pixels, both_signs).save(out / f"{heatmap.method}.png")
                case core.MethodRefused(method, reason):
                    trial.refused[method] = reason
                case core.CurvePoint():
                    trial.points.append(event)
                case core.FidelityReady(fidelity):
                    trial.scores[fidelity.method] = fidelity


def kept(trial: Trial, out: Path) -> str:
    """Writes the available scores and curves, and says where."""
    write_scores(trial, out / "scores.csv")
    write_curves(trial, out / "curves.csv")
    return f"The heatmaps, scores.csv and curves.csv are in {out}."


def controls() -> set[str]:
    return {entry.name for entry in core.list_methods() if entry.control}


def write_scores(trial: Trial, file: Path) -> None:
    """One row per method, the highest fidelity first; passes are pictures sent through the network."""
    from core.studies.table import write_rows

    columns = (
        "method control F chance_up_to mrg lrg artifact_share verdict seconds forward_passes backward_passes notes"
    )
    ignoring_the_model = controls()
    rows = []
    for score in trial.ranked:
        heatmap = trial.heatmaps[score.method]
        judged = [score.value, score.spread, score.mrg, score.lrg, score.artifact_share, score.verdict]
        cost = [round(heatmap.seconds, 3), heatmap.passes.forward, heatmap.passes.backward]
        rows.append([score.method, int(score.method in ignoring_the_model), *judged, *cost, " ".join(heatmap.notes)])
    write_rows(rows, columns.split(), file)


def write_curves(trial: Trial, file: Path) -> None:
    """One row per point, each curve in order of the fraction removed."""
    from core.studies.table import write_rows

    columns = ["method", "order", "fraction", "value", "low", "high"]
    points = sorted(trial.points, key=attrgetter("method", "order", "fraction"))
    write_rows(map(attrgetter(*columns), points), columns, file)


def show(trial: Trial) -> None:
    """The scores as a table, sorted by fidelity, each column with its direction and its value for a random map."""
    from core.metrics.fidelity import TRIAL
    from core.metrics.registry import find_metric

    table = Table(box=None, pad_edge=False)
    table.add_column("Method")
    for metric in map(find_metric, TRIAL):
        table.add_column(f"{metric.heading}{ARROWS[metric.direction]}\nrandom {metric.random}", justify="right")
    table.add_column("Seconds", justify="right")
    table.add_column("Verdict")
    ignoring_the_model, labels = controls(), {entry.name: entry.label for entry in core.list_methods()}
    for score in trial.ranked:
        control = score.method in ignoring_the_model
        table.add_row(
            labels[score.method],
            f"{score.value:z.2f}" + ("" if score.spread is None else f" (chance up to {score.spread:.2f})"),
            f"{score.mrg:z.2f}",
            f"{score.lrg:z.2f}",
            "–" if score.artifact_share is None else f"{score.artifact_share:.2f}",
            f"{trial.heatmaps[score.method].seconds:.1f}",
            score.words,
            style="dim" if control else None,
        )
    printed(table)
    for method, reason in trial.refused.items():
        typer.echo(f"{labels[method]} is unavailable: {reason}")
