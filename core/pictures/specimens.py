"""The pictures of a study, each with the truth that lies beside it; no picture is opened before it is needed."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from PIL import Image

from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.opening import PictureError, decoded, open_picture, rgb
from core.pictures.rendering import to_picture
from core.pictures.truths import Listed, Truth, draw_coco, draw_mask, draw_yolo, is_yolo, read_coco

ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"))
Coco = dict[PurePosixPath, Listed]


@dataclass(frozen=True)
class Specimen:
    """One picture of a study.

    Parameters
    ----------
    name
        Its own among the study's pictures.
    open
        Gives the picture, or raises PictureError with the reason why not.
    truth
        What a person marked on it; None where nobody did.
    """

    name: str
    open: Callable[[], Image.Image]
    truth: Truth | None = None


def collect_specimens(
    source: str | os.PathLike[str] | Image.Image | Sequence[Any], dataset: str = "imagenet"
) -> list[Specimen]:
    """The pictures of a source, in an order that does not change, each with what was marked on it.

    Boxes of all classes count as marked; keep those of the class in question where only they should. A text beside a
    picture is a label file of YOLO where its first line is a box or an outline, and a caption or a note otherwise; in a
    folder ``labels`` it always is one.

    Parameters
    ----------
    source
        A folder, searched with all that is below it; a picture; a COCO file, for the pictures that it lists;
        ``"gallery"``; ``"fashion_mnist"``, the 1,000 bundled test pictures, classes in turn; or a list of paths and
        PIL pictures, or a data set that gives tuples with the picture first.
    dataset
        What the classifier was trained on; of the gallery those pictures are taken that suit it.

    Raises
    ------
    ValueError
        Where there is no picture, or what should be a COCO file is no JSON.
    """
    if isinstance(source, str) and source == "gallery":
        found = [Specimen(each.name, partial(open_picture, each.path)) for each in gallery() if each.suits == dataset]
    elif isinstance(source, str) and source == "fashion_mnist":
        found = [Specimen(f"fashion_mnist {place:03}", partial(open_bundled, place)) for place in range(1000)]
    elif isinstance(source, Image.Image):
        found = in_sequence([source])
    elif isinstance(source, str | os.PathLike):
        found = at_path(Path(source).expanduser())
    else:
        found = in_sequence(source)
    if not found:
        raise ValueError(f"There is no picture in {source}. {', '.join(sorted(ENDINGS))} are read.")
    return found


def open_bundled(place: int) -> Image.Image:
    """One of the bundled test pictures of Fashion-MNIST."""
    return to_picture(fashion_mnist("test").pixels[place])


def at_path(path: Path) -> list[Specimen]:
    """The pictures of a folder or of a COCO file, or the one picture that the path leads to."""
    if path.is_dir():
        files = list(files_below(path))
        return with_truths(path, files, list(tables_among(files, path)))
    if not path.is_file():
        raise ValueError(f"There is no folder and no picture at {path}. Check the path.")
    if path.suffix.lower() != ".json":
        return with_truths(path.parent, [path], [])
    home, listed = home_of(path), read_coco(path)
    pictures = [file for file in files_below(home) if entry(file.relative_to(home), listed)]
    return with_truths(home, pictures, [(home, listed)])


def tables_among(files: Sequence[Path], folder: Path) -> Iterator[tuple[Path, Coco]]:
    """What the COCO files among a folder's files list, each with the folder whose pictures it may list.

    Raises
    ------
    ValueError
        Where one is no JSON that is clearly meant for pictures here: it is called annotations, or is the only JSON at
        the top.
    """
    pictures = [file for file in files if file.suffix.lower() in ENDINGS]
    own = {file.with_suffix("") for file in pictures}
    # What is named like a picture beside it belongs to that picture alone.
    tables = [file for file in files if file.suffix.lower() == ".json" and file.with_suffix("") not in own]
    at_top = [table for table in tables if table.parent == folder]
    for table in tables:
        home = home_of(table)
        try:
            yield home, read_coco(table)
        except ValueError:
            meant = table.parent.name == "annotations" or "annotations" in table.stem or at_top == [table]
            if meant and any(picture.is_relative_to(home) for picture in pictures):
                raise


def files_below(folder: Path) -> Iterator[Path]:
    """Every file of a folder and of those in it, sorted; what is hidden is left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def home_of(table: Path) -> Path:
    """The folder whose pictures a COCO file may list: its own, or the one that its ``annotations`` belong to."""
    return table.parent.parent if table.parent.name == "annotations" else table.parent


