"""One queue owns one device: runs are generators, stepped in turn by a single thread.

So several people share a device fairly, hooks never race, and cancelling means closing a generator. A run's events are
kept with it, so that a page that reloads finds them all.

A job is a request for a run and belongs to its submitter: anybody who knows its id can read it, but only its owner can
end it. Jobs with equal requests share one run, which continues until the last of their owners has left it.
"""

import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from core.jobs.run import Run, State

Result = TypeVar("Result")
UNWATCHED_SECONDS = 30.0
KEPT_OF_ONE, KEPT_RUNS = 16, 24
"""What is kept once it is finished: jobs of one owner, and runs in total.

The total bounds memory: an explanation by all methods holds about 36 MB of maps at 224 x 224, so all of them stay
within a gigabyte. A job also keeps its network in memory, and the number of those is bounded by this as well.
"""
GONE_SECONDS = 600.0
"""An owner who has looked at none of their jobs for this long, and for whom nothing is on its way, has left."""


class Job:
    """A request for a run.

    Parameters
    ----------
    owner
        Its owner's secret name, which is shown to nobody.
    lane
        What it competes for: a later job of the same owner in the same lane replaces it.
    same
        Equal for jobs with equal requests; None for a job that shares its run with no other.
    about
        Anything the submitter needs to identify what the events belong to.
    outlives_its_reader
        Whether it continues when nobody has looked at it for a while.
    """

    def __init__(
        self, run: Run, owner: str, lane: str, same: Hashable | None, about: Any, outlives_its_reader: bool
    ) -> None:
        self.id = uuid.uuid4().hex
        self.run = run
        self.owner = owner
        self.lane = lane
        self.same = same
        self.about = about
        self.outlives_its_reader = outlives_its_reader
        self._looked_at = time.monotonic()

    @property
    def state(self) -> State:
        """The state of its run."""
        return self.run.state

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        return self.run.error

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self.run.version

    @property
    def parts(self) -> int:
        """How many parts of its run have counted, each for itself."""
        return self.run.parts

    @property
    def seconds(self) -> float:
        """Time since the first step, or between the first and the last."""
        return self.run.seconds

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.run.finished

    @property
    def cancelled(self) -> bool:
        """Whether it was ended before it was done."""
        return self.state == "cancelled"

    @property
    def abandoned(self) -> bool:
        """Whether nobody has looked at it for a while, if it needs a reader."""
        return not self.outlives_its_reader and time.monotonic() - self._looked_at > UNWATCHED_SECONDS

    @property
    def seen_at(self) -> float:
        """When it was last looked at, or when it ended if that was later."""
        return max(self._looked_at, self.run.ended)

    def since(self, number: int = 0) -> list[tuple[int, Any]]:
        """The events from this sequence number on; reading them counts as watching."""
        self._looked_at = time.monotonic()
        return self.run.since(number)


