"""The command line: ``heatcheck`` opens the dashboard, ``heatcheck explain`` judges heatmaps without one."""

from __future__ import annotations

import csv
import difflib
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import core
from core.commands import (
    FAILED,
    QUICK,
    chosen_methods,
    chosen_metrics,
    fitting,
    followed,
    interruptible,
    load,
    make_folder,
    mistakes_told,
    one_of,
    show_study,
    written_so_far,
)
from core.sanity_cli import sanity
from core.stamp_cli import stamp
from core.terminal import ARROWS, printed, progress_bar, told

if TYPE_CHECKING:
    from torch import Tensor


KEEP_LARGE_BLOCKS = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
"""glibc gives large blocks back to the kernel after each pass and faults them in again at the next one."""

VERDICTS = {
    "finds": "better than every control",
    "edge": "not surely better than a control",
    "random": "like a random order",
    "worse": "worse than random",
}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(stamp, name="stamp")
app.add_typer(sanity, name="sanity")


def main() -> None:
    """Entry point of the ``heatcheck`` command."""
    if sys.platform == "linux" and not KEEP_LARGE_BLOCKS.keys() <= os.environ.keys():
        restart(sys.orig_argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt inside its import would crash torch
    app(prog_name="heatcheck")


def restart(arguments: Sequence[str]) -> None:
    """This Python anew with these arguments, and with an allocator that keeps what the next pass needs again."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *arguments], {**KEEP_LARGE_BLOCKS, **os.environ})


@app.callback(invoke_without_command=True)
def dashboard(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; the first free one from 8501.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; this machine only unless told.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the dashboard in a browser.")] = True,
) -> None:
    """Shows why an image classifier said what it said, and whether the explanation deserves to be believed.

    Without a command it opens the dashboard.
    """
    if context.invoked_subcommand is None:
        asked = ["--host", host]
        asked += [] if port is None else ["--port", str(port)]
        asked += [] if browser else ["--no-browser"]
        restart(["-P", "-m", "dashboard.server", *asked])


@app.command()
def explain(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, GIF, BMP or TIFF file.")],
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    out: Annotated[Path, typer.Option(help="Folder for the heatmaps and the tables.")] = Path("heatcheck"),
    model: Annotated[str, typer.Option(help="See `heatcheck models`.")] = "efficientnet_lite0",
    target: Annotated[str, typer.Option(help="Class to explain, label or number; the predicted one if empty.")] = "",
    imputer: Annotated[str, typer.Option(help="What takes the place of a removed pixel.")] = "dataset_mean",
    steps: Annotated[int, typer.Option(min=1, max=500, help="Steps of each curve.")] = 20,
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Heatmaps of a picture, judged against random orders and controls: one PNG each, scores.csv, curves.csv."""
    from core.pictures.imputers import find_imputer

    with mistakes_told():
        opened = core.open_picture(picture)
        names = chosen_methods(methods)
        find_imputer(imputer)
        make_folder(out)
    trial = Trial()
    with interruptible(lambda: kept(trial, out)), mistakes_told():
        classifier = load(model, device)
        pixels = classifier.prepare(opened)
        explained = chosen_class(classifier, pixels, target)
        if methods == "all":
            names = fitting(classifier, names)
        told(f'{classifier.title}: explaining "{classifier.labels[explained]}" (class {explained}).')
        stream = core.stream_trial(classifier, pixels, names, target=explained, seed=seed, imputer=imputer, steps=steps)
        collect(stream, trial, pixels[0], out)
    told(kept(trial, out))
    show(trial)
    if not any(name in trial.heatmaps for name in names):
        raise typer.Exit(FAILED)


@app.command()
def evaluate(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder, with boxes or masks beside the pictures if there are any; a COCO file; a picture; "
            "`gallery`; or `fashion_mnist`."
        ),
    ],
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    metrics: Annotated[
        str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck metrics`. The usual ones if empty.")
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="No more than so many pictures, the first ones.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("heatcheck_study"),
    model: Annotated[str, typer.Option(help="See `heatcheck models`.")] = "efficientnet_lite0",
    imputer: Annotated[str, typer.Option(help="What takes the place of a removed pixel.")] = "dataset_mean",
    unit: Annotated[
        str, typer.Option(help="What is removed at once: pixel, region, superpixel, or feature (one channel of one).")
    ] = "pixel",
    side: Annotated[int, typer.Option(min=1, help="Pixels along a region.")] = 9,
    y: Annotated[str, typer.Option(help="What is read off: probability, relative_logit or accuracy.")] = "probability",
    steps: Annotated[int, typer.Option(min=1, max=500, help="Steps of each curve.")] = 10,
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Methods and controls scored over many pictures: scores.csv, scores.parquet, summary.csv, study.json."""
    from core.metrics.answers import Y
    from core.metrics.removal import Unit
    from core.studies.table import Table as Study

    with mistakes_told():
        names = chosen_methods(methods)
        chosen_metrics(metrics, marked=True)
        removed: Unit = one_of(unit, "--unit", get_args(Unit))
        read: Y = one_of(y, "--y", get_args(Y))
        make_folder(out)
    asked = {"source": source, "model": model, "methods": names, "limit": limit, "imputer": imputer, "unit": unit}
    study = Study(asked | {"side": side, "y": y, "steps": steps, "seed": seed}, seed)
    with interruptible(lambda: written_so_far(study, out)), mistakes_told():
        classifier = load(model, device)
        judged_by = chosen_metrics(metrics, has_truth(source, classifier.dataset, limit))
        study.asked |= {"metrics": judged_by, "weights": classifier.weights_digest}
        stream = core.stream_evaluation(
            classifier, source, names, judged_by, limit, seed,
            imputer=imputer, unit=removed, side=side, y=read, steps=steps,
        )  # fmt: skip
        summary = followed(stream, study, out)
    show_study(study, summary, out)


@app.command("methods")
def show_methods() -> None:
    """Lists every method and control."""
    table = Table("Name", "Family", "What it shows", box=None, pad_edge=False)
    for entry in core.list_methods():
        table.add_row(entry.name, entry.family, escape(entry.summary))
    printed(table)


@app.command("metrics")
def show_metrics() -> None:
    """Lists every score with its direction and its value for a random map."""
    table = Table("Name", "Group", "Better", "Random map", "What it says", box=None, pad_edge=False)
    for entry in core.list_metrics():
        truth = " Needs stamps." if entry.needs_stamp else " Needs boxes or masks." if entry.needs_truth else ""
        direction = ARROWS[entry.direction].strip()
        table.add_row(entry.name, entry.group, direction, escape(entry.random), escape(entry.summary + truth))
    printed(table)


@app.command("models")
def show_models(
    part: Annotated[str, typer.Argument(help="Only names that contain this.")] = "",
) -> None:
    """Lists every model that can be loaded by name."""
    table = Table("Name", "Notes", box=None, pad_edge=False)
    for entry in core.list_models():
        if part.lower() in entry.name.lower():
            table.add_row(entry.name, escape(entry.note))
    if not table.row_count:
        told(f"No model's name contains {part!r}.")
        raise typer.Exit(FAILED)
    printed(table)


@app.command()
def doctor() -> None:
    """Says what works on this machine, and what to do about the rest."""
    from core.doctor import examine

    broken = False
    for finding in examine():
        state = "ok  " if finding.sound else "MISS" if finding.needed else "note"
        typer.echo(" ".join(filter(None, [state, f"{finding.subject}: {finding.state}.", finding.remedy])))
        broken = broken or (finding.needed and not finding.sound)
    if broken:
        raise typer.Exit(FAILED)


def has_truth(source: str, dataset: str, limit: int | None) -> bool:
    """Whether boxes or masks lie beside any of these pictures."""
    from core.pictures.specimens import collect_specimens

    return any(specimen.truth for specimen in collect_specimens(source, dataset)[:limit])


def chosen_class(classifier: core.Classifier, pixels: Tensor, target: str) -> int:
    """The class by number or label, or the predicted one where nothing was named.

    Raises
    ------
    ValueError
        With the nearest labels.
    """
    if not target:
        return core.predict(classifier, pixels, top=1)[0].index
    if target.isdecimal():
        if int(target) < len(classifier.labels):
            return int(target)
        raise ValueError(f"{classifier.title} has classes 0 to {len(classifier.labels) - 1}; there is no {target}.")
    lower = [label.lower() for label in classifier.labels]
    if target.lower() in lower:
        return lower.index(target.lower())
    near = [label for label in lower if target.lower() in label] or difflib.get_close_matches(target.lower(), lower)
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else "Name a label of its data set, or a number."
    raise ValueError(f"{classifier.title} has no class {target!r}. {hint}")


@dataclass
class Trial:
    """What a trial's stream brought."""

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
    """Writes the scores and curves that there are, and says where."""
    write_scores(trial, out / "scores.csv")
    write_curves(trial, out / "curves.csv")
    return f"The heatmaps, scores.csv and curves.csv are in {out}."


def controls() -> set[str]:
    return {entry.name for entry in core.list_methods() if entry.control}


def write_scores(trial: Trial, file: Path) -> None:
    """One row a method, the highest fidelity first; passes are pictures that went through the network."""
    header = "method control F spread mrg lrg artifact_share verdict seconds forward_passes backward_passes notes"
    looks_at_no_model = controls()
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(header.split())
        for score in trial.ranked:
            heatmap = trial.heatmaps[score.method]
            share = "" if score.artifact_share is None else score.artifact_share
            judged = [score.value, score.spread, score.mrg, score.lrg, share, score.verdict]
            cost = [round(heatmap.seconds, 3), heatmap.passes.forward, heatmap.passes.backward]
            control = int(score.method in looks_at_no_model)
            table.writerow([score.method, control, *judged, *cost, " ".join(heatmap.notes)])


def write_curves(trial: Trial, file: Path) -> None:
    """One row a point, each curve in order of the fraction removed."""
    points = sorted(trial.points, key=lambda point: (point.method, point.order, point.fraction))
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["method", "order", "fraction", "value", "low", "high"])
        for point in points:
            table.writerow([point.method, point.order, point.fraction, point.value, point.low, point.high])


def show(trial: Trial) -> None:
    """The scores as a table, sorted by fidelity, each column with its direction and its value for a random map."""
    from core.metrics.fidelity import TRIAL
    from core.metrics.registry import find_metric

    arrows = {"higher": " ↑", "lower": " ↓", "none": ""}
    table = Table(box=None, pad_edge=False)
    table.add_column("Method")
    for metric in map(find_metric, TRIAL):
        table.add_column(f"{metric.heading}{arrows[metric.direction]}\nrandom {metric.random}", justify="right")
    table.add_column("Seconds", justify="right")
    table.add_column("Verdict")
    looks_at_no_model, labels = controls(), {entry.name: entry.label for entry in core.list_methods()}
    for score in trial.ranked:
        control = score.method in looks_at_no_model
        table.add_row(
            labels[score.method],
            f"{score.value:.2f} ± {score.spread:.2f}",
            f"{score.mrg:.2f}",
            f"{score.lrg:.2f}",
            "–" if score.artifact_share is None else f"{score.artifact_share:.2f}",
            f"{trial.heatmaps[score.method].seconds:.1f}",
            "control" if control else VERDICTS[score.verdict],
            style="dim" if control else None,
        )
    printed(table)
    for method, reason in trial.refused.items():
        typer.echo(f"{labels[method]} was left out: {reason}")


if __name__ == "__main__":
    main()
