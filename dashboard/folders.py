"""Folders that people uploaded: on disk as long as they are used, within bounds."""

import hashlib
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.pictures.specimens import ENDINGS

MOST_FOLDERS = 8
MOST_BYTES = 512 * 2**20
MOST_FILES = 5000
BESIDE_PICTURES = {".txt", ".json"}
"""YOLO's and COCO's boxes; masks are pictures themselves."""


class FolderGone(Exception):
    """The address names a folder that is no longer kept."""


@dataclass(frozen=True)
class Folder:
    """What was kept of an upload, and in words what was not."""

    path: Path
    title: str
    files: int
    refused: tuple[str, ...]
    held: tempfile.TemporaryDirectory[str]


@dataclass
class Folders:
    """Folders by the digest that stands in the address; the longest unused is removed first."""

    most: int = MOST_FOLDERS
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[str, Folder] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, files: Iterable[tuple[str, bytes]]) -> str:
        """Writes those files that a study can use; the others are named with the reason.

        Raises
        ------
        ValueError
            Where none of them is left; nothing is kept then.
        """
        held = tempfile.TemporaryDirectory(prefix="heatcheck-")
        root, digest, refused, written = Path(held.name), hashlib.sha256(), [], 0
        names: set[PurePosixPath] = set()
        for name, content in files:
            inside = safe_path(name)
            written += len(content)
            if reason := why_not(inside, len(names), written, self.most_bytes):
                refused.append(f"{name}: {reason}")
                written -= len(content)
                continue
            names.add(inside)
            target = root / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            digest.update(f"{inside}\n{len(content)}\n".encode() + content)
        if not names:
            held.cleanup()
            raise ValueError(" ".join(refused) or "There is no file in this folder.")
        name = digest.hexdigest()[:32]
        title = common_folder(names)
        self._keep(name, Folder(root, title, len(names), tuple(refused), held))
        return name

    def _keep(self, name: str, folder: Folder) -> None:
        with self._lock:
            leaving = [folder] if name in self._kept else []
            self._kept.setdefault(name, folder)
            self._kept.move_to_end(name)
            leaving += [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - self.most)]
        for left in leaving:
            left.held.cleanup()

    def get(self, name: str) -> Folder:
        with self._lock:
            if name not in self._kept:
                raise FolderGone("This uploaded folder is no longer kept here. Upload it again, or choose another.")
            self._kept.move_to_end(name)
            return self._kept[name]

    def remove(self, name: str) -> None:
        """Its files are gone at once."""
        with self._lock:
            folder = self._kept.pop(name, None)
        if folder:
            folder.held.cleanup()


folders = Folders()


def safe_path(name: str) -> PurePosixPath:
    r"""Where a file goes inside its folder, whatever its name says.

    >>> safe_path("../shop\\a  b/:cat?.png")
    PurePosixPath('shop/a  b/_cat_.png')
    """
    parts = [re.sub(r"[^\w .()+-]", "_", part).strip() for part in re.split(r"[\\/]", name)]
    kept = [part for part in parts if part.strip(". ")]
    return PurePosixPath(*kept) if kept else PurePosixPath("unnamed")


def why_not(inside: PurePosixPath, files: int, written: int, most_bytes: int) -> str:
    """Why a file is not taken; nothing where it is."""
    if inside.suffix.lower() not in ENDINGS | BESIDE_PICTURES:
        return "this is neither a picture nor a file of boxes."
    if files >= MOST_FILES:
        return f"a folder has at most {MOST_FILES:,} files here."
    if written > most_bytes:
        return f"a folder has at most {most_bytes // 2**20} MB here."
    return ""


def common_folder(names: Iterable[PurePosixPath]) -> str:
    """What the upload is called: the folder that all of it lies in.

    >>> common_folder([PurePosixPath("shop/a.png"), PurePosixPath("shop/labels/a.txt")])
    'shop'
    """
    first = {path.parts[0] if len(path.parts) > 1 else "" for path in names}
    return next(iter(first)) or "uploaded folder" if len(first) == 1 else "uploaded folder"
