"""Stamps on a picture: which, how large and where at first, and how an address writes them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import ImageColor

from core.pictures.stamps import SMALLEST, Placed, Stamp, find_stamp, largest_stamp, list_stamps
from core.stamping.models import ListedStampModel

FARTHEST = 10_000
"""Pixels that a stamp may lie from the picture's corner; beyond, it is nowhere."""
AT_FIRST = ((0.65, 0.2), (0.2, 0.6))
"""Places as shares of the picture's width and height, off the centre, where a control looks."""


def usual_stamp(known: ListedStampModel | None, size: tuple[int, int]) -> Stamp:
    """The stamp that the model learned, as large as it may be; for others one that is well seen.

    >>> usual_stamp(None, (224, 224))
    Stamp(design='cross', size=56, colour='#ff00ff', opacity=1.0)
    """
    design = known.task.stamps[0].design if known else list_stamps()[0].name
    across = largest_shown(known, size) if known else max(SMALLEST, min(size) // 4)
    return Stamp(design, across, find_stamp(design).colour, 1.0)


def at_first(number: int, size: tuple[int, int]) -> tuple[int, int]:
    """Left and top of the stamp of that number until somebody moves it."""
    (height, width), (across, down) = size, AT_FIRST[number]
    return round(across * width), round(down * height)


def largest_shown(known: ListedStampModel | None, size: tuple[int, int]) -> int:
    """The side of the largest stamp on a picture of that height and width; larger where it is no ground truth anyway.

    >>> largest_shown(None, (224, 224))
    74
    """
    return largest_stamp(size) if known else max(SMALLEST, min(size) // 3)


def inside(placed: Placed, size: tuple[int, int]) -> Placed:
    """The stamp at the nearest place at which it lies whole on a picture of that height and width."""
    height, width = size
    left, top = (
        min(max(start, 0), length - placed.stamp.size) for start, length in ((placed.left, width), (placed.top, height))
    )
    return replace(placed, left=left, top=top)


def read_placed(written: str) -> Placed:
    """The stamp in an address.

    >>> read_placed("cross,6,#ff00ff,0.5,12,20").top
    20

    Raises
    ------
    ValueError
        Where that is not a stamp.
    """
    try:
        design, size, colour, opacity, *place = written.split(",")
        left, top = (min(max(int(each), -FARTHEST), FARTHEST) for each in place)
        return Placed(Stamp(design, int(size), colour, float(opacity)), left, top)
    except ValueError as mistake:
        form = "design,size,colour,opacity,left,top"
        raise ValueError(f"{written[:60]!r} is not a stamp. Write it as {form}. {mistake}") from mistake


def write_stamp(stamp: Stamp) -> str:
    """The stamp as :func:`read_placed` reads it, before its place.

    >>> write_stamp(Stamp("cross", 6, "", 0.5))
    'cross,6,#ff00ff,0.5'
    """
    red, green, blue = ImageColor.getrgb(stamp.colour or find_stamp(stamp.design).colour)[:3]
    return f"{stamp.design},{stamp.size},#{red:02x}{green:02x}{blue:02x},{stamp.opacity:g}"


def on_all(placed: Sequence[Placed], pixels: Any) -> Any:
    """The pixels with all stamps on them, the first undermost."""
    for each in placed:
        pixels = each.on(pixels)
    return pixels
