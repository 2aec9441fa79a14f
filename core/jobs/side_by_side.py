"""Streams that compute at the same time, each in a thread that uses one core.

Small networks leave most of a second core idle when two threads share one operation; two streams use both.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import Generic, TypeVar

import torch

Event = TypeVar("Event")
SECONDS_OF_A_STEP = 0.05
AHEAD = 4
"""Events that wait to be read; a stream that nobody reads stands still."""


def side_by_side(streams: Sequence[Callable[[], Iterator[Event]]], threads: int) -> Iterator[tuple[int, Event]]:
    """The events of all streams as they come, each with the place of its stream.

    What two streams change must not be shared: neither networks with hooks nor generators of random numbers.

    Parameters
    ----------
    streams
        Each starts where it is called, in its thread.
    threads
        How many run at a time; with one, they run one after another where they are read.

    Raises
    ------
    Exception
        What a stream raises; the others end.

    >>> list(side_by_side([lambda: iter("ab"), lambda: iter("c")], threads=1))
    [(0, 'a'), (0, 'b'), (1, 'c')]
    """
    if min(threads, len(streams)) < 2:
        for place, start in enumerate(streams):
            for event in start():
                yield place, event
        return
    with one_thread_an_operation():
        together = Together(streams)
        try:
            together.start(min(threads, len(streams)))
            yield from together.events()
        finally:
            together.end()


class Sharing:
    """How many readers share the cores between streams, and the threads of one operation before the first of them."""

    readers = 0
    threads = 0
    lock = threading.Lock()


def threads_at_hand() -> int:
    """How many threads an operation would use if no streams shared the cores."""
    return Sharing.threads if Sharing.readers else torch.get_num_threads()


@contextmanager
def one_thread_an_operation() -> Iterator[None]:
    """Operations use one thread, everywhere in this process, until the last reader leaves: PyTorch has one number."""
    with Sharing.lock:
        Sharing.threads = Sharing.threads if Sharing.readers else torch.get_num_threads()
        Sharing.readers += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with Sharing.lock:
            Sharing.readers -= 1
            if not Sharing.readers:
                torch.set_num_threads(Sharing.threads)


class Together(Generic[Event]):
    """The threads that share some streams, and what they have to say."""

    def __init__(self, streams: Sequence[Callable[[], Iterator[Event]]]) -> None:
        self._waiting = deque(enumerate(streams))
        self._told: Queue[tuple[int, Event] | BaseException | None] = Queue(AHEAD)
        self._left = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        """Starts the threads."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        torch.set_num_threads(1)  # OpenMP keeps a number for each thread
        try:
            for place, start in self._next():
                for event in start():
                    self._told.put((place, event))
                    if self._left.is_set():
                        return
        except BaseException as error:
            self._told.put(error)
        finally:
            self._told.put(None)

    def _next(self) -> Iterator[tuple[int, Callable[[], Iterator[Event]]]]:
        """The streams that no thread has taken yet."""
        with suppress(IndexError):
            while not self._left.is_set():
                yield self._waiting.popleft()

    def events(self) -> Iterator[tuple[int, Event]]:
        """What the streams yield, until all have ended."""
        running = len(self._threads)
        while running:
            told = self._told.get()
            if isinstance(told, BaseException):
                raise told
            if told is None:
                running -= 1
            else:
                yield told

    def end(self) -> None:
        """Waits until every thread has ended; none begins another step."""
        self._left.set()
        while any(thread.is_alive() for thread in self._threads):
            with suppress(Empty):
                self._told.get(timeout=SECONDS_OF_A_STEP)
