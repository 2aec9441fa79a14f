"""``heatcheck reconstruct``: what is salient is hidden and filled many times; is the class still predicted?"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import core
from core.cli.options import (
    QUICK,
    Device,
    Limit,
    Methods,
    Model,
    Seed,
    chosen_methods,
    fitting,
    interruptible,
    load,
    make_folder,
    mistakes_in_words,
    one_of,
)
from core.cli.terminal import printed, say, watched

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from core.generation.reconstruction import ReconstructionReady, VariationsReady
    from core.studies.reconstructions import CurveRow, ReconstructionSummary

RESULTS = (
    "method",
    "region",
    "share",
    "hidden",
    "kept",
    "low",
    "high",
    "confidence",
    "energy",
    "variations",
    "different",
    "prior",
)
CURVES = (
    "method", "region", "share", "hidden", "kept", "kept_low", "kept_high", "confidence", "confidence_low",
    "confidence_high", "energy", "energy_low", "energy_high", "pictures", "prior",
)  # fmt: skip
MARKED = "marked"
BUNDLED, CUTS = ("gallery", "fashion_mnist"), ("area", "threshold")
CAPTION = (
    "Share of the fills that keep the class, with 95 % interval. Random: the same shape elsewhere; inverted: all "
    "else is hidden; unfilled: the mean colour. The energy score of the salient region's fills: lower is better."
)


def reconstruct(
    source: Annotated[str, typer.Argument(help="A picture, a folder, `gallery` or `fashion_mnist`.")],
    methods: Methods = QUICK,
    mask: Annotated[
        Path | None,
        typer.Option(help="For one picture: a mask of its size, white where it is hidden, in place of maps."),
    ] = None,
    shares: Annotated[str, typer.Option(help="Shares hidden, separated by commas.")] = "0.5",
    by: Annotated[
        str, typer.Option(help="area: share of the pixels; threshold: within that share of the map's maximum.")
    ] = "area",
    prior: Annotated[
        str,
        typer.Option(help="A prior by name, or module:function, a function of yours; default: what suits the model."),
    ] = "",
    donors: Annotated[
        str, typer.Option(help="A folder of pictures that fills may come from; default: bundled ones.")
    ] = "",
    variations: Annotated[int, typer.Option(min=1, max=64, help="Fills of each region.")] = 16,
    limit: Limit = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables and sheets.")] = Path("heatcheck_reconstruction"),
    model: Model = "efficientnet_lite0",
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Hide what is salient, fill it many times, and see whether the class is kept.

    Writes results.csv and a sheet per region for one picture, and curves.csv for many.
    """
    with mistakes_in_words():
        one_of(by, "--by", CUTS)
        listed = numbers(shares)
        check_places(source, mask, donors)
        # From here on torch is loaded, which takes seconds.
        names = chosen_methods(methods)
        asked = {"shares": listed, "by": by, "prior": chosen(prior), "variations": variations, "seed": seed}
        make_folder(out)
    if mask or Path(source).expanduser().is_file():
        one_picture(Path(source).expanduser(), names, mask, asked, donors, out, model, device)
    else:
        many_pictures(source, names, methods == "all", asked, donors, limit, out, model, device)


def numbers(listed: str) -> list[float]:
    """The shares that are listed.

    Raises
    ------
    ValueError
        Where there is none, or one is no number from 0 to 1.
    """
    try:
        found = [float(each) for each in listed.split(",") if each.strip()]
    except ValueError:
        found = []
    if not found or not all(0 <= each <= 1 for each in found):
        raise ValueError(f"--shares are numbers from 0 to 1, such as 0.3,0.5; got {listed}.")
    return found


def check_places(source: str, mask: Path | None, donors: str) -> None:
    """Refuses files and folders that are not there.

    Raises
    ------
    ValueError
        With the one that is missing.
    """
    places = [] if source in BUNDLED else [source]
    places += ([str(mask)] if mask else []) + ([donors] if donors and donors not in (*BUNDLED, "patches") else [])
    for place in places:
        if not Path(place).expanduser().exists():
            raise ValueError(f"There is no file or folder {place}. Check the path.")


def chosen(prior: str) -> Any:
    """The prior as the engine takes it: a name, a person's own function, or none."""
    from core.models.own import function_at

    return function_at(prior) if ":" in prior else prior or None


def one_picture(
    source: Path,
    methods: list[str],
    mask: Path | None,
    asked: dict[str, Any],
    donors: str,
    out: Path,
    model: str,
    device: str,
) -> None:
    """The variations of one picture."""
    from core.generation.reconstruction import ReconstructionReady, VariationsReady

    results: dict[Any, ReconstructionReady] = {}
    made: dict[Any, list[VariationsReady]] = defaultdict(list)
    with interruptible(lambda: written(results, out)), mistakes_in_words():
        opened = core.open_picture(source)
        classifier = load(model, device)
        pixels = classifier.prepare(opened)
        maps = (
            {MARKED: marked(classifier, mask, opened)}
            if mask
            else values_of(classifier, pixels, methods, asked["seed"])
        )
        stream = core.stream_reconstruct(classifier, pixels, maps, source=donors or None, origin=source.stem, **asked)
        with closing(watched(stream)) as events:
            for event in events:
                if isinstance(event, VariationsReady):
                    made[event.method, event.share, event.region].append(event)
                elif isinstance(event, ReconstructionReady):
                    key = event.replaces[1:]
                    results[key] = event
                    write_sheet(made[key], event, pixels, out)
    say(written(results, out))
    printed(as_table({key: (one.hidden, one.kept, one.low, one.high, one.energy) for key, one in results.items()}))


