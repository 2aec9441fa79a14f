"""Pictures that come with HeatCheck, each with its author and licence."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.assets import ASSETS

GALLERY = ASSETS / "gallery"


@dataclass(frozen=True)
class GalleryPicture:
    """One picture and whom to thank for it."""

    name: str
    path: Path
    title: str
    credit: str
    licence: str


@cache
def gallery() -> tuple[GalleryPicture, ...]:
    """Every picture of the gallery, in the order in which they are shown.

    >>> gallery()[0].title
    'Coffee'
    """
    records = tomllib.loads((GALLERY / "credits.toml").read_text(encoding="utf-8"))["picture"]
    return tuple(
        GalleryPicture(each["name"], GALLERY / each["file"], each["title"], each["credit"], each["licence"])
        for each in records
    )
