"""``heatcheck stamp``: trains networks on stamps, and measures which methods find the stamps."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

import core
from core.cli.options import (
    FAILED,
    QUICK,
    Device,
    Methods,
    Seed,
    TablesFolder,
    chosen_methods,
    fitting,
    interruptible,
    make_folder,
    mistakes_in_words,
)
from core.cli.scores import followed, show_study, written_so_far
from core.cli.terminal import printed, say, watched

if TYPE_CHECKING:
    from core.stamping.benchmark import SweepPoint

Number = TypeVar("Number", int, float)
StampModelName = Annotated[str, typer.Option(help="See `heatcheck stamp models`.")]

stamp = typer.Typer(
    name="stamp",
    no_args_is_help=True,
    help="Ground truth by stamps: train networks, and score methods.",
)


@stamp.command("models")
def show_stamp_models() -> None:
    """List the networks trained on stamps, with their gates."""
    from core.stamping.gate import percent

    table = Table("Name", "Title", "Stamps", "Gate: accuracy, pasted, erased", box=None, pad_edge=False)
    for model in core.list_stamp_models():
        gate = model.gate
        shares = ", ".join(map(percent, (gate.accuracy, gate.flips, gate.returns))) if gate else "not measured"
        verdict = " (failed)" if gate and not gate.passed else ""
        designs = ", ".join(each.design for each in model.task.stamps)
        table.add_row(model.name, escape(model.title), designs, shares + verdict)
    printed(table)


@stamp.command()
def remove(model: Annotated[str, typer.Argument(help="See `heatcheck stamp models`.")]) -> None:
    """Delete a network that was trained on this machine."""
    from core.models.trained import remove_trained

    with mistakes_in_words():
        remove_trained(model)
    say(f"{model} has been deleted.")


@stamp.command()
def train(
    bases: Annotated[
        str, typer.Argument(help="`patches`, `fashion_mnist`, a folder of pictures, or `torchvision/NAME`.")
    ],
    design: Annotated[
        list[str] | None, typer.Option(help="A design; repeat for one class per design. Default: cross.")
    ] = None,
    size: Annotated[int, typer.Option(min=3, help="Side of a stamp in pixels.")] = 6,
    colour: Annotated[str, typer.Option(help="#rrggbb or a name; default: the design's own.")] = "",
    opacity: Annotated[float, typer.Option(min=0.0, max=1.0, help="Opacity of the stamp.")] = 1.0,
    distractor: Annotated[str, typer.Option(help="A design that carries no label, or `none`.")] = "saltire",
    network: Annotated[
        str, typer.Option(help="stamp_cnn, matched_filter or `head of efficientnet_lite0`.")
    ] = "stamp_cnn",
    random_labels: Annotated[
        bool, typer.Option("--random-labels", help="Train on random labels; the gate must then fail.")
    ] = False,
    most: Annotated[
        int, typer.Option(min=30, help="Maximum number of training pictures; a third as many are used for testing.")
    ] = 3000,
    title: Annotated[str, typer.Option(help="Title of the model.")] = "",
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Train a network to recognise stamps, measure its gate and keep it."""
    from core.stamping.task import Task
    from core.stamping.training import ModelTrained

    with mistakes_in_words():
        stamps = tuple(core.Stamp(each, size, colour, opacity) for each in design or ["cross"])
        decoy = None if distractor == "none" else core.Stamp(distractor, size, opacity=opacity)
        task = Task(bases, stamps, decoy, labelled=not random_labels)
    with interruptible(lambda: "Nothing was saved."), mistakes_in_words():
        stream = core.stream_stamp_training(task, network, seed, most=most, title=title, device=device)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, ModelTrained):
                    say(f"Saved as {event.name}. To judge methods: `heatcheck stamp score --model {event.name}`.")


