"""The units of a study on Ray: workers that hold a model each and compute; whoever asks counts tries and writes.

A worker reads the study's pictures and its model's weights by the names in the study's file, so these must be found
under the same names on every machine. It writes nothing, so a lost worker costs the two blocks that it had.
"""

import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from core.jobs.events import Progress
from core.models.catalogue import chosen_device, load_classifier
from core.models.classifier import Classifier
from core.studies.dispatch import IN_FLIGHT, Dispatch
from core.studies.parts import Finished, Part, about, judged, study_of
from core.studies.runs import this_run
from core.studies.spec import StudySpec
from core.studies.store import Key, Value
from core.studies.study import Refusal
from core.studies.unit import name_of

HERE = "127.0.0.1"
ONLY_HERE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Read when Ray is imported: without it 127.0.0.1 is replaced by an address that other machines can reach (2.60)."""
STARTS = 3
"""Times that a worker may fail to load its model in a row."""
PATIENCE = 1.0
"""Seconds after which a reader hears that nothing new has come, and may cancel."""
ANSWER_SECONDS = 10
"""Within which a cluster answers; Ray itself asks an address at which there is none for minutes (2.60)."""
PAUSE = 0.5
"""Seconds before a worker that is starting again is asked again."""
SHARED = {"version": "another version of HeatCheck", "weights": "other weights", "names": "other pictures"}
"""What must be the same everywhere, so that a place in the plan means one picture."""
MISSING = "Ray is not installed: pip install 'heatcheck[cluster]'."


class Assignment(NamedTuple):
    """The part that a worker computes; see :class:`core.studies.parts.Part`."""

    model: str
    seed: int
    first: int
    total: int


@dataclass(frozen=True)
class WorkerReady:
    """A worker that has loaded its model.

    Parameters
    ----------
    about
        Its model and its pictures; see :func:`core.studies.parts.about`.
    run
        Its versions and what computes it; see :func:`core.studies.runs.this_run`.
    """

    about: Mapping[str, Any]
    run: Mapping[str, str]


@dataclass(frozen=True)
class Quarantined:
    """A unit that is given up after three tries, with the error of the last one."""

    place: int
    error: str


class Forgotten(Exception):
    """A worker was started again since it loaded its model."""


class Gathering:
    """What a worker has in place of the store: it reads that of its machine, if any, and gathers what is new."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._added: dict[str, dict[Key, Value]] = {}

    def known(self, subject: str) -> dict[Key, Value]:
        """What is known of a subject."""
        return {**self._kept(subject), **self._added.get(subject, {})}

    def _kept(self, subject: str) -> dict[Key, Value]:
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
                wanted = "SELECT method, name, value FROM entries WHERE subject = ?"
                return {(method, name): value for method, name, value in opened.execute(wanted, (subject,))}
        except sqlite3.Error:  # on another machine there is none
            return {}

    def keep(self, subject: str, found: Mapping[Key, Value]) -> None:
        """Adds what is new of a subject."""
        self._added[subject] = {**found, **self._added.get(subject, {})}

    def taken(self) -> tuple[tuple[str, Mapping[Key, Value]], ...]:
        """All that is new since the last time."""
        found = tuple(self._added.items())
        self._added = {}
        return found


class Worker:
    """Holds a model and computes units; made at once, since the time that a worker takes to start is not its try."""

    def __init__(self, spec: str, device: str, store: str) -> None:
        self._spec, self._device = StudySpec.from_toml(spec), device
        self._store = Gathering(Path(store))
        self._classifier: tuple[str, Classifier] | None = None
        self._part: Part | None = None

    def begin(self, assignment: Assignment) -> WorkerReady:
        """Loads the model of a part, if it is another one."""
        model, seed, first, total = assignment
        if self._classifier is None or self._classifier[0] != model:
            self._classifier = model, load_classifier(model, self._device)
        classifier = self._classifier[1]
        pictures = self._spec.pictures(classifier.dataset)
        name = name_of(classifier)
        self._part = Part(study_of(self._spec, classifier, pictures, seed), pictures, model, name, first, total)
        return WorkerReady(about(classifier, pictures), this_run(chosen_device(self._device)))

    def judge(self, places: Sequence[int]) -> list[Finished | Refusal]:
        """The units of these pictures, and before each what its picture lacks.

        Raises
        ------
        Forgotten
            Where it has no model.
        """
        if self._part is None:
            raise Forgotten
        found: list[Finished | Refusal] = []
        for place in places:
            judging = judged(self._part, place, self._store, self._spec.maps)
            while True:
                try:
                    event = next(judging)
                except StopIteration as ended:
                    found.append(replace(ended.value, entries=self._store.taken()))
                    break
                if not isinstance(event, Progress):
                    found.append(event)
        return found


