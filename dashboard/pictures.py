"""Pictures a person can choose: the gallery, uploads kept in memory within bounds, what stamp models are tested on."""

import hashlib
import io
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache, lru_cache

from PIL import Image

import core
from core.pictures.bases import Bases, collect_bases
from core.pictures.gallery import GalleryPicture
from core.pictures.rendering import to_picture
from core.stamping.models import list_stamp_models

MOST_UPLOADS = 64
MOST_BYTES = 256 * 2**20
THUMBNAIL_HEIGHT = 128
BASES_SHOWN = 10


class PictureGone(Exception):
    """The address names an upload that is no longer kept."""


@dataclass(frozen=True)
class Choice:
    """A picture as the strip shows it; ``name`` is what stands in the address.

    Parameters
    ----------
    suits
        The data set whose networks know such pictures; none for an upload.
    """

    name: str
    title: str
    credit: str
    suits: str = ""


@dataclass
class Uploads:
    """What was uploaded, by digest of its bytes; the longest unused leaves first."""

    most: int = MOST_UPLOADS
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[str, tuple[str, bytes]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, title: str, content: bytes) -> str:
        """Keep a picture that opens.

        Raises
        ------
        core.PictureError
            If it is not a sound picture; nothing is kept then.
        """
        core.open_picture(content)
        digest = hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            self._kept[digest] = (title, content)
            self._kept.move_to_end(digest)
            while len(self._kept) > self.most or sum(len(kept) for _, kept in self._kept.values()) > self.most_bytes:
                self._kept.popitem(last=False)
        return digest

    def get(self, digest: str) -> tuple[str, bytes]:
        with self._lock:
            if digest not in self._kept:
                raise PictureGone("This uploaded picture is no longer kept here. Upload it again, or choose another.")
            self._kept.move_to_end(digest)
            return self._kept[digest]


uploads = Uploads()


@cache
def gallery() -> dict[str, Choice]:
    return {entry.name: Choice(entry.name, entry.title, credit(entry), entry.suits) for entry in core.gallery()}


def gallery_for(dataset: str) -> list[Choice]:
    """The whole gallery, what suits a model that was trained on the data set first."""
    return sorted(gallery().values(), key=lambda choice: choice.suits != dataset)


@lru_cache(maxsize=8)
def held_out(source: str, side: int) -> Bases:
    """Base pictures of a source that no network of that source was trained on: its test part.

    Raises
    ------
    ValueError
        Where they are not there (any more).
    """
    return collect_bases(source, side, most=3 * BASES_SHOWN)


def bases_for(source: str, side: int) -> list[Choice]:
    """A few held-out base pictures, as they stand in the strip."""
    bases = held_out(source, side)
    return [base_choice(family_of(source, side), bases, number) for number in range(min(BASES_SHOWN, len(bases.test)))]


def base_choice(family: str, bases: Bases, number: int) -> Choice:
    origin = bases.test_origins[number]
    return Choice(f"{family}-{number}", re.split(r"\W", origin)[0], f"{origin}; no stamp model learned from it")


def family_of(source: str, side: int) -> str:
    """What the names of base pictures begin with: an address tells no path, and opens none."""
    return f"base-{hashlib.sha256(f'{source} {side}'.encode()).hexdigest()[:8]}"


def find_base(name: str) -> tuple[Choice, Image.Image] | None:
    """The base picture of that name, if some stamp model is shown such pictures."""
    family, _, number = name.rpartition("-")
    for known in list_stamp_models() if family.startswith("base-") else ():
        source, side = known.task.bases, known.size[0]
        if family == family_of(source, side) and number.isdecimal() and int(number) < BASES_SHOWN:
            bases = held_out(source, side)
            return base_choice(family, bases, int(number)), to_picture(bases.test[int(number)])
    return None


def credit(entry: GalleryPicture) -> str:
    return f"{entry.credit} · {entry.licence}" if entry.credit else entry.licence


def find_choice(name: str) -> Choice:
    """The gallery picture or upload of that name.

    Raises
    ------
    PictureGone
        If it is neither.
    """
    if name in gallery():
        return gallery()[name]
    if base := find_base(name):
        return base[0]
    title, _ = uploads.get(name)
    return Choice(name, title, "your upload; it stays in this server's memory")


def open_choice(name: str) -> Image.Image:
    """The picture itself, upright and RGB."""
    if name in gallery():
        return open_gallery(name).copy()
    if base := find_base(name):
        return base[1]
    _, content = uploads.get(name)
    return core.open_picture(content)


@lru_cache(maxsize=4)
def open_gallery(name: str) -> Image.Image:
    return core.open_picture(next(entry.path for entry in core.gallery() if entry.name == name))


@lru_cache(maxsize=128)
def thumbnail(name: str) -> bytes:
    """The picture's middle square as a small JPEG; one that is smaller yet keeps its pixels."""
    picture = open_choice(name)
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    filtered = Image.Resampling.BICUBIC if side > THUMBNAIL_HEIGHT else Image.Resampling.NEAREST
    square = picture.crop((left, top, left + side, top + side)).resize((THUMBNAIL_HEIGHT, THUMBNAIL_HEIGHT), filtered)
    written = io.BytesIO()
    square.save(written, "JPEG", quality=85)
    return written.getvalue()