def values_of(classifier: core.Classifier, pixels: Tensor, methods: list[str], seed: int) -> dict[str, Tensor]:
    """The maps of the methods that apply, with their progress."""
    names = fitting(classifier, methods)
    if not names:
        raise ValueError(f"None of {', '.join(methods)} applies to {classifier.title}; see `heatcheck methods`.")
    with closing(watched(core.stream_heatmaps(classifier, pixels, names, seed=seed))) as events:
        ready = [event.heatmap for event in events if isinstance(event, core.HeatmapReady) and event.final]
    return {heatmap.method: heatmap.values for heatmap in ready}


def marked(classifier: core.Classifier, mask: Path, picture: Image.Image) -> Tensor:
    """The hole that a mask marks, cropped as the classifier crops the picture.

    Raises
    ------
    ValueError
        Where the mask has another size than the picture, or marks nothing that the model sees.
    """
    opened = core.open_picture(mask)
    if opened.size != picture.size:
        (width, height), (own_width, own_height) = picture.size, opened.size
        raise ValueError(
            f"The mask has {own_width} × {own_height} pixels and the picture {width} × {height}; --mask needs one "
            "of the picture's size."
        )
    hole: Tensor = classifier.prepare(opened)[0].mean(dim=0).cpu() >= 0.5
    if not hole.any():
        raise ValueError(
            "The mask marks nothing in the part of the picture that the model sees; paint white what is to be hidden."
        )
    return hole


def write_sheet(made: list[VariationsReady], result: ReconstructionReady, pixels: Tensor, out: Path) -> None:
    """A region's contact sheet of its variations so far, the most confident that keep the class first."""
    from core.generation.sheet import contact_sheet

    sheet = contact_sheet(made, result.order, pixels)
    sheet.save(out / f"{result.method}_{result.region}_{asked_for(result)}.png")


def asked_for(result: ReconstructionReady) -> str:
    """The share in a sheet's name: as it was asked for, and of a mask, which has some exact one, in percent."""
    return f"{result.hidden:.0%}".replace("%", "_percent") if result.method == MARKED else f"{result.share:g}"


def written(results: dict[Any, ReconstructionReady], out: Path) -> str:
    """Writes the results so far, and says where they and the sheets are."""
    from core.studies.table import write_rows

    if not results:
        return "No region was filled, so nothing was written."
    rows = ([getattr(each, name) for name in RESULTS] for each in results.values())
    write_rows(rows, RESULTS, out / "results.csv")
    return f"The sheets and results.csv are in {out}."


def many_pictures(
    source: str,
    methods: list[str],
    every: bool,
    asked: dict[str, Any],
    donors: str,
    limit: int | None,
    out: Path,
    model: str,
    device: str,
) -> None:
    """The curves over many pictures."""
    from core.studies.reconstructions import ReconstructionSummary

    found: list[ReconstructionSummary] = []
    with interruptible(lambda: written_curves(found, out)), mistakes_in_words():
        classifier = load(model, device)
        names = fitting(classifier, methods) if every else methods
        stream = core.stream_reconstructions(classifier, source, names, limit=limit, donors=donors or None, **asked)
        with closing(watched(stream)) as events:
            found += (event for event in events if isinstance(event, ReconstructionSummary))
    say(written_curves(found, out))
    rows = found[-1].rows if found else ()
    printed(
        as_table({(row.method, row.share, row.region): (row.hidden, *row.kept[:3], row.energy.mean) for row in rows})
    )


def written_curves(found: list[ReconstructionSummary], out: Path) -> str:
    """Writes the latest curves, and says where."""
    from core.studies.table import write_rows

    if not found or not found[-1].rows:
        return "No picture was reconstructed, so nothing was written."
    write_rows([curve_row(row, found[-1].prior) for row in found[-1].rows], CURVES, out / "curves.csv")
    return f"curves.csv of {found[-1].pictures} pictures is in {out}."


def curve_row(row: CurveRow, prior: str) -> list[object]:
    """A row of the table of curves."""
    figures = [number for each in (row.kept, row.confidence, row.energy) for number in each[:3]]
    return [row.method, row.region, row.share, row.hidden, *figures, row.kept.n, prior]


def as_table(found: dict[Any, tuple[Any, ...]]) -> Table:
    """A row for every method and share, a column for each region.

    Parameters
    ----------
    found
        By method, share and region: the share of the pixels that is hidden, the share kept with its interval, and the
        energy score.
    """
    from core.generation.hidden import REGIONS

    labels = {entry.name: entry.label for entry in core.list_methods()}
    table = Table("Method", "Hidden", *REGIONS, "Energy", box=None, pad_edge=False, caption=CAPTION)
    for method, share in dict.fromkeys(key[:2] for key in found):
        cells = [in_words(found.get((method, share, region))) for region in REGIONS]
        hidden, *_, energy = found[method, share, "salient"]
        score = "–" if energy is None or isnan(energy) else f"{energy:.2f}"
        table.add_row(labels.get(method, method), f"{100 * hidden:.3g} %", *cells, score)
    return table


def in_words(one: tuple[Any, ...] | None) -> str:
    """A share with its interval."""
    if one is None:
        return "–"
    _, kept, low, high, _ = one
    return f"{kept:.2f}" + ("" if isnan(low) else f" [{low:.2f}, {high:.2f}]")
