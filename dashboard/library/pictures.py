"""Pictures to choose from: the gallery, uploads kept in memory within limits, test pictures of stamp models."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

from PIL import Image

import core
from core.models.bundled import fashion_labels
from core.pictures.bases import unseen_bases
from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import GalleryPicture
from core.pictures.rendering import to_picture
from core.stamping.models import ListedStampModel, list_stamp_models
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.library.kept import Extent, Kept
from dashboard.library.remembering import remembering

SHARE, WHOLE = Extent(64, 128 * 2**20), Extent(256, 256 * 2**20)
THUMBNAIL_HEIGHT = 128
BASES_SHOWN = 10
"""Sources whose test part is the same whatever was learned from."""


class PictureGone(NotThere):
    """The address names an upload that is no longer kept, or what never was a picture: the two look alike."""


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


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture file that opens.

    Raises
    ------
    core.PictureError
        If it is not a sound picture.
    """

    title: str
    content: bytes

    def __post_init__(self) -> None:
        core.open_picture(self.content)

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)


uploads = Kept[Upload](
    "uploaded pictures",
    SHARE,
    WHOLE,
    lambda: PictureGone(
        "No picture here has this name: it is misspelt, or an upload that is no longer kept here. Upload it again, or "
        "choose another."
    ),
)


@cache
def gallery() -> dict[str, Choice]:
    return {entry.name: Choice(entry.name, entry.title, credit(entry), entry.suits) for entry in core.gallery()}


def gallery_for(dataset: str) -> list[Choice]:
    """The whole gallery, what suits a model that was trained on the data set first."""
    return sorted(gallery().values(), key=lambda choice: choice.suits != dataset)


@dataclass(frozen=True, eq=False)
class Base:
    """A picture such as a stamp model was shown, but that it did not learn from.

    Parameters
    ----------
    origin
        What it is cut from: a picture's name, followed by rows and columns.
    """

    choice: Choice
    picture: Image.Image
    origin: str


def bases_for(model: ListedStampModel) -> list[Choice]:
    """A few held-out base pictures, as they stand in the strip.

    Raises
    ------
    ValueError
        Where they are not there (any more).
    """
    return [base.choice for base in bases_of(model)]


def bases_of(model: ListedStampModel) -> tuple[Base, ...]:
    """The same with the pictures themselves.

    Raises
    ------
    ValueError
        Where they are not there (any more); where a folder lay on this server is not told.
    """
    if pictures_gone(model):
        raise ValueError("The folder that it learned from is no longer on this server.")
    source = model.task.bases
    try:
        return held_out(family_of(model), source, model.size[0], model.seed, model.learned)
    except ValueError as error:
        reason = str(error).replace(source, "its folder") if Path(source).is_absolute() else str(error)
        raise ValueError(reason) from None


def pictures_gone(model: ListedStampModel) -> bool:
    """Whether the model learned from a folder that is not there any more, so that nothing can be asked of it."""
    bases = Path(model.task.bases)
    return bases.is_absolute() and not bases.is_dir()


@remembering(most=16)
def held_out(family: str, source: str, side: int, seed: int, learned: tuple[str, ...]) -> tuple[Base, ...]:
    """Base pictures that were not learned from, those with most to see first; their names begin with the family's."""
    bases = unseen_bases(source, side, seed, 3 * BASES_SHOWN, learned)
    shown = bases.pixels[:BASES_SHOWN]
    order = shown.std(dim=(1, 2, 3)).argsort(descending=True).tolist()
    titles = numbered([title_of_base(bases.origins[number]) for number in order])
    return tuple(
        Base(
            Choice(f"{family}-{number}", title, credit_of_base(bases.origins[number])),
            to_picture(shown[number]),
            bases.origins[number],
        )
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


def family_of(model: ListedStampModel) -> str:
    """What the names of its base pictures begin with; of a model that somebody owns, nothing that could be guessed.

    It tells no path, and opens none: an address only chooses among what models saw.
    """
    recipe = model.task.bases, model.size[0], model.seed, model.learned
    return f"base-{hashlib.sha256(repr(recipe).encode()).hexdigest()[: 32 if model.owner else 8]}"


def find_base(name: str) -> Base | None:
    """The base picture of that name, if some stamp model was shown such pictures."""
    models = list_stamp_models() if name.startswith("base-") else ()
    model = next((model for model in models if name.startswith(f"{family_of(model)}-")), None)
    try:
        return next((base for base in bases_of(model) if base.choice.name == name), None) if model else None
    except ValueError as absence:
        raise PictureGone(f"The source of this picture is no longer available. {absence}") from absence


def origin_of(name: str) -> str:
    """What the picture of that name is cut from: another picture, or itself."""
    base = find_base(name)
    return base.origin if base else name


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
    return as_choice(name, uploads.get(name))


def as_choice(name: str, upload: Upload) -> Choice:
    return Choice(name, upload.title, "an upload; it stays in this server's memory")


def own_uploads(owner: str) -> list[Choice]:
    """What that person brought, the latest first."""
    return [as_choice(name, upload) for name, upload in uploads.own(owner).items()]


def title_of_picture(name: str) -> str:
    """What the page calls the picture of that name, also where it is no longer kept."""
    try:
        return find_choice(name).title
    except PictureGone:
        return "an uploaded picture"


def open_choice(name: str) -> Image.Image:
    """The picture itself, upright and RGB."""
    if name in gallery():
        return open_gallery(name).copy()
    if base := find_base(name):
        return base.picture.copy()
    return core.open_picture(uploads.get(name).content)


@lru_cache(maxsize=4)
def open_gallery(name: str) -> Image.Image:
    return core.open_picture(next(entry.path for entry in core.gallery() if entry.name == name))


@remembering(most=128)
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


uploads.on_removal(thumbnail.forget)


@folders.on_removal
def forget_bases(_: str) -> None:
    """Those that were cut from the folder's pictures go with it."""
    held_out.clear()
    thumbnail.clear()
