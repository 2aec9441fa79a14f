"""A job as a page reads it: one in the queue, or a finished one in a folder."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import pandas as pd
from safetensors.torch import load_file
from torch import Tensor

from core.jobs.queue import Job
from core.models.classifier import Prediction
from dashboard.jobs.kinds import I, JobKind, R
from dashboard.jobs.messages import Message, to_message
from dashboard.jobs.requests import restored
from dashboard.library.absence import NotThere
from dashboard.library.queue import queue

E = TypeVar("E")
MESSAGES, MAPS, CROP = "messages.json", "maps.safetensors", "crop.png"
"""What a stored job's folder holds; a table of it is a Parquet file by the table's name."""


class Superseded(NotThere):
    """A rough heatmap whose better one has come."""


class JobView(ABC, Generic[R, I]):
    """What a page, a route or a follow-up may ask of a job."""

    sample: ClassVar[bool]
    kind: JobKind[R, I]
    id: str

    @property
    @abstractmethod
    def request(self) -> R:
        """What was asked."""

    @property
    @abstractmethod
    def finished(self) -> bool:
        """Whether nothing more will come."""

    @property
    @abstractmethod
    def version(self) -> tuple[int, ...]:
        """Another one after every change."""

    @abstractmethod
    def inputs(self) -> I:
        """What it is made on.

        Raises
        ------
        NotThere
            If that can't be looked up now.
        """

    @abstractmethod
    def state(self) -> Message:
        """Its state, the seconds it has taken, in how many parts it counted, why it failed if it did, and with how many
        others it takes turns.
        """

    @abstractmethod
    def numbered(self, first: int = 0, *kinds: type[object]) -> list[Message]:
        """The messages from a sequence number on, of these kinds of event or of all."""

    @abstractmethod
    def events(self, kind: type[E]) -> Iterator[E]:
        """The events of a kind that it still holds; a stored job has let go of them."""

    @abstractmethod
    def heatmap(self, sequence: int) -> Tensor:
        """The values of the heatmap that the message of that number tells of.

        Raises
        ------
        NotThere
            If there is none; ``Superseded`` if a better one may have taken its place.
        """

    @abstractmethod
    def crop(self) -> bytes:
        """What the model sees of the picture, as PNG.

        Raises
        ------
        NotThere
            If the job is not about one picture.
        """

    @abstractmethod
    def table(self, name: str) -> pd.DataFrame:
        """One of the kind's tables or files, as far as the job is."""

    @property
    @abstractmethod
    def answers(self) -> Sequence[Prediction]:
        """What the model said of the picture, the likeliest class first, if it is about one as it is."""

    def messages(self, *kinds: type[object]) -> list[Message]:
        """All messages of these kinds of event, the latest last."""
        return self.numbered(0, *kinds)

    def since(self, first: int) -> tuple[int, list[Message]]:
        """Messages from a sequence number on, and the number to ask from next."""
        messages = self.numbered(first)
        return (messages[-1]["sequence"] + 1 if messages else first), messages


@dataclass(frozen=True, eq=False)
class Submitted(Generic[R, I]):
    """What goes into the queue with a job."""

    kind: JobKind[R, I]
    request: R
    inputs: I
    seconds: float | None = None
    """About how long it takes, if that is known before."""
    together: Sequence[str] = ()
    """The jobs that were started by one click, in their order; this one's name among them."""


