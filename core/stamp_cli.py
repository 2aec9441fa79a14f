"""``heatcheck stamp``: trains networks on stamps, and finds out which methods find what they see."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

import core
from core.commands import (
    FAILED,
    QUICK,
    chosen_methods,
    fitting,
    followed,
    interruptible,
    make_folder,
    mistakes_told,
    show_study,
    written_so_far,
)
from core.terminal import printed, told, watched

if TYPE_CHECKING:
    from core.stamping.benchmark import SweepPoint

Number = TypeVar("Number", int, float)

stamp = typer.Typer(
    no_args_is_help=True, help="Ground truth by stamps: train a network to see them, and see which methods find them."
)


@stamp.command("models")
def show_stamp_models() -> None:
    """Lists the networks that were trained on stamps, with what they learnt and their gate."""
    table = Table("Name", "Title", "Stamps", "Gate: right, put on, erased", box=None, pad_edge=False)
    for model in core.list_stamp_models():
        gate = model.gate
        shares = f"{gate.accuracy:.1%}, {gate.flips:.1%}, {gate.returns:.1%}" if gate else "not measured"
        verdict = "" if gate and gate.passed else " (not passed)"
        designs = ", ".join(each.design for each in model.task.stamps)
        table.add_row(model.name, escape(model.title), designs, shares + verdict)
    printed(table)


@stamp.command()
def train(
    bases: Annotated[
        str, typer.Argument(help="`patches`, `fashion_mnist`, a folder of pictures, or `torchvision/NAME`.")
    ],
    design: Annotated[
        list[str] | None, typer.Option(help="A design; several make a class each. Cross if none.")
    ] = None,
    size: Annotated[int, typer.Option(min=3, help="Pixels along a stamp.")] = 6,
    colour: Annotated[str, typer.Option(help="#rrggbb or a name; the design's own if empty.")] = "",
    opacity: Annotated[float, typer.Option(min=0.0, max=1.0, help="1 covers what is below it.")] = 1.0,
    distractor: Annotated[str, typer.Option(help="A design that carries no label; `none` for none.")] = "saltire",
    network: Annotated[
        str, typer.Option(help="stamp_cnn, matched_filter or `head of efficientnet_lite0`.")
    ] = "stamp_cnn",
    tossed: Annotated[bool, typer.Option("--tossed", help="Labels say nothing; the gate must refuse.")] = False,
    most: Annotated[int, typer.Option(min=30, help="Base pictures to learn from; a third as many test it.")] = 3000,
    title: Annotated[str, typer.Option(help="What the model is called.")] = "",
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Trains a network to see stamps, proves it at the gate and keeps it."""
    from core.stamping.task import Task
    from core.stamping.training import ModelTrained

    with mistakes_told():
        stamps = tuple(core.Stamp(each, size, colour, opacity) for each in design or ["cross"])
        decoy = None if distractor == "none" else core.Stamp(distractor, size, opacity=opacity)
        task = Task(bases, stamps, decoy, labelled=not tossed)
    with interruptible(lambda: "Nothing was kept."), mistakes_told():
        stream = core.stream_stamp_training(task, network, seed, most=most, title=title, device=device)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, ModelTrained):
                    told(f"Kept as {event.name}. `heatcheck stamp score --model {event.name}` judges methods with it.")


@stamp.command()
def score(
    model: Annotated[str, typer.Option(help="See `heatcheck stamp models`.")] = "trained/stamp_patches",
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Stamped pictures.")] = 200,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("heatcheck_stamps"),
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Scores methods by how near they come to the stamp, over many pictures: scores.csv, summary.csv, study.json."""
    from core.studies.table import Table as Study

    with mistakes_told():
        names = chosen_methods(methods)
        make_folder(out)
    study = Study({"model": model, "methods": names, "pictures": pictures, "seed": seed}, seed)
    with interruptible(lambda: written_so_far(study, out)), mistakes_told():
        loaded = core.load_stamp_model(model, device)
        study.asked |= {"task": loaded.task.told(), "weights": loaded.classifier.weights_digest}
        if methods == "all":
            names = fitting(loaded.classifier, names)
        summary = followed(core.stream_stamp_benchmark(loaded, names, pictures=pictures, seed=seed), study, out)
    if summary is None:
        raise typer.Exit(FAILED)  # the gate has said why
    show_study(study, summary, out)


@stamp.command()
def sweep(
    sizes: Annotated[str, typer.Option(help="Pixels along a stamp, separated by commas.")] = "3,4,5,6",
    opacities: Annotated[str, typer.Option(help="From 0 to 1, separated by commas.")] = "1,0.8,0.6",
    model: Annotated[str, typer.Option(help="See `heatcheck stamp models`.")] = "trained/stamp_patches",
    methods: Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")] = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Stamped pictures for each size and opacity.")] = 50,
    out: Annotated[Path, typer.Option(help="The table to write.")] = Path("heatcheck_sweep.csv"),
    seed: Annotated[int, typer.Option(help="Every random draw follows from it.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Scores methods for stamps of many sizes and opacities, each behind a gate of its own: one CSV."""
    from core.stamping.benchmark import SweepPoint

    points: list[SweepPoint] = []
    with mistakes_told():
        names, across, seen = chosen_methods(methods), numbers(sizes, int), numbers(opacities, float)
        make_folder(out.parent)
        make_file(out)
    with interruptible(lambda: write_sweep(points, out)), mistakes_told():
        stream = core.stream_stamp_sweep(core.load_stamp_model(model, device), names, across, seen, pictures, seed)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, SweepPoint):
                    points.append(event)
                    told(in_words(event))
    told(write_sweep(points, out))
    if not any(point.distances for point in points):
        told("No size and opacity passed the gate, so there is no truth to score by.")
        raise typer.Exit(FAILED)


def numbers(listed: str, kind: type[Number]) -> list[Number]:
    """The numbers of a list.

    Raises
    ------
    ValueError
        Where one is none.
    """
    try:
        return [kind(each) for each in listed.split(",")]
    except ValueError:
        raise ValueError(f"{listed!r} is no list of numbers separated by commas.") from None


def in_words(point: SweepPoint) -> str:
    """A point of a sweep as a line."""
    stamps = f"{point.size} px, opacity {point.opacity:g}"
    if not point.distances:
        return f"{stamps}: {point.gate.sentence}"
    labels = {entry.name: entry.label for entry in core.list_methods() if not entry.control}
    nearest = sorted((distance.mean, labels[name]) for name, distance in point.distances.items() if name in labels)
    return f"{stamps}: " + ", ".join(f"{label} {mean:.2f}" for mean, label in nearest)


def make_file(file: Path) -> None:
    """An empty file, so that what can't be written is known before anything runs."""
    try:
        file.touch()
        file.open("a").close()
    except OSError as error:
        raise ValueError(f"{file} can't be written ({error.strerror}). Choose another with --out.") from error


def write_sweep(points: list[SweepPoint], file: Path) -> str:
    """Writes a row for each size, opacity and method, and says where."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        table = csv.writer(opened)
        table.writerow(
            ["size", "opacity", "gate_passed", "accuracy", "flips", "returns", "method", *["mean", "low", "high", "n"]]
        )
        for point in points:
            gate = point.gate
            about = [point.size, point.opacity, int(gate.passed), gate.accuracy, gate.flips, gate.returns]
            for method, distance in point.distances.items():
                table.writerow([*about, method, *distance])
            if not point.distances:
                table.writerow([*about, "", "", "", "", ""])
    return f"{len(points)} points are in {file}."
