"""Labels that a person gave to pictures: by the folders they lie in, in a table, or in their names."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from core.pictures.annotations import read
from core.pictures.opening import PictureError

FOLDERS, NAMES = "folders", "names"
LabelSource = str | Path | Mapping[str, str]
"""``folders``: a folder of folders, one for each class; ``names``: the file name up to a number at its end; the path of
a CSV file; or a label for each picture's name."""

FILE_COLUMNS = ("file", "filename", "file_name", "image", "picture", "path", "name", "image_id", "id")
LABEL_COLUMNS = ("label", "class", "class_name", "category", "target", "label_name", "y")
OF_PICTURES = ("images",)
"""Folders that keep pictures apart from annotations, and say nothing of a class."""


def given_labels(pictures: Sequence[str], source: LabelSource) -> dict[str, str]:
    """The label of each picture that has one, by the picture's name.

    Raises
    ------
    ValueError
        Where none has one, or a table cannot be read.
    """
    if isinstance(source, Mapping):
        found = {name: str(source[name]) for name in pictures if name in source}
    elif source == FOLDERS:
        found = {name: label for name in pictures if (label := folder_of(name))}
    elif source == NAMES:
        found = {name: label for name in pictures if (label := start_of(name))}
    else:
        found = listed(pictures, Path(source).expanduser())
    if not found:
        raise ValueError(f"None of the pictures has a label. {way_out(source)}")
    return found


def way_out(source: LabelSource) -> str:
    """What would give the pictures labels."""
    if isinstance(source, Mapping):
        return "Use the pictures' names as a study lists them."
    if source == FOLDERS:
        return "Put them into a folder for each class, called like the class."
    if source == NAMES:
        return "Begin each file name with the label, as in tiger_cat_03.jpg."
    return "List each file with its label, as in a.jpg,tiger cat."


def folder_of(name: str) -> str:
    """The folder that a picture lies in; empty for one at the top.

    >>> folder_of("val/tiger cat/a.jpg"), folder_of("tiger cat/images/a.jpg"), folder_of("a.jpg")
    ('tiger cat', 'tiger cat', '')
    """
    folders = [part for part in PurePosixPath(name).parent.parts if part.lower() not in OF_PICTURES]
    return folders[-1] if folders else ""


def start_of(name: str) -> str:
    """A file's name up to a number at its end.

    >>> start_of("sub/tiger_cat_03.jpg"), start_of("cup (2).png"), start_of("7-0012.png"), start_of("12.png")
    ('tiger_cat', 'cup', '7', '')
    """
    stem = PurePosixPath(name).stem
    return re.sub(r"[\W_]*\d+[\W_]*$", "", stem)


def listed(pictures: Sequence[str], table: Path) -> dict[str, str]:
    """The labels of a table, whose files may be listed without their folders or endings, or with further folders.

    Raises
    ------
    ValueError
        Where it cannot be read, lists a file with two labels, or lists one that may be either of two pictures.
    """
    by_file = labels_by_file(table)
    names = names_in(by_file, pictures)
    for name, count in Counter(names.values()).items():
        if count > 1:
            one, other = [picture for picture in names if names[picture] == name][:2]
            raise ValueError(f"{table.name} lists {name}, which may be {one} or {other}. List it with its folder.")
    return {picture: by_file[name] for picture, name in names.items()}


def labels_by_file(table: Path) -> dict[str, str]:
    """The label of each file of a table; a file whose label is empty has none.

    Raises
    ------
    ValueError
        Where the table cannot be read, or lists a file with two labels.
    """
    by_file: dict[str, str] = {}
    for file, label in rows_of(table):
        if label and by_file.setdefault(file, label) != label:
            raise ValueError(f"{table.name} lists {file} as {by_file[file]!r} and as {label!r}. Leave one of them.")
    return by_file


def names_in(files: Collection[str], pictures: Iterable[str]) -> dict[str, str]:
    """How a table calls each picture that it lists."""
    ends = by_end(files)
    names: dict[str, str] = {}
    for picture in pictures:
        name = next((each for each in ways_to_list(picture) if each in files), ends.get(picture))
        if name:
            names[picture] = name
    return names


def listed_in_vain(pictures: Iterable[str], source: LabelSource) -> list[str]:
    """The files that a table lists and that are none of these pictures; no other source lists any.

    Raises
    ------
    ValueError
        As :func:`listed`.
    """
    if isinstance(source, Mapping) or source in (FOLDERS, NAMES):
        return []
    by_file = labels_by_file(Path(source).expanduser())
    found = set(names_in(by_file, pictures).values())
    return [file for file in by_file if file not in found]


def by_end(files: Iterable[str]) -> dict[str, str]:
    """Listed files by what their paths end with, where that is the end of one only.

    >>> by_end(["data/a.jpg", "x/b.jpg", "y/b.jpg"])
    {'a.jpg': 'data/a.jpg'}
    """
    ends = [
        (PurePosixPath(*parts[at:]).as_posix(), file)
        for file in files
        if (parts := PurePosixPath(file).parts)
        for at in range(1, len(parts))
    ]
    counts = Counter(end for end, _ in ends)
    return {end: file for end, file in ends if counts[end] == 1}


def ways_to_list(picture: str) -> Iterator[str]:
    """How a table may call a picture, the most exact first.

    >>> list(ways_to_list("val/a.jpg"))
    ['val/a.jpg', 'val/a', 'a.jpg', 'a']
    """
    parts = PurePosixPath(picture).parts
    for start in range(len(parts)):
        whole = PurePosixPath(*parts[start:])
        yield from (whole.as_posix(), whole.with_suffix("").as_posix())


def rows_of(table: Path) -> Iterator[tuple[str, str]]:
    """File and label of each row: in columns that are called so, or in the only two.

    Raises
    ------
    ValueError
        Where there are no two columns, or it is unclear which of them are meant.
    """
    try:
        lines = [line for line in read(table).splitlines() if line.strip()]
    except PictureError as error:
        raise ValueError(str(error)) from None
    first = lines[0] if lines else ""
    rows = list(csv.reader(lines, delimiter=max(",;\t", key=first.count)))
    if not rows or len(rows[0]) < 2:
        raise ValueError(f"{table.name} has no two columns. List each file with its label, as in a.jpg,tiger cat.")
    heads = [head.strip().lower() for head in rows[0]]
    file, label = column(heads, FILE_COLUMNS), column(heads, LABEL_COLUMNS)
    headed = file is not None and label is not None
    if not headed and (len(heads) > 2 or file is not None or label is not None):
        raise ValueError(
            f"{table.name} has the columns {', '.join(rows[0])}; which has the file and which the label is unclear. "
            "Call them file and label."
        )
    for row in rows[1:] if headed else rows:
        cells = [cell.strip() for cell in row]
        of_file, of_label = (file or 0, label or 0) if headed else (0, 1)
        if len(cells) <= max(of_file, of_label):
            raise ValueError(f"{table.name}: {','.join(row)[:60]!r} has no label. Give each file one.")
        yield cells[of_file].replace("\\", "/").removeprefix("./"), cells[of_label]


def column(heads: Sequence[str], known: Iterable[str]) -> int | None:
    """The place of the first of the known heads that there is."""
    return next((heads.index(head) for head in known if head in heads), None)
