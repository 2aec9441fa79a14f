"""Processes that share a study's tasks: one thread each, as many as there are cores.

Threads of one training wait for each other, and on a busy machine two of them take 3 to 13 times as long as one;
separate trainings never wait.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

import torch

from core.models.sources import ModelError
from core.retraining.clock import Clock

SECONDS_OF_A_STEP = 0.05
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MKL_NUM_THREADS": "1"}
WORKER = "core.retraining.worker"
Told = Mapping[str, Any]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def own_environment() -> dict[str, str]:
    """The environment of a process of one thread that imports what this one does."""
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


class Workers:
    """The processes of a study; all end when they are closed.

    Parameters
    ----------
    count
        How many; as many as there are cores on a CPU, and one on a GPU, unless given.
    clock
        Kept after each task, where somebody wants to know how long all of them take.
    begins
        Called before tasks are given, where there are some.

    Attributes
    ----------
    ready
        Whether one of them has started; it takes seconds until they have imported what they need.
    """

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        count: int | None = None,
        clock: Clock | None = None,
        begins: Callable[[], object] = lambda: None,
    ) -> None:
        self._command = [sys.executable, "-m", WORKER, str(folder), str(device)]
        self._count = count or (cores() if device.type == "cpu" else 1)
        self._clock, self._begins = clock, begins
        self.ready = False
        self._told: Queue[tuple[int, Told | None]] = Queue()
        self._processes: list[subprocess.Popen[str]] = []
        self._errors: list[IO[str]] = []
        self._files = ExitStack()
        self._listeners: list[Thread] = []

    def __enter__(self) -> Self:
        try:
            for _ in range(self._count):
                self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for process in self._processes:
            process.kill()  # what is in hand is done anew; all else is on the disk
        for process in self._processes:
            process.wait()
        for listener in self._listeners:
            listener.join()
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # a task that a dead process never read is still in the pipe
                    if pipe:
                        pipe.close()
        self._files.close()

    def share(self, tasks: Sequence[Told]) -> Iterator[Told | None]:
        """What the processes tell of the tasks, and nothing now and then, until all are done.

        Raises
        ------
        ModelError
            Where a process ends, or a task fails, with the reason.
        """
        waiting, running = deque(tasks), 0
        if waiting:
            self._begins()
        for place in range(min(self._count, len(waiting))):
            self._give(place, waiting.popleft())
            running += 1
        while running:
            try:
                place, told = self._told.get(timeout=SECONDS_OF_A_STEP)
            except Empty:
                yield None
                continue
            if told is None:
                raise ModelError(f"A training process ended: {self._last_words(place)}")
            if "error" in told:
                raise ModelError(f"A training failed. {told['error']}")
            if "ready" in told:
                self.ready = True
                continue
            if "done" in told:
                running -= 1
                if self._clock:
                    self._clock.keep()
                if waiting:
                    self._give(place, waiting.popleft())
                    running += 1
            yield told

    def _start(self) -> None:
        place = len(self._processes)
        said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the processes
        self._errors.append(self._files.enter_context(said))
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors[-1],
            text=True,
            env=own_environment(),
        )
        self._processes.append(process)
        self._listeners.append(Thread(target=self._listen, args=(place, process), daemon=True))
        self._listeners[-1].start()

    def _listen(self, place: int, process: subprocess.Popen[str]) -> None:
        try:
            for line in process.stdout or ():
                self._told.put((place, json.loads(line)))
        finally:
            self._told.put((place, None))

    def _give(self, place: int, task: Told) -> None:
        pipe = self._processes[place].stdin
        if pipe is None:
            raise ModelError("A training process has no input.")
        try:
            pipe.write(json.dumps(task) + "\n")
            pipe.flush()
        except OSError:
            raise ModelError(f"A training process ended: {self._last_words(place)}") from None

    def _last_words(self, place: int) -> str:
        self._processes[place].wait()
        self._errors[place].seek(0)
        lines = self._errors[place].read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self._processes[place].returncode}."
