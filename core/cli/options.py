"""What commands share: options, the conversion of what a person typed, and mistakes as one sentence."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, TextColumn

import core
from core.cli.terminal import progress_bar, say
from core.jobs.durations import counted

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
QUICK = "gradient,smoothgrad,integrated_gradients,grad_cam"

Methods = Annotated[str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck methods`.")]
Model = Annotated[
    str, typer.Option(help="See `heatcheck models`; or module:function, a function of yours that returns a classifier.")
]
RatherThan = Annotated[
    str, typer.Option(help="Another class, by label or number: why the explained one rather than this one.")
]
Imputer = Annotated[str, typer.Option(help="What replaces a removed pixel.")]
Steps = Annotated[int, typer.Option(min=1, max=500, help="Number of steps of each curve.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum number of pictures; the first ones are used.")]
TablesFolder = Annotated[Path, typer.Option(help="Folder for the tables.")]
Seed = Annotated[int, typer.Option(help="Seed of every random draw.")]
Device = Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")]


@contextmanager
def mistakes_in_words() -> Iterator[None]:
    """Turns a mistake in the command into one sentence."""
    try:
        yield
    except ValueError as mistake:  # first, since looking up the others imports torch, which takes seconds
        raise refusal(mistake) from None
    except (core.PictureError, core.ModelError) as mistake:
        raise refusal(mistake) from None


def refusal(mistake: Exception) -> typer.Exit:
    """Says what is wrong with the command, and ends it."""
    say(str(mistake))
    return typer.Exit(MISUSED)


@contextmanager
def interruptible(finish: Callable[[], str]) -> Iterator[None]:
    """Ctrl-C stops what runs inside; finished results are still written and reported. A second one ends everything."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        say(f"Stopped. {finish()}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


def chosen_methods(listed: str) -> list[str]:
    """The named methods.

    Raises
    ------
    ValueError
        Where there is no such method, or none is named.
    """
    from core.methods.registry import find_method

    if listed == "all":
        return [entry.name for entry in core.list_methods() if not entry.control]
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if not names:
        raise ValueError("Name at least one method; `heatcheck methods` lists them.")
    return [find_method(name).name for name in names]


def fitting(classifier: core.Classifier, names: Sequence[str]) -> list[str]:
    """The methods that apply to a classifier."""
    reasons = core.capability(classifier)
    return [name for name in names if not reasons[name]]


def chosen_metrics(listed: str, marked: bool) -> list[str]:
    """The named metrics, or the usual ones if none is named; `all` leaves out those that need a search or fills.

    Parameters
    ----------
    marked
        Whether there are boxes or masks; without them `all` leaves out the metrics that need them.

    Raises
    ------
    ValueError
        Where there is no such metric.
    """
    from core.metrics.registry import find_metric
    from core.studies.evaluation import default_metrics

    if listed == "all":
        return [
            entry.name
            for entry in core.list_metrics()
            if (marked or not entry.needs_truth)
            and not entry.needs_stamp
            and not {"ceiling", "variations"} & {*entry.needs}
        ]
    named = [find_metric(name.strip()).name for name in listed.split(",") if name.strip()]
    return named or list(default_metrics(marked))


def one_of(value: str, option: str, choices: Sequence[str]) -> Any:
    """The value, if it is one of the choices.

    Raises
    ------
    ValueError
        With the choices.
    """
    if value not in choices:
        raise ValueError(f"{option} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def say_if_fewer(wanted: int, available: int) -> None:
    """Says so where there are fewer test pictures than a person asked for."""
    if available < wanted:
        say(f"There are only {counted(available, 'test picture')}; all of them are used.")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"The folder {folder} cannot be created ({error.strerror}). Use another --out.") from error


def load(model: str, device: str) -> core.Classifier:
    """The model, with a progress bar if it has to be downloaded; one of a person's own keeps its device.

    What a reader needs to know of it is said once.
    """
    from core.models.outputs import READINGS
    from core.models.own import made_by

    if ":" not in model:
        classifier = downloaded(model, device)
    else:
        classifier = made_by(model)
        say(f"Probabilities: {READINGS[classifier.reading]}.")
    for note in classifier.notes:
        say(note)
    return classifier


def downloaded(model: str, device: str) -> core.Classifier:
    """A listed model, with a progress bar if it has to be downloaded."""
    with progress_bar(TextColumn("{task.description}"), BarColumn()) as bar:
        fetched = bar.add_task(f"Downloading {model}", total=None, visible=False)

        def report(done: int, total: int | None) -> None:
            bar.update(fetched, completed=done, total=total, visible=True)

        return core.load_classifier(model, device=device, progress=report)