class Flight(NamedTuple):
    """A block of pictures that a worker has."""

    ref: Any
    block: list[int]


@dataclass(eq=False)
class Member:
    """A worker as it is seen from here.

    Parameters
    ----------
    flights
        In the order in which it computes them.
    starting
        The answer that it has loaded its model, which is waited for.
    """

    actor: Any
    flights: deque[Flight] = field(default_factory=deque)
    starting: Any = None
    starts: int = 0
    again_at: float = 0.0


class Cluster:
    """Workers on Ray, and the units that they compute.

    Parameters
    ----------
    workers
        As many as there are GPUs, else CPUs, if not given.
    """

    def __init__(self, ray: Any, spec: StudySpec, device: str, store: Path, workers: int | None) -> None:
        self._ray = ray
        found = ray.cluster_resources()
        gpus = int(found.get("GPU", 0)) if device in ("auto", "cuda") else 0
        count = workers or gpus or max(1, int(found.get("CPU", 1)))
        needs = {"num_cpus": 1, "num_gpus": 1 if gpus else 0}
        kind = ray.remote(max_restarts=-1, max_task_retries=0, **needs)(Worker)
        self._members = [Member(kind.remote(spec.to_toml(), device, str(store))) for _ in range(count)]

    def close(self) -> None:
        """Ends the workers, wherever they are."""
        for member in self._members:
            self._ray.kill(member.actor, no_restart=True)

    def units(
        self, part: Part, places: Sequence[int]
    ) -> Generator[Progress | Refusal | WorkerReady | Finished | Quarantined, None, None]:
        """The units of a part in the order in which they are finished.

        Raises
        ------
        ValueError
            Where no worker can load the model, or one would compute something else.
        """
        assignment = Assignment(part.model, part.seed, part.first, part.total)
        work = Dispatch(places, len(self._members))
        error = ""
        for member in self._members:
            member.starts, member.starting = 0, member.actor.begin.remote(assignment)
        while work.left:
            self._hand_out(work, assignment)
            waiting = [flight.ref for member in self._members for flight in member.flights]
            waiting += [member.starting for member in self._members if member.starting is not None]
            if not waiting and all(member.starts >= STARTS for member in self._members):
                raise ValueError(f"No worker could load {part.model}: {error}")
            ready = self._ray.wait(waiting, num_returns=1, timeout=PATIENCE)[0] if waiting else []
            if not ready:
                if not waiting:
                    time.sleep(PAUSE)
                done = part.first + len(part.pictures) - work.left
                yield Progress(done, part.total, self._words(), "picture")
            for member in [each for each in self._members if {*ready} & {each.starting, *self._refs(each)}]:
                if member.starting in ready:
                    error = (yield from self._started(member, part)) or error
                else:
                    yield from self._arrived(member, work, part)

    def _words(self) -> str:
        at_work = sum(bool(member.flights) for member in self._members)
        return f"{at_work} of {len(self._members)} workers at work"

    def _refs(self, member: Member) -> list[Any]:
        return [flight.ref for flight in member.flights]

    def _hand_out(self, work: Dispatch, assignment: Assignment) -> None:
        """Blocks for all that can take one, the idle first; and another start for who has lost its model."""
        now = time.monotonic()
        for member in self._members:
            if member.starting is None and member.again_at and member.again_at <= now and member.starts < STARTS:
                member.starting, member.again_at = member.actor.begin.remote(assignment), 0.0
        for depth in range(IN_FLIGHT):
            for member in self._members:
                if member.starting is not None or member.again_at or len(member.flights) != depth:
                    continue
                if not any(work.is_retry(flight.block) for flight in member.flights):
                    block = work.next_block(idle=not depth)
                    if block:
                        member.flights.append(Flight(member.actor.judge.remote(block), block))

    def _started(self, member: Member, part: Part) -> Generator[WorkerReady, None, str]:
        """Takes note that a worker has loaded its model, or of why not."""
        from ray.exceptions import ActorUnavailableError, RayError

        answer, member.starting = member.starting, None
        try:
            ready: WorkerReady = self._ray.get(answer)
        except ActorUnavailableError:  # it is starting again
            member.again_at = time.monotonic() + PAUSE
            return ""
        except RayError as error:
            member.starts, member.again_at = member.starts + 1, time.monotonic() + PAUSE
            return in_a_sentence(error)
        own = {**about(part.study.classifier, part.pictures), "version": version("heatcheck")}
        theirs = {**ready.about, "version": ready.run["heatcheck"]}
        for name, words in SHARED.items():
            if own[name] != theirs[name]:
                raise ValueError(f"A worker has {words} than this machine. Use the same on all.")
        member.starts = 0
        yield ready
        return ""

    def _arrived(self, member: Member, work: Dispatch, part: Part) -> Iterator[Finished | Refusal | Quarantined]:
        """What a worker has finished; where it is lost, the block in its hands failed and the other goes to another."""
        from ray.exceptions import RayError, RayTaskError

        while member.flights and self._ray.wait(self._refs(member)[:1], timeout=0)[0]:
            ref, block = member.flights.popleft()
            try:
                found: list[Finished | Refusal] = self._ray.get(ref)
            except Forgotten:
                member.flights.appendleft(Flight(ref, block))
                self._begin_again(member, work)
                return
            except RayTaskError as error:  # an error of the program, not of its machine
                yield from self._lost(work, block, in_a_sentence(error), part)
                continue
            except RayError as error:
                yield from self._lost(work, block, f"Its worker was lost. {in_a_sentence(error)}", part)
                self._begin_again(member, work)
                return
            units = [each for each in found if isinstance(each, Finished)]
            new = {*work.finished([each.place for each in units], sum(each.seconds for each in units))}
            yield from (each for each in found if not isinstance(each, Finished) or each.place in new)

    def _begin_again(self, member: Member, work: Dispatch) -> None:
        """Gives to others what a worker has not begun, and has it load its model anew."""
        for flight in member.flights:
            work.given_back(flight.block)
        member.flights.clear()
        member.again_at = time.monotonic() + PAUSE

    def _lost(self, work: Dispatch, block: Sequence[int], error: str, part: Part) -> Iterator[Quarantined]:
        for place, told in work.failed(block, error):
            yield Quarantined(part.first + place, told)


