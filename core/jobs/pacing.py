"""How often something costly is repeated while a stream goes on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

TIMES_ITS_COST = 10


class Pace:
    """Allows a repetition once ten times as long has passed as the last one took.

    >>> pace = Pace()
    >>> pace.due()
    True
    """

    def __init__(self) -> None:
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._next

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Measures the costly work inside."""
        begin = time.monotonic()
        yield
        self._next = time.monotonic() + TIMES_ITS_COST * (time.monotonic() - begin)
