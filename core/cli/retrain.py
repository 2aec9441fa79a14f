"""``heatcheck retrain``: networks retrained without what a map calls important, or with nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import core
from core.cli.options import Device, interruptible, mistakes_in_words
from core.cli.terminal import MARKS, printed, say, watched
from core.jobs.durations import counted, lasting

if TYPE_CHECKING:
    from core.retraining.directions import Direction
    from core.retraining.events import RetrainedAccuracy, RetrainingReady
    from core.retraining.outcomes import Accuracy
    from core.retraining.probes import ProbeFinding
    from core.retraining.verdicts import Verdict

FORM_WORDS = {"roar": "removed", "kar": "kept"}
ACCURACIES = (
    *("method", "form", "fraction", "accuracy", "low", "high"),
    *("lowest_seed", "highest_seed", "seeds", "pictures"),
    *("without_retraining", "leak", "leak_low", "leak_high", "leak_decides", "probe"),
)
VERDICTS = ("method", "standing", "removal", "low", "high", "keeping", "leaky_shares", "leak_decides")
PROBES = ("method", "probe", "form", "change", "low", "high", "leak_change", "leak_low", "leak_high")
PROBED = {"blur": "blurred", "dilate": "dilated"}
RESUME = "Give the same command to go on where it stopped."


def retrain(
    spec: Annotated[
        Path, typer.Argument(help="A TOML file with what to ask for; what it leaves out is HeatCheck's default.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the study; if it holds this study, it goes on.")] = Path(
        "heatcheck_retraining"
    ),
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that share the work; default: one for each core.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Remove And Retrain (ROAR), Keep And Retrain (KAR), and their leak. Writes accuracies.csv and verdicts.csv.

    A study of minutes, a line each: methods = ["gradient", "vargrad"], forms = ["roar"], fractions = [0.5, 0.9],
    seeds = 1. An empty file asks for HeatCheck's defaults: 8 methods, both forms, 5 shares, 3 seeds. What a study will
    take is told first.
    """
    with mistakes_in_words():
        check_is_toml(spec)

    from core.retraining.forecast import forecast
    from core.retraining.spec import RetrainingSpec

    with mistakes_in_words():
        asked = RetrainingSpec.read(spec)
    found = Found()
    with interruptible(lambda: f"{kept(found, out)} {RESUME}"), mistakes_in_words():
        for sentence in forecast(asked, out, device, processes):
            say(sentence)
        collect(core.stream_retraining(asked, out, device, processes), found)
    say(kept(found, out))
    show(found)


def check_is_toml(file: Path) -> None:
    """Refuses a file that is no TOML before torch is imported, which takes seconds.

    Raises
    ------
    ValueError
        Where it cannot be read as text, or is not TOML.
    """
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not valid TOML: {error}.") from error


@dataclass
class Found:
    """What a study's stream delivered."""

    accuracies: dict[tuple[str, str, float, str], RetrainedAccuracy] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    ready: RetrainingReady | None = None


def collect(stream: Iterable[object], found: Found) -> None:
    """Reads the stream behind a progress bar."""
    from core.retraining.events import RetrainedAccuracy, RetrainingReady

    with closing(watched(stream)) as events:
        for event in events:
            match event:
                case RetrainedAccuracy():
                    found.accuracies[event.method, event.form, event.fraction, event.probe or ""] = event
                case RetrainingReady():
                    found.ready = event
                case core.MethodRefused(method, reason):
                    found.refused[method] = reason


def kept(found: Found, out: Path) -> str:
    """Writes what is known so far, and says where."""
    from core.studies.table import write_rows

    if not found.accuracies:
        return f"Nothing is known yet; what was made is kept in {out}."
    write_rows(map(row, found.accuracies.values()), ACCURACIES, out / "accuracies.csv")
    if found.ready:
        write_rows(map(verdict_row, found.ready.verdicts), VERDICTS, out / "verdicts.csv")
    if found.ready and found.ready.probes:
        write_rows(map(probe_row, found.ready.probes), PROBES, out / "probes.csv")
        return f"accuracies.csv, verdicts.csv and probes.csv are in {out}."
    return f"accuracies.csv and verdicts.csv are in {out}."


