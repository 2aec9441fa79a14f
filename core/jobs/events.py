"""What a stream says about its own course."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Event = TypeVar("Event")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """Pictures through the network so far, of those known to be needed; yielded after every batch."""

    done: int
    total: int
    what: str

    @property
    def replaces(self) -> str:
        return "progress"


class Returning(Generic[Event, Result]):
    """A stream that ends with a result, for a reader who wants to see its events first.

    >>> def count():
    ...     yield 1
    ...     return "one"
    >>> counting = Returning(count())
    >>> list(counting), counting.result
    ([1], 'one')
    """

    result: Result

    def __init__(self, stream: Generator[Event, None, Result]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[Event]:
        self.result = yield from self._stream
