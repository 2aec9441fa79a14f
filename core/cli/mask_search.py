"""``heatcheck mask-search``: mask search beside RISE and occlusion, and how good each map is after as many passes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import core
from core.cli.options import Device, Imputer, Model, Seed, Steps, interruptible, load, make_folder, mistakes_in_words
from core.cli.reconstruct import check_places, marked
from core.cli.terminal import printed, say, watched

if TYPE_CHECKING:
    from core.studies.search_convergence import MapJudged

COLUMNS = ("arm", "passes", "fidelity", "spread", "insertion", "stamp_distance", "agreement")
CAPTION = (
    "F: area between the curves least and most important first, 0 for a random order, higher is better; in brackets "
    "how far it reaches by chance. Insertion: higher is better. Distance: from the marked pixels, 0 shows only "
    "them, 2 is unrelated. Halves: rank correlation of the maps of two halves of the chains or masks."
)


def mask_search(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, GIF, BMP or TIFF file.")],
    passes: Annotated[
        str, typer.Option(help="Numbers of passes at which the maps are compared, separated by commas.")
    ] = "250,500,1000",
    mask: Annotated[
        Path | None, typer.Option(help="A mask of the picture's size, white where the pixels are known to matter.")
    ] = None,
    target: Annotated[str, typer.Option(help="Class to explain, by label or number; default: the predicted one.")] = "",
    imputer: Imputer = "dataset_mean",
    steps: Steps = 10,
    out: Annotated[Path, typer.Option(help="Folder for the maps and the table.")] = Path("heatcheck_mask_search"),
    model: Model = "efficientnet_lite0",
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Compare mask search with RISE and occlusion after as many passes. Writes quality.csv and a PNG per map."""
    with mistakes_in_words():
        stops = counts(passes)
        check_places(str(picture), mask, "")
        opened = core.open_picture(picture.expanduser())
        make_folder(out)
    judged: list[MapJudged] = []
    with interruptible(lambda: written(judged, out)), mistakes_in_words():
        classifier = load(model, device)
        pixels = classifier.prepare(opened)
        truth = marked(classifier, mask, opened) if mask else None
        stream = core.stream_mask_search(
            classifier, pixels, target or None, stops, seed, imputer=imputer, steps=steps, truth=truth
        )
        collect(stream, pixels[0], judged, out)
    say(written(judged, out))
    printed(as_table(judged))


def counts(listed: str) -> list[int]:
    """The numbers of passes that are listed.

    Raises
    ------
    ValueError
        Where there is none, or one is no whole number.
    """
    numbers = [each.strip() for each in listed.split(",") if each.strip()]
    if not numbers or not all(each.isdecimal() for each in numbers):
        raise ValueError(f"--passes are whole numbers in ascending order, such as 250,1000; got {listed}.")
    return [int(each) for each in numbers]


def collect(stream: Any, pixels: Any, judged: list[MapJudged], out: Path) -> None:
    """Reads the stream behind a bar, says what the probe found, and writes each map as soon as it is there."""
    from core.pictures.rendering import overlay
    from core.studies.search_convergence import MapJudged, MapReached, ProbabilityProbed

    with closing(watched(stream)) as events:
        for event in events:
            match event:
                case ProbabilityProbed(_, _, sentence):
                    say(sentence)
                case MapReached(arm, passes, heatmap):
                    overlay(heatmap.values, pixels, signed=False).save(out / f"{arm}_{passes}.png")
                case MapJudged():
                    judged.append(event)


def written(judged: list[MapJudged], out: Path) -> str:
    """Writes the quality of the maps so far, and says where."""
    from core.studies.table import write_rows

    if not judged:
        return "No map was judged, so no table was written."
    write_rows(([getattr(each, name) for name in COLUMNS] for each in judged), COLUMNS, out / "quality.csv")
    return f"The maps and quality.csv are in {out}."


def as_table(judged: list[MapJudged]) -> Table:
    """A row for every method and number of passes, those of one method together."""
    from core.studies.search_arms import ARMS

    marked = any(each.stamp_distance is not None for each in judged)
    table = Table(
        "Method", "Passes", "F ↑", "Insertion ↑", *(["Distance ↓"] if marked else []), "Halves ↑",
        box=None, pad_edge=False, caption=CAPTION,
    )  # fmt: skip
    for each in sorted(judged, key=lambda each: [*ARMS].index(each.arm)):
        table.add_row(
            ARMS[each.arm],
            f"{each.passes:,}",
            f"{each.fidelity:z.2f} ({each.spread:.2f})",
            f"{each.insertion:.2f}",
            *([in_figures(each.stamp_distance)] if marked else []),
            in_figures(each.agreement),
        )
    return table


def in_figures(value: float | None) -> str:
    """
    >>> in_figures(None), in_figures(0.314)
    ('–', '0.31')
    """
    return "–" if value is None else f"{value:z.2f}"