def row(own: RetrainedAccuracy) -> list[object]:
    """A row of the table of accuracies."""
    score, leak = own.retrained.over_pictures, own.leak.over_pictures if own.leak else None
    return [
        own.method, own.form, own.fraction, *score[:3],
        min(own.retrained.by_seed), max(own.retrained.by_seed), len(own.retrained.by_seed), score.n,
        own.unadapted.over_pictures.mean,
        *(leak[:3] if leak else ("", "", "")), "" if own.leak_decides is None else int(own.leak_decides),
        own.probe or "",
    ]  # fmt: skip


def verdict_row(own: Verdict) -> list[object]:
    """A row of the table of verdicts."""
    keeping = own.keeping.over_pictures.mean if own.keeping else ""
    return [own.method, own.standing, *own.removal.over_pictures[:3], keeping, own.leaky, int(own.leak_decides)]


def probe_row(own: ProbeFinding) -> list[object]:
    """A row of the table of probes."""
    leak = own.leak.over_pictures[:3] if own.leak else ("", "", "")
    return [own.method, own.probe, own.form, *own.change.over_pictures[:3], *leak]


def show(found: Found) -> None:
    """The accuracies by method and share, the verdicts, and what the paper found."""
    labels = {entry.name: entry.label for entry in core.list_methods()}
    for form in dict.fromkeys(form for _, form, _, _ in found.accuracies):
        printed(accuracy_table(found, form, labels))
    if found.ready:
        if decided := [labels[each.method] for each in found.ready.verdicts if each.leak_decides]:
            typer.echo(f"No verdict, since the leak decides at more than half of the shares: {', '.join(decided)}.")
        if found.ready.whole:
            typer.echo(f"With whole pictures: {percent(found.ready.whole)}.")
        show_directions(found.ready.directions)
        for probe in found.ready.probes:
            typer.echo(f"{labels[probe.method]} ({probe.form.upper()}): {probe.why}")
        typer.echo(taken(found.ready))
        if found.ready.saved:
            typer.echo(f"{found.ready.saved} networks were not trained: the difference to random removal was clear.")
    for method, reason in found.refused.items():
        typer.echo(f"{labels[method]} is unavailable: {reason}")


def show_directions(directions: Iterable[Direction]) -> None:
    """What the paper found, whether it shows here, and the figures that decide; a line each."""
    for each in directions:
        typer.echo(f"({each.name}) {each.finding}: {each.claim} {each.why}")


def taken(ready: RetrainingReady) -> str:
    """How many networks the study has, how long all of its runs took, and in what they learned or differ."""
    took = "" if ready.took is None else f"; all runs of this study took {lasting(ready.took)}"
    told = [f"{counted(ready.networks, 'network')} trained{took}."]
    if ready.precision != "float32":
        told.append(f"They learned in {ready.precision}, the explained network in float32.")
    return " ".join([*told, *([ready.mixed] if ready.mixed else [])])


def accuracy_table(found: Found, form: str, labels: Mapping[str, str]) -> Table:
    """A row for each method and probe: accuracy at each share, the leak below it, marked where it decides."""
    own = {key: each for key, each in found.accuracies.items() if key[1] == form and key[2]}
    fractions = sorted({fraction for _, _, fraction, _ in own})
    standing = {each.method: each for each in found.ready.verdicts} if found.ready else {}
    table = Table(
        box=None,
        pad_edge=False,
        caption="Accuracy with 95 % interval over test pictures; below it the leak, that of masks alone. * it decides.",
    )
    table.add_column(f"Share {FORM_WORDS[form]}")
    for fraction in fractions:
        table.add_column(f"{100 * fraction:.0f} %", justify="right")
    known = dict.fromkeys(name for name, _, _, _ in own)
    for method in [name for name in standing if name in known] or known:
        for probe in dict.fromkeys(probe for name, _, _, probe in own if name == method):
            cells = [own.get((method, form, fraction, probe)) for fraction in fractions]
            marked = method in standing and form == "roar" and not probe
            mark = MARKS.get(standing[method].standing, "") if marked else ""
            label = f"  {PROBED[probe]}" if probe else f"{mark}{labels[method]}"
            table.add_row(label, *(in_words(cell) for cell in cells))
    return table


def in_words(cell: RetrainedAccuracy | None) -> str:
    if cell is None:
        return "–"
    leak = f"\nleak {percent(cell.leak)}{' *' if cell.leak_decides else ''}" if cell.leak else ""
    return percent(cell.retrained) + leak


def percent(accuracy: Accuracy) -> str:
    mean, low, high, _ = accuracy.over_pictures
    return f"{100 * mean:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"