def in_a_sentence(error: Exception) -> str:
    """What went wrong, without the stack of another machine."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return f"{type(cause).__name__}: {lines[-1] if lines else ''}"


@contextmanager
def joined(address: str, spec: StudySpec, device: str, store: Path, workers: int | None = None) -> Iterator[Cluster]:
    """Workers on a cluster while it lasts.

    Parameters
    ----------
    address
        ``local`` starts a cluster that only this machine can reach, ``auto`` finds the one that it belongs to, else
        that of a cluster.

    Raises
    ------
    ValueError
        Where Ray is not installed, or there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == "local":
        for name, value in ONLY_HERE.items():
            os.environ.setdefault(name, value)
        if not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH"} & {*os.environ}:
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # or Ray writes one into the home folder
    try:
        import ray
    except ImportError:
        raise ValueError(MISSING) from None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == "local":
            cores, gpus = workers or available_cores(), torch.cuda.device_count()
            ray.init(num_cpus=cores, num_gpus=gpus, include_dashboard=False, _node_ip_address=HERE, **quiet)
        else:
            expect_answer(address)
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError) as error:
        where = "Ray finds no cluster" if address == "auto" else f"There is no Ray cluster at {address}"
        raise ValueError(
            f"{where} ({in_a_sentence(error)}). Start one with `ray start --head`, or use --ray local."
        ) from error
    try:
        cluster = Cluster(ray, spec, device, store, workers)
        try:
            yield cluster
        finally:
            cluster.close()
    finally:
        ray.shutdown()


def expect_answer(address: str) -> None:
    """Asks a cluster whether it is well, in a process of its own, which can be ended.

    Raises
    ------
    ConnectionError
        Where it is not, does not let this process in, or does not answer.
    """
    there = [] if address == "auto" else ["--address", address]
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", *there]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ConnectionError(f"nothing answers there within {ANSWER_SECONDS} s") from None
    if asked.returncode:
        raise ConnectionError(asked.stderr.strip().splitlines()[-1] if asked.stderr.strip() else "it is not well")


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
