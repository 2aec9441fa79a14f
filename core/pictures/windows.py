"""Windows over a picture."""

import itertools
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Window:
    """A square part of a picture, in pixels."""

    top: int
    left: int
    side: int

    @property
    def rows(self) -> slice:
        return slice(self.top, self.top + self.side)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.left + self.side)


@lru_cache(maxsize=16)
def sliding_windows(size: tuple[int, int], share: float, overlap: float) -> tuple[Window, ...]:
    """Windows that cover every pixel: first those that hardly overlap, then the ones between.

    Parameters
    ----------
    size
        Height and width of the picture.
    share
        Side of a window as a share of the shorter side.
    overlap
        Overlap of neighbouring windows, from 0 up to but not including 1.
    """
    side = max(1, round(share * min(size)))
    stride = max(1, round(side * (1 - overlap)))
    tops, lefts = (starts(length, side, stride) for length in size)
    apart = max(1, side // stride)
    coarse = dict.fromkeys(itertools.product(tops[::apart], lefts[::apart]))
    ordered = coarse | dict.fromkeys(itertools.product(tops, lefts))
    return tuple(Window(top, left, side) for top, left in ordered)


def starts(length: int, side: int, stride: int) -> list[int]:
    """Where windows start, the last one flush with the border.

    >>> starts(10, 4, 3)
    [0, 3, 6]
    >>> starts(11, 4, 3)
    [0, 3, 6, 7]
    """
    last = length - side
    return [*range(0, last, stride), last]
