"""Folders that people uploaded: on disk as long as somebody uses them, within limits."""

import hashlib
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.pictures.collecting import ENDINGS, UNREAD, StudyPicture, collect_pictures
from dashboard.library.absence import NotThere
from dashboard.library.kept import Extent, Kept, megabytes

SHARE, WHOLE = Extent(4, 512 * 2**20), Extent(16, 2**30)
MOST_BYTES_OF_JSON = 32 * 2**20
MOST_FILES = 5000
LONGEST_NAME = 100
TABLE = ".csv"
BESIDE_PICTURES = {".txt", ".json", TABLE}
"""YOLO's and COCO's boxes, and labels; masks are pictures themselves."""


class FolderGone(NotThere):
    """The address names a folder that is no longer kept."""


class Place:
    """A new folder on the disk, gone with its files when nobody holds this any more.

    Raises
    ------
    ValueError
        Where the disk has no room.
    """

    def __init__(self) -> None:
        try:
            self.path = Path(tempfile.mkdtemp(prefix="heatcheck-"))
        except OSError as error:
            raise ValueError(f"This server cannot store a folder now ({error.strerror}). Tell its owner.") from None
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class Folder:
    """What was kept of an upload; on the disk as long as somebody holds it, as a study does that reads it.

    Parameters
    ----------
    digest
        Of the files that were kept, in whatever order they came.
    pictures
        The names of those that a study finds in it; masks are none.
    marked
        Whether the truth lies beside any of them.
    refused
        In words, what was not kept.
    tables
        The names of files that may have labels.
    """

    place: Place
    digest: str
    title: str
    files: int
    size: int
    pictures: tuple[str, ...]
    marked: bool
    refused: tuple[str, ...]
    tables: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return self.place.path


folders = Kept[Folder](
    "uploaded folders",
    SHARE,
    WHOLE,
    lambda: FolderGone("This uploaded folder is no longer kept here. Upload it again, or choose another."),
)


def write_folder(files: Iterable[tuple[str, bytes]]) -> Folder:
    """Writes those files that a study can use; the others are named with the reason.

    Raises
    ------
    ValueError
        Where no picture is left, or there is no room; nothing is kept then.
    """
    place, digests, refused, size = Place(), list[bytes](), list[str](), 0
    names: list[PurePosixPath] = []
    for name, content in files:
        inside = safe_path(name)
        reason = why_not(inside, len(content), len(names), size + len(content))
        if reason := reason or why_not_written(place.path / inside, content):
            refused.append(f"{name}: {reason}")
            continue
        names.append(inside)
        size += len(content)
        digests.append(hashlib.sha256(f"{inside}\n".encode() + content).digest())
    if not names:
        raise ValueError(" ".join(refused) or "There is no file in this folder.")
    pictures = found_in(place.path)
    marked = any(picture.truth for picture in pictures)
    title, found = common_folder(names), tuple(picture.name for picture in pictures)
    tables = tuple(name.as_posix() for name in names if name.suffix.lower() == TABLE)
    digest = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
    return Folder(place, digest, title, len(names), size, found, marked, tuple(refused), tables)


def safe_path(name: str) -> PurePosixPath:
    r"""Where a file goes inside its folder, whatever its name says.

    >>> safe_path("../shop\\a  b/:cat?.png")
    PurePosixPath('shop/a  b/_cat_.png')
    """
    parts = [re.sub(r"[^\w .()+-]", "_", part).strip() for part in re.split(r"[\\/]", name)]
    kept = [part for part in parts if part.strip(". ")]
    return PurePosixPath(*kept) if kept else PurePosixPath("unnamed")


def why_not(inside: PurePosixPath, size: int, files: int, written: int) -> str:
    """Why a file of that size is not taken beside the others; nothing where it is."""
    if inside.suffix.lower() in UNREAD:
        return "HEIC and AVIF pictures are not read. Convert it to PNG or JPEG."
    if inside.suffix.lower() not in ENDINGS | BESIDE_PICTURES:
        return "this is neither a picture nor an annotation file."
    if max(map(len, inside.parts)) > LONGEST_NAME:
        return f"names are limited to {LONGEST_NAME} characters. Shorten it."
    if inside.suffix.lower() in (".json", TABLE) and size > MOST_BYTES_OF_JSON:
        return f"annotation files are limited to {MOST_BYTES_OF_JSON // 2**20} MB. Leave out other pictures' boxes."
    if files >= MOST_FILES:
        return f"folders are limited to {MOST_FILES:,} files."
    if written > SHARE.size:
        return f"folders are limited to {megabytes(SHARE)} MB."
    return ""


def why_not_written(target: Path, content: bytes) -> str:
    """Writes a file, or says why it cannot be written; empty where it was."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except (FileExistsError, NotADirectoryError):
        return "another file has the same name, since characters like ? and * become _. Rename it."
    except OSError as error:
        with suppress(OSError):
            target.unlink()
        return f"it cannot be written ({error.strerror})."
    return ""


def found_in(folder: Path) -> list[StudyPicture]:
    """The pictures that a study finds there.

    Raises
    ------
    ValueError
        Where there is none, or a file of boxes can't be read; no address of this server is told.
    """
    try:
        return collect_pictures(folder)
    except ValueError as error:
        reason = str(error).replace(f"{folder}/", "").replace(str(folder), "this folder")
        raise ValueError(reason) from None


def common_folder(names: Iterable[PurePosixPath]) -> str:
    """What the upload is called: the folder that all of it lies in.

    >>> common_folder([PurePosixPath("shop/a.png"), PurePosixPath("shop/labels/a.txt")])
    'shop'
    """
    first = {path.parts[0] if len(path.parts) > 1 else "" for path in names}
    return next(iter(first)) or "uploaded folder" if len(first) == 1 else "uploaded folder"
