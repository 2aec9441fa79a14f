"""What commands share: what a person typed as the engine takes it, and a study that is shown and written as it goes.

What is wrong with what was typed becomes one sentence.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, TextColumn

import core
from core.terminal import counted, means, printed, progress_bar, told, watched, width

if TYPE_CHECKING:
    from core.studies.evaluation import SummaryReady
    from core.studies.table import Table

QUICK = "gradient,smoothgrad,integrated_gradients,grad_cam"
SECONDS_BETWEEN_WRITES = 30.0
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


@contextmanager
def mistakes_told() -> Iterator[None]:
    """A mistake of the person who typed the command becomes one sentence."""
    try:
        yield
    except (core.PictureError, core.ModelError, ValueError) as mistake:
        told(str(mistake))
        raise typer.Exit(MISUSED) from None


@contextmanager
def interruptible(finish: Callable[[], str]) -> Iterator[None]:
    """Ctrl-C ends what runs inside; what was ready by then is still written, and told of. A second one ends all."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        told(f"Stopped. {finish()}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


def chosen_methods(listed: str) -> list[str]:
    """The methods that were named.

    Raises
    ------
    ValueError
        Where there is no such method, or none was named.
    """
    from core.methods.registry import find_method

    if listed == "all":
        return [entry.name for entry in core.list_methods() if not entry.control]
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if not names:
        raise ValueError("Name at least one method; `heatcheck methods` lists them.")
    return [find_method(name).name for name in names]


def fitting(classifier: core.Classifier, names: Sequence[str]) -> list[str]:
    """Those methods that apply to a classifier."""
    reasons = core.capability(classifier)
    return [name for name in names if not reasons[name]]


def chosen_metrics(listed: str, marked: bool) -> list[str]:
    """The metrics that were named, or the usual ones where none was.

    Parameters
    ----------
    marked
        Whether there are boxes or masks; without them `all` leaves out what needs them.

    Raises
    ------
    ValueError
        Where there is no such metric.
    """
    from core.metrics.registry import find_metric
    from core.studies.evaluation import default_metrics

    if listed == "all":
        return [
            entry.name for entry in core.list_metrics() if (marked or not entry.needs_truth) and not entry.needs_stamp
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
        raise ValueError(f"{option} is one of {', '.join(choices)}; {value!r} is not.")
    return value


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} can't be made a folder ({error.strerror}). Choose another with --out.") from error


def load(model: str, device: str) -> core.Classifier:
    """The model, its download shown if there is one."""
    with progress_bar(TextColumn("{task.description}"), BarColumn()) as bar:
        fetched = bar.add_task(f"Fetching {model}", total=None, visible=False)

        def report(done: int, total: int | None) -> None:
            bar.update(fetched, completed=done, total=total, visible=True)

        return core.load_classifier(model, device=device, progress=report)


def followed(stream: Iterator[object], study: Table, out: Path) -> SummaryReady | None:
    """A study's last means, or None if none came; what it tells is shown, entered into a table and written at times."""
    from core.studies.evaluation import SummaryReady, record

    summary, written = None, time.monotonic()
    with closing(watched(stream)) as events:
        for event in events:
            record(event, study)
            if isinstance(event, SummaryReady):
                summary = event
                if time.monotonic() - written > SECONDS_BETWEEN_WRITES:
                    study.write(out)
                    written = time.monotonic()
    return summary


def written_so_far(study: Table, out: Path) -> str:
    """Writes the scores that there are, and says where."""
    study.write(out)
    judged = counted(len(study.tally))
    return f"The scores of {judged} are in {out}: scores.csv, scores.parquet, summary.csv and study.json."


def show_study(study: Table, summary: SummaryReady | None, out: Path) -> None:
    """Writes a finished study and shows its means; ends the command as failed where there are none."""
    told(written_so_far(study, out))
    if summary is None:
        raise typer.Exit(FAILED)
    for part in means(summary.summary, summary.pictures, width()):
        printed(part)
    if not summary.summary:
        raise typer.Exit(FAILED)