class JobQueue:
    """Steps runs in turn, one event each, in a thread of its own."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turns: deque[Run] = deque()
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._awake = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="heatcheck-device", daemon=True)
        self._worker.start()

    def close(self, patience: float = 10.0) -> None:
        """Stops after the current step. A process that ends in the middle of one of torch's passes is aborted."""
        with self._awake:
            self._closed = True
            self._awake.notify()
        self._worker.join(patience)

    def submit(
        self,
        stream: Callable[[], Iterator[Any]],
        owner: str,
        about: Any = None,
        *,
        lane: str = "",
        same: Hashable | None = None,
        beside: Collection[str] = (),
        outlives_its_reader: bool = False,
    ) -> Job:
        """Puts a stream in line, unless a job with an equal request has a run to share.

        Its owner's jobs in that lane are cancelled, except those named in ``beside``.
        """
        with self._awake:
            run = self._run_of(same)
            job = Job(run or Run(stream), owner, lane, same, about, outlives_its_reader)
            here = {owner, *(known.owner for known in self._unfinished())}
            finished = [known for known in self._jobs.values() if known.finished and known.run is not run]
            for known in too_many(finished, here):
                del self._jobs[known.id]
            self._jobs[job.id] = job
            for earlier in self._unfinished():
                if (earlier.owner, earlier.lane) == (owner, lane) and earlier.id not in (job.id, *beside):
                    self._leave(earlier)
            if run is None:
                self._turns.append(job.run)
                self._awake.notify()
        return job

    def get(self, job: str) -> Job | None:
        """The job with that id, as long as it is kept."""
        return self._jobs.get(job)

    def running(self, owner: str) -> list[Job]:
        """An owner's waiting and running jobs, the oldest first."""
        with self._awake:
            return [job for job in self._unfinished() if job.owner == owner]

    def others(self, job: Job) -> int:
        """How many other runs the device has: those ahead of a waiting job, all of them for a running one."""
        with self._awake:
            runs = {id(each.run): each.run for each in self._unfinished() if each.run is not job.run}
        waits = job.state == "queued"
        return sum(run.submitted < job.run.submitted or not waits for run in runs.values())

    def cancel(self, job: str, owner: str) -> bool:
        """Ends a job of that owner at once; the events that it has yielded stay. A shared run continues for the others.

        Returns
        -------
        bool
            Whether there is such a job of theirs; nothing happens to another's.
        """
        with self._awake:
            found = self.get(job)
            if found is None or found.owner != owner:
                return False
            self._leave(found)
        return True

    def call(self, ask: Callable[[], Result], timeout: float = 30.0) -> Result:
        """The answer to a short question, put to the device between two steps.

        Raises
        ------
        TimeoutError
            Where the device is not free in time.
        """
        answer: Future[Result] = Future()
        with self._awake:
            self._calls.append((ask, answer))
            self._awake.notify()
        try:
            return answer.result(timeout)
        finally:
            answer.cancel()

    def _run_of(self, same: Hashable | None) -> Run | None:
        """The run of jobs with an equal request, unless it was cancelled or failed."""
        runs = (job.run for job in self._jobs.values() if same is not None and job.same == same)
        return next((run for run in runs if run.state in ("queued", "running", "done")), None)

    def _unfinished(self) -> list[Job]:
        return [job for job in self._jobs.values() if not job.finished]

    def _leave(self, job: Job) -> None:
        """Ends the job, and its run unless another job shares it."""
        if any(other.run is job.run for other in self._jobs.values() if other is not job):
            job.run = job.run if job.finished else job.run.cut_short()
        else:
            job.run.end("cancelled")

    def _work(self) -> None:
        while True:
            with self._awake:
                self._awake.wait_for(lambda: self._closed or self._turns or self._calls)
                if self._closed:
                    return
                call = self._calls.popleft() if self._calls else None
                run = None if call else self._turns.popleft()
            if call:
                answer_call(*call)
            if run:
                self._step(run)

    def _step(self, run: Run) -> None:
        with self._awake:
            for job in self._unfinished():
                if job.run is run and job.abandoned:
                    self._leave(job)
        if not run.finished:
            run.step()
        if run.finished:
            run.close()
            return
        with self._awake:
            self._turns.append(run)


def too_many(finished: Iterable[Job], here: Collection[str]) -> Iterator[Job]:
    """The jobs to drop, the longest unwatched first: those beyond an owner's share, then those of owners who have left.

    Where nobody has left, it is whoever has most that loses one.

    Parameters
    ----------
    here
        Owners who have certainly not left.
    """
    shares: defaultdict[str, list[Job]] = defaultdict(list)
    for job in sorted(finished, key=lambda job: job.seen_at):
        shares[job.owner].append(job)
    while shares:
        largest = max(shares.values(), key=len)
        runs = {id(job.run) for share in shares.values() for job in share}
        if len(largest) > KEPT_OF_ONE:
            yield largest.pop(0)
        elif len(runs) > KEPT_RUNS:
            past = time.monotonic() - GONE_SECONDS
            left = [own for owner, own in shares.items() if own and owner not in here and own[-1].seen_at < past]
            yield min(left, key=lambda share: share[0].seen_at, default=largest).pop(0)
        else:
            return


def answer_call(ask: Callable[[], Any], answer: Future[Any]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(ask())
    except Exception as error:
        answer.set_exception(error)
