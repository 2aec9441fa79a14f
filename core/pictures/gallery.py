"""Pictures that come with HeatCheck, each with its author and licence."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.assets import ASSETS

GALLERY = ASSETS / "gallery"


@dataclass(frozen=True)
class GalleryPicture:
    """One picture and whom to thank for it.

    Parameters
    ----------
    suits
        What a network that knows such pictures was trained on: ``imagenet`` or ``fashion_mnist``.
    """

    name: str
    path: Path
    title: str
    credit: str
    licence: str
    suits: str


@cache
def gallery() -> tuple[GalleryPicture, ...]:
    """Every picture of the gallery, in the order in which they are shown: photos first, then clothes of 28 x 28.

    >>> gallery()[0].title
    'Coffee'
    """
    records = tomllib.loads((GALLERY / "credits.toml").read_text(encoding="utf-8"))["picture"]
    return tuple(
        GalleryPicture(
            name=each["name"],
            path=GALLERY / each["file"],
            title=each["title"],
            credit=each["credit"],
            licence=each["licence"],
            suits=each["suits"],
        )
        for each in records
    )