@stamp.command()
def score(
    model: StampModelName = "trained/stamp_patches",
    methods: Methods = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Number of stamped pictures.")] = 200,
    out: TablesFolder = Path("heatcheck_stamps"),
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Score methods by their distance from the stamp over many pictures. Writes scores.csv, summary.csv, study.json."""
    from core.studies.table import Table as Study

    with mistakes_in_words():
        names = chosen_methods(methods)
        make_folder(out)
    study = Study({"model": model, "methods": names, "pictures": pictures, "seed": seed}, seed)
    with interruptible(lambda: written_so_far(study, out)), mistakes_in_words():
        loaded = core.load_stamp_model(model, device)
        study.asked |= {"task": loaded.task.as_json(), "weights": loaded.classifier.weights_digest}
        if methods == "all":
            names = fitting(loaded.classifier, names)
        summary = followed(core.stream_stamp_benchmark(loaded, names, pictures=pictures, seed=seed), study, out)
    if summary is None:
        raise typer.Exit(FAILED)  # the gate's sentence gave the reason
    show_study(study, summary, out)


@stamp.command()
def sweep(
    sizes: Annotated[str, typer.Option(help="Sides of stamps in pixels, separated by commas.")] = "3,4,5,6",
    opacities: Annotated[str, typer.Option(help="From 0 to 1, separated by commas.")] = "1,0.8,0.6",
    model: StampModelName = "trained/stamp_patches",
    methods: Methods = QUICK,
    pictures: Annotated[int, typer.Option(min=1, help="Stamped pictures for each size and opacity.")] = 50,
    out: Annotated[Path, typer.Option(help="File for the table.")] = Path("heatcheck_sweep.csv"),
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Score methods for stamps of many sizes and opacities. Each has its own gate. Writes one CSV file."""
    from core.stamping.benchmark import SweepPoint

    points: list[SweepPoint] = []
    with mistakes_in_words():
        names, across, seen = chosen_methods(methods), numbers(sizes, int), numbers(opacities, float)
        make_folder(out.parent)
        make_file(out)
    with interruptible(lambda: write_sweep(points, out)), mistakes_in_words():
        stream = core.stream_stamp_sweep(core.load_stamp_model(model, device), names, across, seen, pictures, seed)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, SweepPoint):
                    points.append(event)
                    say(in_words(event))
    say(write_sweep(points, out))
    if not any(point.distances for point in points):
        say("No size and opacity passed the gate, so there is no ground truth.")
        raise typer.Exit(FAILED)


def numbers(listed: str, kind: type[Number]) -> list[Number]:
    """The numbers of a list.

    Raises
    ------
    ValueError
        Where one of them is not a number.
    """
    try:
        return [kind(each) for each in listed.split(",")]
    except ValueError:
        raise ValueError(f"{listed!r} is not a list of numbers separated by commas.") from None


def in_words(point: SweepPoint) -> str:
    """A point of a sweep as one line."""
    stamps = f"{point.size} px, opacity {point.opacity:g}"
    if not point.distances:
        return f"{stamps}: {point.gate.sentence}"
    labels = {entry.name: entry.label for entry in core.list_methods() if not entry.control}
    nearest = sorted((distance.mean, labels[name]) for name, distance in point.distances.items() if name in labels)
    return f"{stamps}: " + ", ".join(f"{label} {mean:.2f}" for mean, label in nearest)


def make_file(file: Path) -> None:
    """Creates an empty file, so that an unwritable path is known before anything runs."""
    try:
        file.touch()
        file.open("a").close()
    except OSError as error:
        raise ValueError(f"{file} cannot be written ({error.strerror}). Use another --out.") from error


def write_sweep(points: list[SweepPoint], file: Path) -> str:
    """Writes a row for each size, opacity and method, and says where."""
    from core.studies.table import write_rows

    columns = "size opacity gate_passed accuracy flips returns method mean low high n"
    rows: list[list[object]] = []
    for point in points:
        gate = point.gate
        about = [point.size, point.opacity, int(gate.passed), gate.accuracy, gate.flips, gate.returns]
        scored = [[method, *distance] for method, distance in point.distances.items()]
        rows += [[*about, *each] for each in scored or [[None] * 5]]
    write_rows(rows, columns.split(), file)
    return f"{len(points)} points are in {file}."
