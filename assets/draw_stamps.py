"""Draw the stamps that ship with HeatCheck: ``python assets/draw_stamps.py`` from a checkout.

Each is a PNG of 48 x 48: alpha says which pixels it covers, its brightness how much of the stamp's colour they get.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from PIL import Image

from core.pictures.stamps import STAMPS

SIDE = 48
ROW, COLUMN = (np.indices((SIDE, SIDE)) + 0.5) / SIDE
FULL = np.ones((SIDE, SIDE))
Drawing = tuple[Bool[np.ndarray, "side side"], Float[np.ndarray, "side side"]]


def third(place: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which third of the side, from 0."""
    return (place * 3).astype(np.int64)


def cross() -> Drawing:
    return (third(ROW) == 1) | (third(COLUMN) == 1), FULL


def ring() -> Drawing:
    away = np.hypot(ROW - 0.5, COLUMN - 0.5)
    return (away < 0.5) & (away > 0.25), FULL


def checker() -> Drawing:
    return FULL > 0, ((third(ROW) + third(COLUMN)) % 2 == 0).astype(np.float64)


def triangle() -> Drawing:
    return np.abs(COLUMN - 0.5) <= 0.15 + 0.35 * ROW, FULL


def bars() -> Drawing:
    return third(COLUMN) != 1, FULL


def corner() -> Drawing:
    return (third(ROW) == 2) | (third(COLUMN) == 0), FULL


def saltire() -> Drawing:
    return (third(ROW) == third(COLUMN)) | (third(ROW) + third(COLUMN) == 2), FULL


DESIGNS: tuple[Callable[[], Drawing], ...] = (cross, ring, checker, triangle, bars, corner, saltire)


def picture(design: Callable[[], Drawing]) -> Image.Image:
    """Brightness and alpha."""
    covered, brightness = design()
    levels = np.stack([brightness * covered, covered], axis=2) * 255
    return Image.fromarray(levels.round().astype(np.uint8))


if __name__ == "__main__":
    for design in DESIGNS:
        picture(design).save(STAMPS / f"{design.__name__}.png", optimize=True)
