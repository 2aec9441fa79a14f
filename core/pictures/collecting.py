"""The pictures of a study, each with its annotations; no picture is opened before it is needed."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from PIL import Image

from core.pictures.annotations import Listed, Truth, draw_coco, draw_mask, read_coco
from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.opening import PictureError, decoded, looks_like_a_picture, open_picture, rgb
from core.pictures.rendering import to_picture
from core.pictures.yolo import draw_yolo, is_yolo

ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"))
UNREAD = frozenset((".heic", ".heif", ".avif"))
"""Pictures that phones take and HeatCheck does not read: a study names them instead of passing over them."""

Coco = dict[PurePosixPath, Listed]


@dataclass(frozen=True)
class StudyPicture:
    """One picture of a study.

    Parameters
    ----------
    name
        Unique among the study's pictures.
    open
        Returns the picture, or raises PictureError with the reason why not.
    truth
        What a person marked on it; None where nobody did.
    title
        What a person reads in place of a name that is only a file's; empty elsewhere.
    """

    name: str
    open: Callable[[], Image.Image]
    truth: Truth | None = None
    title: str = ""

    @property
    def called(self) -> str:
        """What a person reads of it."""
        return self.title or self.name


def collect_pictures(
    source: str | os.PathLike[str] | Image.Image | Sequence[Any], dataset: str = "imagenet"
) -> list[StudyPicture]:
    """The pictures of a source, in a fixed order, each with its annotations.

    Boxes of all classes count as marked; include only the class in question where only that one should count. A text
    file beside a picture is a YOLO label file if its first line is a box or an outline, and otherwise a caption or a
    note; in a folder ``labels`` it always is a label file.

    Parameters
    ----------
    source
        A folder, searched recursively; a picture; a COCO file, for the pictures that it lists; ``"gallery"``;
        ``"fashion_mnist"``, the 1,000 bundled test pictures, cycling through the classes; or a list of paths and PIL
        pictures, or a data set of tuples with the picture first.
    dataset
        The classifier's training data; the gallery is limited to pictures that suit it.

    Raises
    ------
    ValueError
        Where there is no picture, or a supposed COCO file is not valid JSON.
    """
    if isinstance(source, str) and source == "gallery":
        found = [
            StudyPicture(each.name, partial(open_picture, each.path), title=each.title)
            for each in gallery()
            if each.suits == dataset
        ]
    elif isinstance(source, str) and source == "fashion_mnist":
        found = [StudyPicture(f"fashion_mnist {place:03}", partial(open_bundled, place)) for place in range(1000)]
    elif isinstance(source, Image.Image):
        found = in_sequence([source])
    elif isinstance(source, str | os.PathLike):
        found = at_path(Path(source).expanduser())
    else:
        found = in_sequence(source)
    if not found:
        raise ValueError(f"There is no picture in {source}. Supported files: {', '.join(sorted(ENDINGS))}.")
    return found


def open_bundled(place: int) -> Image.Image:
    """One of the bundled test pictures of Fashion-MNIST."""
    return to_picture(fashion_mnist("test").pixels[place])


def at_path(path: Path) -> list[StudyPicture]:
    """The pictures of a folder or of a COCO file, or the one picture at the path."""
    if path.is_dir():
        files = list(files_below(path))
        return with_truths(path, files, list(tables_among(files, path)))
    if not path.is_file():
        raise ValueError(f"There is neither a folder nor a picture at {path}. Check the path.")
    if path.suffix.lower() != ".json":
        return with_truths(path.parent, [path], [])
    home, listed = home_of(path), read_coco(path)
    pictures = [file for file in files_below(home) if entry(file.relative_to(home), listed)]
    return with_truths(home, pictures, [(home, listed)])


def tables_among(files: Sequence[Path], folder: Path) -> Iterator[tuple[Path, Coco]]:
    """The entries of COCO files among a folder's files, each with the folder whose pictures they may describe.

    Raises
    ------
    ValueError
        Where a file clearly meant for pictures here is not valid JSON: it is called annotations, or is the only JSON
        file at the top level.
    """
    pictures = [file for file in files if file.suffix.lower() in ENDINGS]
    own = {file.with_suffix("") for file in pictures}
    # A file named like a picture beside it belongs to that picture alone.
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
    """Every file of a folder and its subfolders, sorted; hidden files are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def home_of(table: Path) -> Path:
    """The folder whose pictures a COCO file may describe: its own, or the parent of its ``annotations`` folder."""
    return table.parent.parent if table.parent.name == "annotations" else table.parent


