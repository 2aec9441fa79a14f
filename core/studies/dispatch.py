"""Which pictures go to a worker next, how many at once, and which are given up: decided without a cluster."""

from collections import deque
from collections.abc import Iterable, Sequence

BLOCK_SECONDS = 4.0
"""Of a block of pictures that goes to a worker: its messages cost milliseconds, and a lost worker loses two blocks."""
IN_FLIGHT = 2
"""Blocks that a worker has: it computes one while the result of the other travels."""
TRIES = 3
MEMORY = 0.3
"""Weight of the newest block in the seconds of a picture."""


class Dispatch:
    """The pictures of a part that are not finished, by their places.

    Parameters
    ----------
    workers
        How many there are; the last pictures are divided among them.

    >>> work = Dispatch(range(4), workers=1)
    >>> first = work.next_block()
    >>> work.finished(first, seconds=1.0)
    [0]
    >>> work.next_block(), work.failed([1], "killed"), work.next_block()
    ([1], [], [2])
    >>> work.is_retry([1]), work.is_retry([2])
    (True, False)
    """

    def __init__(self, places: Iterable[int], workers: int) -> None:
        self._waiting = deque(places)
        self._alone: deque[int] = deque()
        self._left = set(self._waiting)
        self._tries: dict[int, int] = {}
        self._workers = workers
        self._pace: float | None = None

    @property
    def left(self) -> int:
        """Pictures that are neither finished nor given up."""
        return len(self._left)

    def is_retry(self, block: Sequence[int]) -> bool:
        """Whether a block is a picture that failed before. Nothing else may be with the same worker.

        A worker that is lost with two blocks does not say which of them it had in hand: the answer to the first may be
        lost with it.
        """
        return any(place in self._tries for place in block)

    def next_block(self, idle: bool = True) -> list[int]:
        """The next pictures for a worker; empty where there are none for it.

        Of the size that takes a few seconds by the measured pace, and towards the end a share of what is left, so that
        the workers end together. A picture that failed comes last and by itself, to be told from its neighbours.

        Parameters
        ----------
        idle
            Whether the worker has no other block.
        """
        if not self._waiting:
            return [self._alone.popleft()] if self._alone and idle else []
        fitting = 1 if self._pace is None else round(BLOCK_SECONDS / max(self._pace, 1e-9))
        share = len(self._waiting) // (IN_FLIGHT * self._workers)
        size = max(1, min(fitting, share))
        return [self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]

    def finished(self, block: Sequence[int], seconds: float) -> list[int]:
        """Those of the pictures that were not finished before: a second result of one changes nothing."""
        new = [place for place in block if place in self._left]
        self._left -= {*new}
        if block:
            pace = seconds / len(block)
            self._pace = pace if self._pace is None else (1 - MEMORY) * self._pace + MEMORY * pace
        return new

    def given_back(self, block: Sequence[int]) -> None:
        """Pictures that a worker had not begun when it was lost."""
        self._waiting.extendleft(place for place in reversed(block) if place in self._left)

    def failed(self, block: Sequence[int], error: str) -> list[tuple[int, str]]:
        """Counts a try of each picture of a block that failed; gives those that are given up, with the error."""
        lost = []
        for place in block:
            if place not in self._left:
                continue
            self._tries[place] = self._tries.get(place, 0) + 1
            if self._tries[place] < TRIES:
                self._alone.append(place)
            else:
                self._left.discard(place)
                lost.append((place, error))
        return lost
