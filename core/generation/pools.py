"""Pictures that fills are taken from or were learned from, and which of them a picture may not take from."""

import os
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.models.classifier import Classifier
from core.pictures.bases import collect_bases
from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import gallery
from core.pictures.opening import PictureError, open_picture

CLOTHES, PATCHES, GALLERY = "fashion_mnist", "patches", "gallery"
ALIKE = 0.98
"""Correlation from which two pictures count as one: 1 % of the test pictures of Fashion-MNIST have such a double."""
MOST = 6000
MOST_BYTES = 1 << 30
"""Of a person's own pictures, as the classifier sees them: 1,783 colour pictures of 224 x 224."""
FEWEST = 2
_GALLERIES: WeakKeyDictionary[Classifier, "Pool"] = WeakKeyDictionary()
"""Opened once for each classifier: a study asks for it with every picture."""


class Kind(Protocol):
    """What a prior must know of pictures to apply to them."""

    @property
    def name(self) -> str:
        """Where they come from, as a pool is named."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures of the size that a classifier takes.

    Parameters
    ----------
    name
        ``fashion_mnist``, ``patches``, ``gallery``, or where a person's own come from.
    pictures
        In [0, 1]; of one channel where all are grey.
    origins
        The picture that each is cut from: its name, for a patch followed by rows and columns.
    """

    name: str
    title: str
    pictures: Float[Tensor, "n channels height width"]
    origins: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pictures.shape[2], self.pictures.shape[3]

    def opened(self) -> Generator[Progress, None, "Pool"]:
        """Itself: nothing is left to open."""
        yield from ()
        return self

    @cached_property
    def squares(self) -> Float[Tensor, "n channels height width"]:
        """Of the pictures' values."""
        return self.pictures.square()

    @cached_property
    def spreads(self) -> Float[Tensor, " n"]:
        """The standard deviation of each picture's values."""
        return spreads_of(self.pictures.flatten(1))

    def allowed(self, pixels: Float[Tensor, "1 channels height width"], origin: str = "") -> Bool[Tensor, " n"]:
        """The pictures that do not show this one: neither its doubles, nor patches of the same photo.

        Parameters
        ----------
        origin
            The photo that the picture is cut from, where that is known.
        """
        picture = in_channels(pixels, self.pictures.shape[1]).flatten()
        double = correlations(self.pictures.flatten(1), picture, self.spreads) >= ALIKE
        photos = [photo_of(each) for each in self.origins]
        same = {photos[place] for place in double.nonzero().flatten().tolist()} | ({photo_of(origin)} - {""})
        return torch.tensor([photo not in same for photo in photos])


@dataclass(frozen=True, eq=False)
class Listed:
    """A person's own pictures, none of them opened yet."""

    classifier: Classifier
    name: str
    title: str
    pictures: Sequence[StudyPicture]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width that the classifier takes."""
        return self.classifier.size

    def opened(self) -> Generator[Progress, None, Pool]:
        """As the classifier sees them; those that cannot be opened are left out. A step is one picture.

        Raises
        ------
        ValueError
            Where fewer than two can be opened.
        """
        found: list[tuple[str, Tensor]] = []
        for place, each in enumerate(self.pictures, 1):
            with suppress(PictureError):
                found.append((each.name, self.classifier.prepare(each.open()).cpu()))
            yield Progress(place, len(self.pictures), "Opening the pictures that fills come from", "picture")
        if len(found) < FEWEST:
            raise too_few(self.name, len(found), "that can be opened")
        return Pool(self.name, self.title, torch.cat([pixels for _, pixels in found]), tuple(name for name, _ in found))


PoolSource = str | os.PathLike[str] | Sequence[Any] | Pool


def photo_of(origin: str) -> str:
    """The name of the picture that a patch is cut from.

    >>> photo_of("coffee[10:58, 120:168]"), photo_of("fashion_mnist train 7")
    ('coffee', 'fashion_mnist train 7')
    """
    return origin.partition("[")[0]


def in_channels(pixels: Float[Tensor, "n channels height width"], channels: int) -> Tensor:
    """The same pictures with one channel for all, or one for each."""
    if channels == pixels.shape[1]:
        return pixels
    return pixels.mean(dim=1, keepdim=True) if channels == 1 else pixels.expand(-1, channels, -1, -1)


def correlations(
    pictures: Float[Tensor, "n values"], picture: Float[Tensor, " values"], spreads: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Pearson's correlation of each with the picture; where one is constant, 1 if both are equal and otherwise 0.

    Parameters
    ----------
    spreads
        The standard deviations of the pictures.
    """
    picture = picture.to(pictures.dtype)
    centred = picture - picture.mean()
    # The centred picture has no mean, so the others' means need not be taken off.
    spread = spreads * centred.norm() * len(picture) ** 0.5
    found: Tensor = (pictures @ centred) / spread.clamp(min=1e-6)
    (constant,) = (spread <= 1e-6).nonzero(as_tuple=True)
    found[constant] = (pictures[constant] == picture).all(dim=1).to(found)
    return found


