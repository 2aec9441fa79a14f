"""Pictures that ship with HeatCheck, each with its author and licence."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.assets import ASSETS

GALLERY = ASSETS / "gallery"


@dataclass(frozen=True)
class GalleryPicture:
    """One picture with its credits.

    Parameters
    ----------
    suits
        The training data of networks that suit it: ``imagenet`` or ``fashion_mnist``.
    cut_into_patches
        Whether patches of it are base pictures of the stamp models. The bundled ones were trained on patches of these.
    """

    name: str
    path: Path
    title: str
    credit: str
    licence: str
    suits: str
    cut_into_patches: bool


@cache
def gallery() -> tuple[GalleryPicture, ...]:
    """Every picture of the gallery, in display order: photos first, then clothes of 28 x 28.

    >>> gallery()[0].title
    'Komodo dragon'
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
            cut_into_patches=each.get("cut_into_patches", False),
        )
        for each in records
    )
