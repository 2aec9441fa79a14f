"""What a stream reports about itself: its progress and its result."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Event = TypeVar("Event")
Result = TypeVar("Result")
Unit = Literal["pass", "picture", "network", "cell", "seed"]


@dataclass(frozen=True)
class Progress:
    """The progress of a stream towards what is known to be needed; yielded after every batch.

    Parameters
    ----------
    done, total
        In one unit; ``done`` may lie between two of them.
    what
        The current step.
    unit
        What is counted; a pass is one picture sent through the network.
    """

    done: float
    total: float
    what: str
    unit: Unit = "pass"

    @property
    def share(self) -> float:
        """The share that is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def replaces(self) -> str:
        return "progress"


class Returning(Generic[Event, Result]):
    """A stream with a result, for a reader who needs its events first.

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