def with_truths(folder: Path, files: Iterable[Path], tables: Sequence[tuple[Path, Coco]]) -> list[Specimen]:
    """The pictures among the files, named from the folder on, each with its truth; masks are no pictures."""
    pictures = [file for file in files if file.suffix.lower() in ENDINGS]
    masks = {picture: mask_of(picture) for picture in pictures}
    taken = {mask for mask in masks.values() if mask}
    mask_folders = {mask.parent for mask in taken if mask.parent.name == "masks"}
    return [
        Specimen(
            picture.relative_to(folder).as_posix(),
            partial(open_picture, picture),
            truth_of(picture, masks[picture], tables),
        )
        for picture in pictures
        if picture not in taken and picture.parent not in mask_folders
    ]


def truth_of(picture: Path, mask: Path | None, tables: Sequence[tuple[Path, Coco]]) -> Truth | None:
    """What was marked on a picture, the most exact first: a mask, what a COCO file lists, a label file of YOLO."""
    if mask:
        return Truth(partial(draw_mask, mask, picture))
    for home, listed in tables:
        found = entry(picture.relative_to(home), listed) if picture.is_relative_to(home) else None
        if found:
            return Truth(partial(draw_coco, found, picture))
    label = label_of(picture)
    return Truth(partial(draw_yolo, label, picture)) if label else None


def mask_of(picture: Path) -> Path | None:
    """The mask that belongs to a picture: ``x_mask.png`` beside it, or ``x.png`` in a folder ``masks``."""
    name = f"{picture.stem}.png"
    return first_file(
        picture.with_name(f"{picture.stem}_mask.png"),
        picture.parent / "masks" / name,
        *(folder / name for folder in side_by_side(picture.parent, "masks")),
    )


def label_of(picture: Path) -> Path | None:
    """The label file of YOLO that belongs to a picture: beside it, or in ``labels`` as the picture in ``images``."""
    name = f"{picture.stem}.txt"
    beside = picture.with_name(name)
    return beside if is_yolo(beside) else first_file(*(each / name for each in side_by_side(picture.parent, "labels")))


def first_file(*candidates: Path) -> Path | None:
    return next((path for path in candidates if path.is_file()), None)


def side_by_side(folder: Path, name: str) -> Iterator[Path]:
    """The folder whose place below ``name`` is that of this one below ``images``.

    >>> [place.as_posix() for place in side_by_side(Path("/set/images/val"), "labels")]
    ['/set/labels/val']
    """
    parts = folder.absolute().parts
    if "images" in parts:
        last = len(parts) - 1 - parts[::-1].index("images")
        yield Path(*parts[:last], name, *parts[last + 1 :])


def entry(picture: PurePath, listed: Coco) -> Listed | None:
    """What is listed of a picture, whose name may be written there without the first of its folders."""
    parts = picture.parts
    names = (PurePosixPath(*parts[start:]) for start in range(len(parts)))
    return next((listed[name] for name in names if name in listed), None)


def in_sequence(items: Sequence[Any]) -> list[Specimen]:
    """The pictures of a list, or of a data set, of which no item is asked for before it is opened."""
    if not hasattr(items, "__len__") or not hasattr(items, "__getitem__"):
        raise ValueError(f"Pictures come from a folder, a list or a data set; {type(items).__name__} is none of these.")
    width = len(str(len(items)))
    numbered = [Specimen(f"picture {place:0{width}}", partial(open_item, items, place)) for place in range(len(items))]
    if not isinstance(items, list | tuple):
        return numbered
    paths = {place: Path(item).expanduser() for place, item in enumerate(items) if isinstance(item, str | os.PathLike)}
    folder = os.path.commonpath([path.absolute().parent for path in paths.values()]) if paths else ""
    for place, path in paths.items():
        named = path.absolute().relative_to(folder).as_posix()
        numbered[place] = Specimen(named, partial(open_picture, path), truth_of(path, mask_of(path), ()))
    return with_own_names(numbered)


def with_own_names(specimens: Iterable[Specimen]) -> list[Specimen]:
    """The same, a name that comes again being numbered."""
    seen: Counter[str] = Counter()
    named = []
    for each in specimens:
        seen[each.name] += 1
        named.append(replace(each, name=f"{each.name} ({seen[each.name]})") if seen[each.name] > 1 else each)
    return named


def open_item(items: Sequence[Any], place: int) -> Image.Image:
    """The picture at that place of a list or data set."""
    try:
        item = items[place]
    except Exception as error:  # a data set may fail with whatever it stumbles over
        raise PictureError(f"The data set can't give item {place} ({error}). Repair or leave it out.") from error
    picture = item[0] if isinstance(item, tuple) else item
    if isinstance(picture, Image.Image):
        return rgb(decoded(picture))
    if isinstance(picture, str | os.PathLike | bytes):
        return open_picture(picture)
    raise PictureError(
        f"Item {place} is of type {type(picture).__name__}. A study takes paths and PIL pictures; "
        "use a data set without a transform, since the classifier resizes and crops."
    )
