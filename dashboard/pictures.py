"""Pictures a person can choose: the gallery, uploads kept in memory within bounds, what stamp models are tested on."""

import hashlib
import io
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from PIL import Image

import core
from core.models.bundled import fashion_labels
from core.pictures.bases import unseen_bases
from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import GalleryPicture
from core.pictures.rendering import to_picture
from core.stamping.models import ListedStampModel, list_stamp_models

MOST_UPLOADS = 64
MOST_BYTES = 256 * 2**20
THUMBNAIL_HEIGHT = 128
BASES_SHOWN = 10
"""Sources whose test part is the same whatever was learned from."""


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


@dataclass(frozen=True, eq=False)
class Base:
    """A picture such as a stamp model was shown, but that it did not learn from."""

    choice: Choice
    picture: Image.Image


def bases_for(model: ListedStampModel) -> list[Choice]:
    """A few held-out base pictures, as they stand in the strip.

    Raises
    ------
    ValueError
        Where they are not there (any more).
    """
    return [base.choice for base in held_out(*seen_by(model))]


def seen_by(model: ListedStampModel) -> tuple[str, int, int, tuple[str, ...]]:
    """What base pictures hang on."""
    return model.task.bases, model.size[0], model.seed, model.learned


@lru_cache(maxsize=16)
def held_out(source: str, side: int, seed: int, learned: tuple[str, ...]) -> tuple[Base, ...]:
    """Base pictures that were not learned from, those with most to see first."""
    bases = unseen_bases(source, side, seed, 3 * BASES_SHOWN, learned)
    shown, family = bases.pixels[:BASES_SHOWN], family_of(source, side, seed, learned)
    order = shown.std(dim=(1, 2, 3)).argsort(descending=True).tolist()
    titles = numbered([title_of_base(bases.origins[number]) for number in order])
    return tuple(
        Base(Choice(f"{family}-{number}", title, credit_of_base(bases.origins[number])), to_picture(shown[number]))
        for number, title in zip(order, titles, strict=True)
    )


def title_of_base(origin: str) -> str:
    """What it was cut from, what it was drawn as, or what it shows."""
    source = origin.partition("[")[0]
    if source in gallery():
        return gallery()[source].title
    if number := re.fullmatch(r"fashion_mnist test (\d+)", source):
        return fashion_labels()[int(fashion_mnist("test").labels[int(number[1])])]
    return source.split()[0]


def credit_of_base(origin: str) -> str:
    """That no model learned from it, and whom to thank."""
    cut_from = gallery().get(origin.partition("[")[0])
    return " · ".join(["held out from training", origin, *([cut_from.credit] if cut_from else [])])


def numbered(titles: Sequence[str]) -> list[str]:
    """Titles that come again get a number.

    >>> numbered(["Bag", "Coat", "Bag"])
    ['Bag', 'Coat', 'Bag 2']
    """
    times = [titles[: place + 1].count(title) for place, title in enumerate(titles)]
    return [f"{title} {time}" if time > 1 else title for title, time in zip(titles, times, strict=True)]


def family_of(*told: object) -> str:
    """What their names begin with. It tells no path, and opens none: an address only chooses among what models saw."""
    return f"base-{hashlib.sha256(repr(told).encode()).hexdigest()[:8]}"


def find_base(name: str) -> Base | None:
    """The base picture of that name, if some stamp model was shown such pictures."""
    models = list_stamp_models() if name.startswith("base-") else ()
    told = next((told for told in map(seen_by, models) if name.startswith(f"{family_of(*told)}-")), None)
    try:
        return next((base for base in held_out(*told) if base.choice.name == name), None) if told else None
    except ValueError as absence:
        raise PictureGone(f"The pictures that this one is of can't be had any more. {absence}") from absence


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
        return base.choice
    title, _ = uploads.get(name)
    return Choice(name, title, "your upload; it stays in this server's memory")


def open_choice(name: str) -> Image.Image:
    """The picture itself, upright and RGB."""
    if name in gallery():
        return open_gallery(name).copy()
    if base := find_base(name):
        return base.picture.copy()
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
