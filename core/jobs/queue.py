"""One queue owns one device: jobs are generators, stepped in turn by a single thread.

So several people share a device fairly, hooks never race, and cancelling is closing a generator. A job's events stay
with the job, so that a page that reloads finds them all; an event that ``replaces`` an earlier one takes its place.
"""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future
from typing import Any, Literal, TypeVar

log = logging.getLogger(__name__)
State = Literal["queued", "running", "done", "cancelled", "failed"]
Result = TypeVar("Result")
UNWATCHED_SECONDS = 30.0
KEPT_JOBS = 12


class Job:
    """A stream on its way, with every event it has yielded.

    Parameters
    ----------
    about
        Whatever the submitter needs to tell what the events belong to.
    """

    def __init__(self, stream: Callable[[], Iterator[Any]], owner: str, about: Any) -> None:
        self.id = uuid.uuid4().hex
        self.owner = owner
        self.about = about
        self.state: State = "queued"
        self.error: str | None = None
        self.version = 0
        self.looked_at = self.submitted = time.monotonic()
        self.cancelled = False
        self._started = self._ended = 0.0
        self._stream = stream
        self._steps: Iterator[Any] | None = None
        self._events: dict[int, Any] = {}
        self._latest: dict[Any, int] = {}
        self._next = 0
        self._lock = threading.Lock()

    @property
    def finished(self) -> bool:
        return self.state in ("done", "cancelled", "failed")

    @property
    def seconds(self) -> float:
        """Since the first step, until the last one."""
        return ((self._ended or time.monotonic()) - self._started) if self._started else 0.0

    def since(self, number: int = 0) -> list[tuple[int, Any]]:
        """The events from this sequence number on, and a sign that somebody is watching."""
        self.looked_at = time.monotonic()
        with self._lock:
            return [(place, event) for place, event in self._events.items() if place >= number]

    def step(self) -> None:
        """Runs the stream up to its next event; at its end, or where it fails, the job is finished."""
        if self._steps is None:
            self._started, self.state = time.monotonic(), "running"
        try:
            if self._steps is None:
                self._steps = self._stream()
            self._keep(next(self._steps))
        except StopIteration:
            self.finish("done")
        except Exception as error:
            self._tell(error)
            self.finish("failed")

    def finish(self, state: State) -> None:
        """Closes the stream, which returns all that it borrowed, and lets go of it."""
        try:
            if isinstance(self._steps, Generator):
                self._steps.close()
        except Exception as error:
            state = "failed"
            self._tell(error)
        self._steps, self._stream, self._ended = None, _nothing, time.monotonic()
        self.state = state
        self.version += 1

    def _tell(self, error: Exception) -> None:
        log.error("Job %s failed", self.id, exc_info=error)
        self.error = sentence(error)

    def _keep(self, event: Any) -> None:
        key = getattr(event, "replaces", None)
        with self._lock:
            if key is not None:
                self._events.pop(self._latest.get(key, -1), None)
                self._latest[key] = self._next
            self._events[self._next] = event
            self._next += 1
        self.version += 1


class JobQueue:
    """Steps jobs in turn, one event of each, in a thread of its own."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turns: deque[Job] = deque()
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._awake = threading.Condition()
        threading.Thread(target=self._work, name="heatcheck-device", daemon=True).start()

    def submit(
        self, stream: Callable[[], Iterator[Any]], owner: str, about: Any = None, beside: Collection[str] = ()
    ) -> Job:
        """Puts a stream in line; what its owner asked for before is cancelled, but for the jobs named ``beside``."""
        job = Job(stream, owner, about)
        with self._awake:
            for earlier in self._jobs.values():
                earlier.cancelled = earlier.cancelled or (earlier.owner == owner and earlier.id not in beside)
            ended = sorted(
                (known for known in self._jobs.values() if known.finished), key=lambda known: known.looked_at
            )
            for known in ended[: max(0, len(ended) - KEPT_JOBS)]:
                del self._jobs[known.id]
            self._jobs[job.id] = job
            self._turns.append(job)
            self._awake.notify()
        return job

    def get(self, job: str) -> Job | None:
        """The job of that id, as long as it is kept."""
        return self._jobs.get(job)

    def cancel(self, job: str) -> None:
        """Ends a job before its next step; what it has yielded stays."""
        found = self.get(job)
        if found:
            found.cancelled = True

    def call(self, ask: Callable[[], Result], timeout: float = 30.0) -> Result:
        """The answer to something short, asked of the device between two steps.

        Raises
        ------
        TimeoutError
            Where the device does not come round in time.
        """
        answer: Future[Result] = Future()
        with self._awake:
            self._calls.append((ask, answer))
            self._awake.notify()
        try:
            return answer.result(timeout)
        finally:
            answer.cancel()

    def _work(self) -> None:
        while True:
            with self._awake:
                self._awake.wait_for(lambda: self._turns or self._calls)
                call = self._calls.popleft() if self._calls else None
                job = None if call else self._turns.popleft()
            if call:
                answer_call(*call)
            if job:
                self._step(job)

    def _step(self, job: Job) -> None:
        unwatched = time.monotonic() - job.looked_at > UNWATCHED_SECONDS
        if job.cancelled or unwatched:
            job.finish("cancelled")
            return
        job.step()
        if not job.finished:
            with self._awake:
                self._turns.append(job)


def answer_call(ask: Callable[[], Any], answer: Future[Any]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(ask())
    except Exception as error:
        answer.set_exception(error)


def sentence(error: Exception) -> str:
    """What a person is told: our own sentences as they are, anything else by its kind only."""
    if type(error).__module__.startswith("core.") or isinstance(error, ValueError):
        return str(error)
    return f"The run failed with {type(error).__name__}; the log has the details."


def _nothing() -> Iterator[Any]:
    return iter(())
