"""A run: a running stream, with every event that it has yielded."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Literal, Self

from core.jobs.events import Progress

log = logging.getLogger(__name__)
State = Literal["queued", "running", "done", "cancelled", "failed"]


class Run:
    """Steps a stream and keeps its events; an event that ``replaces`` an earlier one takes its place.

    The thread that owns the device steps and closes it; any thread may read it or end it.
    """

    def __init__(self, stream: Callable[[], Iterator[Any]]) -> None:
        self.state: State = "queued"
        self.error: str | None = None
        self.version = 0
        self.parts = 0
        """How many parts have told how far they are, each by a count of its own."""
        self.submitted = time.monotonic()
        self.started = self.ended = 0.0
        self._stream = stream
        self._steps: Iterator[Any] | None = None
        self._events: dict[int, Any] = {}
        self._latest: dict[Any, int] = {}
        self._progress: Progress | None = None
        self._next = 0
        self._lock = threading.Lock()

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "cancelled", "failed")

    @property
    def seconds(self) -> float:
        """Time since the first step, or between the first and the last."""
        return ((self.ended or time.monotonic()) - self.started) if self.started else 0.0

    def since(self, number: int) -> list[tuple[int, Any]]:
        """The events from this sequence number on."""
        with self._lock:
            return [(place, event) for place, event in self._events.items() if place >= number]

    def step(self) -> None:
        """Runs the stream up to its next event; when it ends or fails, the run is finished."""
        try:
            if self._steps is None:
                self._start()
                self._steps = self._stream()
            self._keep(next(self._steps))
        except StopIteration:
            self.end("done")
        except Exception as error:
            log.error("A run failed", exc_info=error)
            self.end("failed", sentence(error))

    def end(self, state: State, error: str | None = None) -> None:
        """Marks it as finished at once, even during a step; a finished run stays as it is."""
        with self._lock:
            if not self.finished:
                self.state, self.error, self.ended = state, error, time.monotonic()
                self.version += 1

    def close(self) -> None:
        """Closes the stream, which returns everything that it borrowed, and drops it."""
        try:
            if isinstance(self._steps, Generator):
                self._steps.close()
        except Exception as error:
            log.error("A run failed while it was closed", exc_info=error)
        self._steps, self._stream = None, _nothing

    def cut_short(self) -> Self:
        """A cancelled run with the events so far, for a job that leaves while others continue."""
        left = type(self)(_nothing)
        with self._lock:
            left.submitted, left.started, left._events = self.submitted, self.started, dict(self._events)
            left.version, left.parts = self.version, self.parts
        left.end("cancelled")
        return left

    def _start(self) -> None:
        with self._lock:
            if not self.finished:
                self.started, self.state = time.monotonic(), "running"

    def _keep(self, event: Any) -> None:
        key = getattr(event, "replaces", None)
        with self._lock:
            if self.finished:
                return
            if key is not None:
                self._events.pop(self._latest.get(key, -1), None)
                self._latest[key] = self._next
            if isinstance(event, Progress):
                self.parts += begins_a_part(self._progress, event)
                self._progress = event
            self._events[self._next] = event
            self._next += 1
            self.version += 1


def begins_a_part(before: Progress | None, now: Progress) -> bool:
    """Whether another count begins: of another unit, or from the start again.

    >>> one, other = Progress(3, 4, "gate", "picture"), Progress(5, 60, "scores")
    >>> begins_a_part(None, one), begins_a_part(one, one), begins_a_part(one, other), begins_a_part(other, one)
    (True, False, True, True)
    """
    return before is None or now.unit != before.unit or now.done < before.done


def sentence(error: Exception) -> str:
    """The error as a person reads it: our own sentences unchanged, anything else by its kind only.

    >>> sentence(ValueError("Name at least one method.")), sentence(ValueError("cannot convert float NaN to integer"))
    ('Name at least one method.', 'The run failed with ValueError; see the log for details.')
    """
    if type(error).__module__.startswith("core.") or (isinstance(error, ValueError) and str(error).endswith(".")):
        return str(error)
    return f"The run failed with {type(error).__name__}; see the log for details."


def _nothing() -> Iterator[Any]:
    return iter(())
