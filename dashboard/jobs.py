"""What the page follows: a job in the queue, or one that ships with HeatCheck, finished. One path for both."""

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import streamlit as st

from core.jobs.queue import Job
from dashboard.messages import Message, to_message
from dashboard.workshop import queue


class NotThere(Exception):
    """What was asked for is not kept (any more); the message says what to do."""


class About(Protocol):
    """What a job is about: whatever it takes to show it."""

    @property
    def labels(self) -> Sequence[str]:
        """Names of the model's classes."""

    @property
    def shown(self) -> Callable[[Job], "LiveJob"]:
        """How the page reads such a job."""


@dataclass(frozen=True)
class LiveJob:
    """A job in the queue."""

    job: Job

    @property
    def id(self) -> str:
        return str(self.job.id)

    @property
    def about(self) -> Any:
        return self.job.about

    @property
    def finished(self) -> bool:
        return self.job.finished

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self.job.version

    def state(self) -> Message:
        return {"state": self.job.state, "seconds": round(self.job.seconds, 1), "error": self.job.error}

    def since(self, first: int) -> tuple[int, list[Message]]:
        """Messages from a sequence number on, and the number to ask from next."""
        return following(first, number_messages(self.job.since(first), self.about.labels))


@dataclass(frozen=True)
class Shipped:
    """A finished job, computed beforehand by ``assets/rebuild_sample.py`` and kept as the messages that it sent."""

    folder: Path
    id: str
    finished: ClassVar[bool] = True
    version: ClassVar[int] = 0

    @classmethod
    def if_there(cls, folder: Path, name: str) -> Self | None:
        """The job that lies in a folder; None where none ships."""
        return cls(folder, name) if (folder / "messages.json").is_file() else None

    @cached_property
    def told(self) -> dict[str, Any]:
        return json.loads((self.folder / "messages.json").read_text())

    def state(self) -> Message:
        return self.told["state"]

    def since(self, first: int) -> tuple[int, list[Message]]:
        return following(first, [message for message in self.told["messages"] if message["sequence"] >= first])


def number_messages(events: Iterable[tuple[int, Any]], labels: Sequence[str]) -> list[Message]:
    """What the page is told, each with the number of its event."""
    return [{"sequence": number, **to_message(event, labels)} for number, event in events]


def following(first: int, messages: list[Message]) -> tuple[int, list[Message]]:
    return (messages[-1]["sequence"] + 1 if messages else first), messages


def collect(shown: LiveJob | Shipped, kind: str) -> Iterator[Message]:
    """All messages of a kind, the latest last."""
    return (message for message in shown.since(0)[1] if message["kind"] == kind)


_SHIPPED: dict[str, Callable[[], Shipped | None]] = {}


def ships_as(name: str) -> Callable[[Callable[[], Shipped | None]], Callable[[], Shipped | None]]:
    """Enters what comes with HeatCheck under the name that stands for a job's."""

    def register(read: Callable[[], Shipped | None]) -> Callable[[], Shipped | None]:
        _SHIPPED[name] = read
        return read

    return register


def find(name: str) -> LiveJob | Shipped:
    """The job of that name, as the page reads it.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    if name in _SHIPPED and (shipped := _SHIPPED[name]()):
        return shipped
    if job := queue().get(name):
        return job.about.shown(job)
    raise NotThere("That run is no longer kept here. Press Explain to make it again.")


def find_kind(kind: Any, name: str, otherwise: str) -> Any:
    """The job of that name, if it is of that kind.

    Raises
    ------
    NotThere
        If it was never here, is no longer kept, or, in the words of ``otherwise``, is of another kind.
    """
    found = find(name)
    if isinstance(found, kind):
        return found
    raise NotThere(otherwise)


def submit(stream: Callable[[], Iterator[Any]], about: About, beside: Collection[str] = (), kind: str = "") -> str:
    """Queues a job of this session, whose earlier ones of that kind end but for those named; its name."""
    owner = st.session_state.setdefault("owner", uuid.uuid4().hex)
    return queue().submit(stream, owner=owner + kind, about=about, beside=beside).id
