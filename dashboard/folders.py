"""Folders that people uploaded: on disk as long as somebody holds them, within bounds."""

import hashlib
import re
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.pictures.specimens import ENDINGS, Specimen, collect_specimens

MOST_FOLDERS = 8
MOST_BYTES = 512 * 2**20
MOST_BYTES_OF_ALL = 2**30
MOST_BYTES_OF_JSON = 32 * 2**20
MOST_FILES = 5000
LONGEST_NAME = 100
BESIDE_PICTURES = {".txt", ".json"}
"""YOLO's and COCO's boxes; masks are pictures themselves."""


class FolderGone(Exception):
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
            raise ValueError(f"This server can't keep a folder now ({error.strerror}). Tell who runs it.") from None
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class Folder:
    """What was kept of an upload, as long as somebody holds it.

    Parameters
    ----------
    pictures
        How many a study finds in it; masks are none.
    marked
        Whether the truth lies beside any of them.
    refused
        In words, what was not kept.
    """

    place: Place
    title: str
    files: int
    size: int
    pictures: int
    marked: bool
    refused: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.place.path


@dataclass
class Folders:
    """Folders by the digest that stands in the address; the longest unused leaves first.

    A study that reads a folder holds it: its files stay, and count, until the study has ended.
    """

    most: int = MOST_FOLDERS
    most_bytes: int = MOST_BYTES
    most_bytes_of_all: int = MOST_BYTES_OF_ALL
    _kept: OrderedDict[str, Folder] = field(default_factory=OrderedDict)
    _on_disk: weakref.WeakSet[Folder] = field(default_factory=weakref.WeakSet)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, files: Iterable[tuple[str, bytes]]) -> str:
        """Writes those files that a study can use; the others are named with the reason.

        Raises
        ------
        ValueError
            Where no picture is left, or there is no room; nothing is kept then.
        """
        place, digest, refused, size = Place(), hashlib.sha256(), list[str](), 0
        names: list[PurePosixPath] = []
        for name, content in files:
            inside = safe_path(name)
            reason = why_not(inside, len(content), len(names), size + len(content), self.most_bytes)
            if reason := reason or why_not_written(place.path / inside, content):
                refused.append(f"{name}: {reason}")
                continue
            names.append(inside)
            size += len(content)
            digest.update(f"{inside}\n{len(content)}\n".encode() + content)
        if not names:
            raise ValueError(" ".join(refused) or "There is no file in this folder.")
        pictures = found_in(place.path)
        marked = any(picture.truth for picture in pictures)
        folder = Folder(place, common_folder(names), len(names), size, len(pictures), marked, tuple(refused))
        name = digest.hexdigest()[:32]
        self._keep(name, folder)
        return name

    def _keep(self, name: str, folder: Folder) -> None:
        with self._lock:
            if name not in self._kept:
                while self._kept and (len(self._kept) >= self.most or not self._has_room(folder)):
                    self._kept.popitem(last=False)
                if not self._has_room(folder):
                    raise ValueError(
                        "Studies still read folders that fill this server's share of the disk. Wait for them."
                    )
                self._on_disk.add(folder)
            self._kept.setdefault(name, folder)
            self._kept.move_to_end(name)

    def _has_room(self, folder: Folder) -> bool:
        return sum(each.size for each in list(self._on_disk)) + folder.size <= self.most_bytes_of_all

    def get(self, name: str) -> Folder:
        with self._lock:
            if name not in self._kept:
                raise FolderGone("This uploaded folder is no longer kept here. Upload it again, or choose another.")
            self._kept.move_to_end(name)
            return self._kept[name]

    def remove(self, name: str) -> None:
        """It is found no more; its files are gone at once, or with the study that reads them."""
        with self._lock:
            self._kept.pop(name, None)


folders = Folders()


def safe_path(name: str) -> PurePosixPath:
    r"""Where a file goes inside its folder, whatever its name says.

    >>> safe_path("../shop\\a  b/:cat?.png")
    PurePosixPath('shop/a  b/_cat_.png')
    """
    parts = [re.sub(r"[^\w .()+-]", "_", part).strip() for part in re.split(r"[\\/]", name)]
    kept = [part for part in parts if part.strip(". ")]
    return PurePosixPath(*kept) if kept else PurePosixPath("unnamed")


def why_not(inside: PurePosixPath, size: int, files: int, written: int, most_bytes: int) -> str:
    """Why a file of that size is not taken beside so many others; nothing where it is."""
    if inside.suffix.lower() not in ENDINGS | BESIDE_PICTURES:
        return "this is neither a picture nor a file of boxes."
    if max(map(len, inside.parts)) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} characters here. Shorten it."
    if inside.suffix.lower() == ".json" and size > MOST_BYTES_OF_JSON:
        return f"a file of boxes has at most {MOST_BYTES_OF_JSON // 2**20} MB here. Leave out other pictures' boxes."
    if files >= MOST_FILES:
        return f"a folder has at most {MOST_FILES:,} files here."
    if written > most_bytes:
        return f"a folder has at most {most_bytes // 2**20} MB here."
    return ""


def why_not_written(target: Path, content: bytes) -> str:
    """Writes a file, or tells why it can't be; nothing is told where it could."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except (FileExistsError, NotADirectoryError):
        return "its name is taken by another file here, since marks like ? and * become _. Rename it."
    except OSError as error:
        with suppress(OSError):
            target.unlink()
        return f"it can't be written here ({error.strerror})."
    return ""


def found_in(folder: Path) -> list[Specimen]:
    """The pictures that a study finds there.

    Raises
    ------
    ValueError
        Where there is none, or a file of boxes can't be read; no address of this server is told.
    """
    try:
        return collect_specimens(folder)
    except ValueError as error:
        told = str(error).replace(f"{folder}/", "").replace(str(folder), "this folder")
        raise ValueError(told) from None


def common_folder(names: Iterable[PurePosixPath]) -> str:
    """What the upload is called: the folder that all of it lies in.

    >>> common_folder([PurePosixPath("shop/a.png"), PurePosixPath("shop/labels/a.txt")])
    'shop'
    """
    first = {path.parts[0] if len(path.parts) > 1 else "" for path in names}
    return next(iter(first)) or "uploaded folder" if len(first) == 1 else "uploaded folder"
