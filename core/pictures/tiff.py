"""TIFF files beyond what Pillow shows: grey levels of which 0 is white, wide ones, and kinds that it does not read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image, TiffImagePlugin

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, TILES, FORMAT = (
    256, 257, 258, 259, 262, 273, 277, 324, 339,
)  # fmt: skip
"""Tags of the TIFF 6.0 specification."""

WIDTHS = {1: 1, 3: 2, 4: 4}
"""Bytes of a whole number by its type: BYTE, SHORT and LONG."""

UNSIGNED, FLOATING = 1, 3
NUMBERS = {UNSIGNED: "unsigned integers", 2: "signed integers", FLOATING: "floating-point numbers"}
MOST_BITS, MOST_SAMPLES = 64, 65_535
WHITE_IS_ZERO = "white is zero"
TOP = 65_535


@dataclass(frozen=True)
class Tag:
    """Whole numbers of a file's first directory.

    Parameters
    ----------
    place
        Where the entry's value or its offset stands in the file.
    """

    values: tuple[int, ...]
    place: int


def tags(content: bytes) -> Mapping[int, Tag]:
    """The whole numbers that the first directory states; empty where it is not complete."""
    order: Any = {b"II*\0": "little", b"MM\0*": "big"}.get(content[:4])
    if order is None:
        return {}

    def number(place: int, width: int) -> int:
        return int.from_bytes(content[place : place + width], order)

    start = number(4, 4)
    entries = range(start + 2, start + 2 + 12 * number(start, 2), 12)
    if entries.stop > len(content):
        return {}
    found = {}
    for entry in entries:
        width, count = WIDTHS.get(number(entry + 2, 2), 0), number(entry + 4, 4)
        place = entry + 8 if width * count <= 4 else number(entry + 8, 4)
        if width and 0 < count <= MOST_SAMPLES and place + width * count <= len(content):
            values = tuple(number(place + width * each, width) for each in range(count))
            found[number(entry, 2)] = Tag(values, place)
    return found


def with_black_as_zero(content: bytes) -> tuple[bytes, bool]:
    """The file with its grey levels of 16 bits or more declared the other way round, and whether they were.

    Pillow shows fewer bits correctly; of more it ignores that 0 is white, or does not open them.
    """
    stated = tags(content)
    if PHOTOMETRIC not in stated or stated[PHOTOMETRIC].values != (0,):
        return content, False
    if BITS not in stated or len(stated[BITS].values) != 1 or stated[BITS].values[0] < 16:
        return content, False
    place, one = stated[PHOTOMETRIC].place, b"\1\0" if content[:2] == b"II" else b"\0\1"
    return content[:place] + one + content[place + 2 :], True


def kind_of(content: bytes) -> str:
    """What a sound file holds; empty for a damaged one.

    >>> kind_of(b"II*\\0")
    ''
    """
    stated = {tag: found.values for tag, found in tags(content).items()}
    if not {WIDTH, HEIGHT} <= stated.keys() or not {STRIPS, TILES} & stated.keys():
        return ""
    samples, bits = stated.get(SAMPLES, (1,))[0], stated.get(BITS, (1,))[0]
    numbers = NUMBERS.get(stated.get(FORMAT, (UNSIGNED,))[0])
    if not (0 < samples <= MOST_SAMPLES and 0 < bits <= MOST_BITS and numbers):
        return ""
    packing = stated.get(COMPRESSION, (1,))[0]
    packed = "" if packing in TiffImagePlugin.COMPRESSION_INFO else f", compressed by method {packing}"
    return f"{samples} channel{'s' if samples > 1 else ''} of {bits}-bit {numbers}{packed}"


def grey_as_shown(picture: Image.Image, stored: Image.Image) -> Image.Image:
    """Grey levels for which Pillow has no mode, in 16 bits: those of which 0 is white, and those of 31 bits or more.

    Parameters
    ----------
    picture
        The same, upright.
    stored
        As it was opened, with its tags.
    """
    if stored.format != "TIFF" or not picture.mode.startswith(("I", "F")):
        return picture
    values = np.asarray(picture)
    if picture.mode == "I" and stored.tag_v2.get(FORMAT, (UNSIGNED,))[0] == UNSIGNED:  # type: ignore[attr-defined]
        values = values.view(np.uint32)
    negative = bool(stored.info.get(WHITE_IS_ZERO))
    if not negative and values.dtype != np.uint32:
        return picture
    levels = np.nan_to_num(values.astype(np.float64))
    if not negative and levels.max() < 2**31:
        return picture
    white = white_level(picture.mode, float(levels.max()))
    return sixteen_bits((white - levels if negative else levels) / white)


def sixteen_bits(shares: Float[np.ndarray, "height width"]) -> Image.Image:
    """Grey levels from shares of white."""
    return Image.fromarray(np.rint(np.clip(shares, 0, 1) * TOP).astype(np.uint16))


def white_level(mode: str, largest: float) -> float:
    """The value that stands for white: 65535 for 16 bits; where the mode leaves it open, the smallest that fits.

    >>> white_level("I;16", 90.0), white_level("F", 0.7), white_level("F", 200.0), white_level("I", 4000.0)
    (65535.0, 1.0, 255.0, 65535.0)
    """
    if mode.startswith("I;16"):
        return float(TOP)
    scales = (1.0, 255.0, float(TOP)) if mode == "F" else (255.0, float(TOP))
    return next((scale for scale in scales if largest <= scale), largest)