class QueuedJob(JobView[R, I]):
    """A job in the queue."""

    sample = False

    def __init__(self, job: Job) -> None:
        self._job = job
        self._submitted: Submitted[R, I] = job.about
        self.kind = self._submitted.kind
        self.id = job.id

    @property
    def owner(self) -> str:
        """Who may cancel it; a secret, which no message or address tells."""
        return self._job.owner

    @property
    def seconds_planned(self) -> float | None:
        """About how long it takes with the device to itself, if that was known before."""
        return self._submitted.seconds

    @property
    def together(self) -> Sequence[str]:
        """The names of the jobs that one click has started, this one's among them."""
        return self._submitted.together or [self.id]

    @property
    def request(self) -> R:
        return self._submitted.request

    @property
    def finished(self) -> bool:
        return self._job.finished

    @property
    def version(self) -> tuple[int, ...]:
        return self._job.version, queue().others(self._job)

    def inputs(self) -> I:
        return self._submitted.inputs

    def state(self) -> Message:
        job = self._job
        others = 0 if job.finished else queue().others(job)
        known = {"seconds": round(job.seconds, 1), "parts": job.parts, "error": job.error, "others": others}
        return {"state": job.state, **known}

    def numbered(self, first: int = 0, *kinds: type[object]) -> list[Message]:
        labels = self.inputs().labels
        return [
            {"sequence": number, **to_message(event, labels)}
            for number, event in self._job.since(first)
            if not kinds or isinstance(event, kinds)
        ]

    def events(self, kind: type[E]) -> Iterator[E]:
        return (event for _, event in self._job.since(0) if isinstance(event, kind))

    def heatmap(self, sequence: int) -> Tensor:
        event = next((event for number, event in self._job.since(sequence) if number == sequence), None)
        heatmap = getattr(event, "heatmap", None)
        if heatmap is None:
            raise Superseded("This heatmap does not exist, or a better one has replaced it.")
        values: Tensor = heatmap.values
        return values

    def crop(self) -> bytes:
        return self.inputs().crop()

    @property
    def answers(self) -> Sequence[Prediction]:
        return self.inputs().answers

    def table(self, name: str) -> pd.DataFrame:
        return self.kind.saved[name](self)


class StoredJob(JobView[R, I]):
    """A finished job in a folder: the messages that it sent, its maps and tables.

    :func:`dashboard.jobs.storing.store` writes them. Today these are the samples that ship with HeatCheck.
    """

    sample = True
    finished = True
    version = ()

    def __init__(self, kind: JobKind[R, I], folder: Path, name: str) -> None:
        self.kind = kind
        self.id = name
        self.folder = folder

    @cached_property
    def _written(self) -> dict[str, Any]:
        written: dict[str, Any] = json.loads((self.folder / MESSAGES).read_text(encoding="utf-8"))
        return written

    @cached_property
    def _maps(self) -> dict[str, Tensor]:
        file = self.folder / MAPS
        return load_file(file) if file.is_file() else {}

    @cached_property
    def request(self) -> R:
        return restored(self.kind.request, self._written["request"])

    @property
    def answers(self) -> Sequence[Prediction]:
        return tuple(Prediction(**each) for each in self._written.get("top", ()))

    def inputs(self) -> I:
        return self.kind.inputs(self.request)

    def state(self) -> Message:
        state: Message = self._written["state"]
        return state

    def numbered(self, first: int = 0, *kinds: type[object]) -> list[Message]:
        names = {kind.__name__ for kind in kinds}
        return [
            message
            for message in self._written["messages"]
            if message["sequence"] >= first and (not names or message["kind"] in names)
        ]

    def events(self, kind: type[E]) -> Iterator[E]:  # noqa: ARG002 - it holds none of any kind
        return iter(())

    def heatmap(self, sequence: int) -> Tensor:
        if str(sequence) not in self._maps:
            raise NotThere("The sample has no such heatmap.")
        scale: float = self._written["scales"][str(sequence)]
        return self._maps[str(sequence)].float() * scale

    def crop(self) -> bytes:
        file = self.folder / CROP
        if not file.is_file():
            raise NotThere("The sample covers many pictures, so there is no single crop.")
        return file.read_bytes()

    def table(self, name: str) -> pd.DataFrame:
        file = self.folder / f"{name}.parquet"
        return pd.read_parquet(file) if file.is_file() else self.kind.saved[name](self)