def with_truths(folder: Path, files: Iterable[Path], tables: Sequence[tuple[Path, Coco]]) -> list[StudyPicture]:
    """The pictures among the files, named relative to the folder, each with its annotations; masks are not pictures."""
    pictures = [file for file in files if is_picture(file)]
    masks = {picture: mask_of(picture) for picture in pictures}
    taken = {mask for mask in masks.values() if mask}
    mask_folders = {mask.parent for mask in taken if mask.parent.name == "masks"}
    return [
        StudyPicture(
            picture.relative_to(folder).as_posix(),
            partial(open_picture, picture),
            truth_of(picture, masks[picture], tables),
        )
        for picture in pictures
        if picture not in taken and picture.parent not in mask_folders
    ]


def is_picture(file: Path) -> bool:
    """Whether a file is a picture by its ending, or without one by how it begins."""
    ending = file.suffix.lower()
    return ending in ENDINGS | UNREAD or (not ending and looks_like_a_picture(file))


def truth_of(picture: Path, mask: Path | None, tables: Sequence[tuple[Path, Coco]]) -> Truth | None:
    """A picture's annotation, the most precise first: a mask, a COCO entry, a YOLO label file."""
    if mask:
        return Truth(partial(draw_mask, mask, picture))
    for home, listed in tables:
        found = entry(picture.relative_to(home), listed) if picture.is_relative_to(home) else None
        if found:
            return Truth(partial(draw_coco, found, picture))
    label = label_of(picture)
    return Truth(partial(draw_yolo, label, picture)) if label else None


def mask_of(picture: Path) -> Path | None:
    """The mask of a picture: ``x_mask.png`` beside it, or ``x.png`` in a folder ``masks``."""
    name = f"{picture.stem}.png"
    return first_file(
        picture.with_name(f"{picture.stem}_mask.png"),
        picture.parent / "masks" / name,
        *(folder / name for folder in side_by_side(picture.parent, "masks")),
    )


def label_of(picture: Path) -> Path | None:
    """The YOLO label file of a picture: beside it, or in ``labels`` parallel to ``images``."""
    name = f"{picture.stem}.txt"
    beside = picture.with_name(name)
    return beside if is_yolo(beside) else first_file(*(each / name for each in side_by_side(picture.parent, "labels")))


def first_file(*candidates: Path) -> Path | None:
    return next((path for path in candidates if path.is_file()), None)


def side_by_side(folder: Path, name: str) -> Iterator[Path]:
    """The folder below ``name`` that is parallel to this one below ``images``.

    >>> [place.as_posix() for place in side_by_side(Path("/set/images/val"), "labels")]
    ['/set/labels/val']
    """
    parts = folder.absolute().parts
    if "images" in parts:
        last = len(parts) - 1 - parts[::-1].index("images")
        yield Path(*parts[:last], name, *parts[last + 1 :])


def entry(picture: PurePath, listed: Coco) -> Listed | None:
    """The entry for a picture, whose name may be listed without its first folder."""
    parts = picture.parts
    names = (PurePosixPath(*parts[start:]) for start in range(len(parts)))
    return next((listed[name] for name in names if name in listed), None)


def in_sequence(items: Sequence[Any]) -> list[StudyPicture]:
    """The pictures of a list or of a data set; no item is read before it is opened."""
    if not hasattr(items, "__len__") or not hasattr(items, "__getitem__"):
        raise ValueError(f"Pictures come from a folder, a list or a data set, not from {type(items).__name__}.")
    width = len(str(len(items)))
    numbered = [
        StudyPicture(f"picture {place:0{width}}", partial(open_item, items, place)) for place in range(len(items))
    ]
    if not isinstance(items, list | tuple):
        return numbered
    paths = {place: Path(item).expanduser() for place, item in enumerate(items) if isinstance(item, str | os.PathLike)}
    folder = os.path.commonpath([path.absolute().parent for path in paths.values()]) if paths else ""
    for place, path in paths.items():
        named = path.absolute().relative_to(folder).as_posix()
        numbered[place] = StudyPicture(named, partial(open_picture, path), truth_of(path, mask_of(path), ()))
    return with_own_names(numbered)


def with_own_names(pictures: Iterable[StudyPicture]) -> list[StudyPicture]:
    """The same, with repeated names numbered."""
    seen: Counter[str] = Counter()
    named = []
    for each in pictures:
        seen[each.name] += 1
        named.append(replace(each, name=f"{each.name} ({seen[each.name]})") if seen[each.name] > 1 else each)
    return named


def open_item(items: Sequence[Any], place: int) -> Image.Image:
    """The picture at that position of a list or data set."""
    try:
        item = items[place]
    except Exception as error:  # a data set may raise anything
        raise PictureError(
            f"The data set failed at item {place} ({error}). Repair the item or leave it out."
        ) from error
    picture = item[0] if isinstance(item, tuple) else item
    if isinstance(picture, Image.Image):
        return rgb(decoded(picture))
    if isinstance(picture, str | os.PathLike | bytes):
        return open_picture(picture)
    raise PictureError(
        f"Item {place} is of type {type(picture).__name__}. A study needs paths or PIL pictures; "
        "use a data set without a transform, since the classifier resizes and crops."
    )