def spreads_of(pictures: Float[Tensor, "n values"]) -> Float[Tensor, " n"]:
    """The standard deviation of each picture's values."""
    return pictures.var(dim=1, correction=0).clamp(min=0).sqrt()


def list_pool(classifier: Classifier, source: PoolSource | None = None) -> Pool | Listed:
    """The pictures that a classifier's fills may come from; a person's own are only listed, up to what memory holds.

    Parameters
    ----------
    source
        ``"fashion_mnist"``, ``"patches"`` of the gallery's photos, ``"gallery"``, a folder, a list of pictures, or a
        pool; by default the bundled ones that are most like those that the classifier was trained on.

    Raises
    ------
    ValueError
        Where there are fewer than two pictures.
    """
    if source is None:
        source = usual_source(classifier)
    if isinstance(source, Pool):
        return source
    if isinstance(source, str) and source in (CLOTHES, PATCHES):
        return bundled_pool(source, *classifier.size)
    if isinstance(source, str) and source == GALLERY:
        if classifier not in _GALLERIES:
            _GALLERIES[classifier] = gallery_pool(classifier)
        return _GALLERIES[classifier]
    name, title = "pictures", "Own pictures"
    if isinstance(source, str | os.PathLike):
        name, title = str(source), Path(source).resolve().name
    pictures = collect_pictures(source, classifier.dataset)[: min(MOST, MOST_BYTES // classifier.blank(1).nbytes)]
    if len(pictures) < FEWEST:
        raise too_few(name, len(pictures))
    return Listed(classifier, name, title, pictures)


def collect_pool(classifier: Classifier, source: PoolSource | None = None) -> Pool:
    """The same, opened.

    Raises
    ------
    ValueError
        Where there are fewer than two sound pictures.
    """
    opening = Returning(list_pool(classifier, source).opened())
    for _ in opening:
        pass
    return opening.result


def too_few(source: str, count: int, which: str = "") -> ValueError:
    """What is said of a source with too few pictures."""
    has = f"{source} has {count} {which}".rstrip()
    return ValueError(f"Fills are taken from other pictures, and {has}. At least two are needed.")


def usual_source(classifier: Classifier) -> str:
    """The bundled pictures that suit a classifier by what it was trained on and by its size."""
    if classifier.dataset == "fashion_mnist":
        return CLOTHES
    return PATCHES if classifier.dataset == "stamps" and max(classifier.size) <= 64 else GALLERY


@lru_cache(maxsize=4)
def bundled_pool(source: str, height: int, width: int) -> Pool:
    """The training pictures of Fashion-MNIST, or patches of the left parts of the gallery's photos."""
    if source == CLOTHES:
        pictures = fashion_mnist("train").pixels[:, :1].contiguous()
        if (height, width) != tuple(pictures.shape[2:]):
            pictures = torch.nn.functional.interpolate(pictures, (height, width), mode="bilinear", antialias=True)
        return Pool(CLOTHES, "Fashion-MNIST", pictures, tuple(f"{CLOTHES} train {n}" for n in range(len(pictures))))
    if height != width:
        raise ValueError(f"Patches are square; the classifier takes {width} × {height} pixels. Name a folder instead.")
    bases = collect_bases(PATCHES, height, most=MOST)
    return Pool(PATCHES, bases.title, bases.train, bases.train_origins)


def gallery_pool(classifier: Classifier) -> Pool:
    """The gallery's photos as the classifier sees them."""
    listed = [(each.name, each.path) for each in gallery() if each.suits == "imagenet"]
    prepared = [classifier.prepare(open_picture(path)) for _, path in listed]
    return Pool(GALLERY, "Gallery", torch.cat(prepared).cpu(), tuple(name for name, _ in listed))
