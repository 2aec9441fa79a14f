"""``heatcheck study``: models, methods and metrics over many pictures, in a folder that outlives any interruption."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import core
from core.cli.options import FAILED, Device, interruptible, mistakes_in_words
from core.cli.terminal import means, printed, say, watched, width
from core.jobs.durations import about, counted

if TYPE_CHECKING:
    from core.studies.evaluation import SummaryReady
    from core.studies.folder import Folder
    from core.studies.forecast import PartForecast
    from core.studies.running import PartBegan

study = typer.Typer(
    name="study",
    no_args_is_help=True,
    help="Studies: models, methods and metrics over many pictures; a folder each, which goes on after any stop.",
)
StudyFolder = Annotated[Path, typer.Argument(help="Folder of a study.")]
Ray = Annotated[
    str | None, typer.Option(help="Compute on a Ray cluster: local, auto (the one this machine is in), or an address.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Workers on the cluster; by default one for each GPU, else for each CPU.")
]


@study.command()
def new(file: Annotated[Path, typer.Argument(help="TOML file to write.")] = Path("study.toml")) -> None:
    """Write a file that asks for a study: every name with its default and what it is for."""
    from core.studies.spec import StudySpec

    with mistakes_in_words():
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(StudySpec.commented())
        except FileExistsError:
            raise ValueError(f"{file} is there already. Use another name.") from None
        except OSError as error:
            raise ValueError(f"{file} cannot be written ({error.strerror}).") from error
    say(f"{file} is written. Change what you like, then: heatcheck study run {file}")


@study.command()
def run(
    spec: Annotated[Path, typer.Argument(help="A TOML file; `heatcheck study new` writes one.")],
    out: Annotated[Path, typer.Option(help="Folder of the study; if it holds this study, it goes on.")] = Path(
        "heatcheck_study"
    ),
    dry: Annotated[bool, typer.Option("--dry", help="Only say what it takes; one picture is timed.")] = False,
    device: Device = "auto",
    ray: Ray = None,
    workers: Workers = None,
) -> None:
    """Run a study. Writes study.toml, manifest.json, scores.parquet and curves.parquet.

    Scores that a study on this machine has computed before are not computed again.
    """
    from core.studies.folder import Folder
    from core.studies.forecast import forecast

    with mistakes_in_words():
        asked = core.StudySpec.read(spec)
        if dry:
            for sentence in told(forecast(asked, Folder(out), device), workers):
                typer.echo(sentence)
            return
    follow(asked, Folder(out), device, ray, workers)


@study.command()
def resume(folder: StudyFolder, device: Device = "auto", ray: Ray = None, workers: Workers = None) -> None:
    """Go on with a study where it stopped."""
    from core.studies.folder import Folder
    from core.studies.run_folder import ASKED
    from core.studies.spec_file import text_of

    with mistakes_in_words():
        Folder(folder).standing()
        asked = core.StudySpec.from_toml(text_of(folder / ASKED))
    follow(asked, Folder(folder), device, ray, workers)


@study.command()
def status(folder: StudyFolder) -> None:
    """Say how far a study is. Reads its folder only."""
    from core.studies.folder import Folder

    with mistakes_in_words():
        place = Folder(folder)
        standing = place.standing()
    for sentence in so_far(place):
        typer.echo(sentence)
    for began in place.runs()[-1:]:
        typer.echo(f"The last run began at {began['began']} on {began['device']}.")
    typer.echo("A run is working on it." if standing.running else "No run is working on it.")


@study.command()
def report(
    folder: StudyFolder,
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("report.html"),
) -> None:
    """Write a study as one web page that opens offline: verdicts, intervals, curves, heatmaps, manifest."""
    from core.studies.folder import Folder
    from core.studies.report.page import page_of
    from core.studies.whole_files import written_whole

    with mistakes_in_words():
        page = page_of(Folder(folder))
        try:
            written_whole(out, lambda draft: draft.write_text(page, encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{out} cannot be written ({error.strerror}).") from error
    say(f"{out} is written, {out.stat().st_size / 1e6:.1f} MB.")


@study.command()
def view(folder: StudyFolder) -> None:
    """Open a study in the browser, as far as it is. Reads its folder only."""
    from core.studies.folder import Folder
    from core.studies.report.page import page_of

    with mistakes_in_words():
        page = page_of(Folder(folder))
    file = Path(tempfile.mkdtemp(prefix="heatcheck-")) / f"{folder.resolve().name}.html"
    file.write_text(page, encoding="utf-8")
    typer.echo(str(file))
    webbrowser.open(file.as_uri())


def follow(asked: core.StudySpec, folder: Folder, device: str, ray: str | None, workers: int | None) -> None:
    """Runs a study behind a bar, and shows the means of each of its parts."""
    from core.studies.evaluation import SummaryReady
    from core.studies.running import PartBegan, UnitMissing

    with mistakes_in_words():
        if workers and not ray:
            raise ValueError("--workers are those of a cluster: add --ray local, auto or an address.")
    found: dict[PartBegan, SummaryReady] = {}
    part = None
    with interruptible(lambda: stopped(folder)), mistakes_in_words(), closing(
        core.stream_study(asked, folder.path, device, ray, workers)
    ) as stream, closing(watched(stream)) as events:  # fmt: skip
        for event in events:
            if isinstance(event, PartBegan):
                part = event
                say(f"{title(part)}: {part.known:,} of {counted(part.pictures, 'picture')} finished before.")
            elif isinstance(event, UnitMissing):
                say(f"{event.unit} failed repeatedly and is missing: {event.error}")
            elif isinstance(event, SummaryReady) and part:
                found[part] = event
    for sentence in so_far(folder):
        say(sentence)
    for part, summary in found.items():
        typer.echo(f"{title(part)}:")
        if summary.accuracy:
            typer.echo(f"{summary.accuracy.words}.")
        for table in means(summary.summary, summary.pictures, width()):
            printed(table)
    if not found:
        raise typer.Exit(FAILED)


def title(part: PartBegan) -> str:
    return f"{part.model}, seed {part.seed}"


def stopped(folder: Folder) -> str:
    """Writes the tables of what is finished, and says how to go on."""
    folder.write_tables()
    return " ".join([*so_far(folder), f"To go on: heatcheck study resume {folder.path}"])


def so_far(folder: Folder) -> Iterator[str]:
    """How much of a study is finished, and where its tables are."""
    from core.studies.folder import CURVES, SCORES

    done, units, _ = folder.standing()
    yield f"{done:,} of {counted(units, 'unit')} finished." if units else f"{counted(done, 'unit')} finished."
    if lost := folder.manifest().get("quarantined"):
        yield f"{counted(len(lost), 'unit')} failed repeatedly and can be tried again by `heatcheck study resume`."
    if (folder.path / SCORES).exists():
        yield f"{SCORES} and {CURVES} are in {folder.path}."


def told(parts: Iterator[PartForecast], workers: int | None) -> Iterator[str]:
    """What each part takes, and all of them together; on that many workers too, if they are given."""
    from core.studies.simulation import simulate

    units = passes = 0
    seconds = spread = 0.0
    for part in parts:
        left = part.pictures - part.finished
        units, passes, seconds = units + left, passes + part.passes, seconds + (part.seconds or 0.0)
        if workers and left and part.seconds:
            spread += simulate(left, [part.seconds / left], workers).seconds
        takes = "none of its pictures can be judged" if part.seconds is None else about(part.seconds)
        work = f"{counted(left, 'unit')}, {counted(part.passes, 'pass', 'passes')}"
        yield f"{part.model}, seed {part.seed}: {work}, {takes}."
    yield (
        f"Together: {counted(units, 'unit')}, {counted(passes, 'pass', 'passes')}, {about(seconds)} by the pace of one "
        "picture for each model. Scores that this machine knows already take no passes."
    )
    if spread:
        yield f"On {counted(workers or 0, 'worker')} of this pace: {about(spread)}, by simulation."
