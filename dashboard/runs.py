"""Runs as the page reads them: a job in the queue, or the sample that ships with HeatCheck. One path for both."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

from safetensors.torch import load_file

import core
from core.assets import ASSETS
from core.jobs.queue import Job
from core.methods.heatmap import Heatmap, HeatmapReady
from core.pictures.rendering import to_png
from dashboard.messages import Message, to_message
from dashboard.workshop import DEFAULT_MODEL, Asked, look, queue, shelf

SAMPLE = "sample"
SAMPLE_FOLDER = ASSETS / "sample"
SECONDS_FOR_THE_MODEL = 30


class NotThere(Exception):
    """What was asked for is not kept (any more); the message says what to do."""


class Superseded(NotThere):
    """A rough heatmap whose better one has come."""


class Run(Protocol):
    """A run that a page can show."""

    @property
    def id(self) -> str: ...

    @property
    def asked(self) -> Asked: ...

    @property
    def title(self) -> str:
        """Of the picture."""

    @property
    def finished(self) -> bool: ...

    @property
    def version(self) -> int:
        """Grows with every change."""

    def state(self) -> Message: ...

    def since(self, first: int) -> tuple[int, list[Message]]:
        """Messages from a sequence number on, and the number to ask from next."""

    def values(self, sequence: int) -> Any:
        """The heatmap of that sequence number."""

    def crop(self) -> bytes:
        """What the model saw, as PNG."""

    def perturbed(self, method: str, order: str, fraction: float) -> bytes:
        """What it saw with that share removed, as PNG."""


@dataclass(frozen=True)
class LiveRun:
    """A job in the queue."""

    job: Job

    @property
    def id(self) -> str:
        return str(self.job.id)

    @property
    def asked(self) -> Asked:
        return self.job.about.asked

    @property
    def title(self) -> str:
        return self.job.about.title

    @property
    def finished(self) -> bool:
        return self.job.finished

    @property
    def version(self) -> int:
        return self.job.version

    def state(self) -> Message:
        return {"state": self.job.state, "seconds": round(self.job.seconds, 1), "error": self.job.error}

    def since(self, first: int) -> tuple[int, list[Message]]:
        events = self.job.since(first)
        return following(first, number_messages(events, self.job.about.classifier.labels))

    def values(self, sequence: int) -> Any:
        return self._heatmap(lambda number, _: number == sequence).values

    def crop(self) -> bytes:
        return to_png(self.job.about.pixels[0])

    def perturbed(self, method: str, order: str, fraction: float) -> bytes:
        values = self._heatmap(lambda _, event: event.heatmap.method == method and event.final).values
        about = self.job.about
        return render_perturbed(about.classifier, about.pixels, values, order, fraction, self.asked)

    def _heatmap(self, wanted: Callable[[int, HeatmapReady], bool]) -> Heatmap:
        for number, event in self.job.since(0):
            if isinstance(event, HeatmapReady) and wanted(number, event):
                return event.heatmap
        raise Superseded("This heatmap is not kept any more; a better one has come, or it never was.")


@dataclass(frozen=True)
class SampleRun:
    """A finished run, computed beforehand by ``assets/rebuild_sample.py``."""

    folder: Path
    id: str = SAMPLE
    finished: bool = True
    version: int = 0

    @cached_property
    def _told(self) -> dict[str, Any]:
        return json.loads((self.folder / "messages.json").read_text())

    @cached_property
    def _maps(self) -> dict[str, Any]:
        return load_file(self.folder / "maps.safetensors")

    @cached_property
    def asked(self) -> Asked:
        told = self._told["asked"]
        return Asked(**{**told, "methods": tuple(told["methods"])})

    @property
    def title(self) -> str:
        return self._told["title"]

    @property
    def top(self) -> tuple[core.Prediction, ...]:
        return tuple(core.Prediction(**entry) for entry in self._told["top"])

    def state(self) -> Message:
        return self._told["state"]

    def since(self, first: int) -> tuple[int, list[Message]]:
        return following(first, [message for message in self._told["messages"] if message["sequence"] >= first])

    def values(self, sequence: int) -> Any:
        if str(sequence) not in self._maps:
            raise NotThere("The sample has no such heatmap.")
        return self._maps[str(sequence)].float() * self._told["scales"][str(sequence)]

    def crop(self) -> bytes:
        return (self.folder / "crop.png").read_bytes()

    def perturbed(self, method: str, order: str, fraction: float) -> bytes:
        classifier = shelf.ask(DEFAULT_MODEL).wait(SECONDS_FOR_THE_MODEL)
        if classifier is None:
            raise NotThere("The model is not there yet. Try again in a moment.")
        pixels = look(DEFAULT_MODEL, self.asked.picture).pixels
        number = next((m["sequence"] for m in self._told["messages"] if is_map_of(m, method)), -1)
        return render_perturbed(classifier, pixels, self.values(number), order, fraction, self.asked)


def number_messages(events: Iterable[tuple[int, Any]], labels: Sequence[str]) -> list[Message]:
    """What the page is told, each with the number of its event."""
    return [{"sequence": number, **to_message(event, labels)} for number, event in events]


def following(first: int, messages: list[Message]) -> tuple[int, list[Message]]:
    return (messages[-1]["sequence"] + 1 if messages else first), messages


def is_map_of(message: Message, method: str) -> bool:
    return message["kind"] == "heatmap" and message["method"] == method


def render_perturbed(classifier: Any, pixels: Any, values: Any, order: str, fraction: float, asked: Asked) -> bytes:
    def work() -> Any:
        return core.perturbed(classifier, pixels, values, order, fraction, asked.imputer, asked.seed)

    return to_png(queue().call(work))


@cache
def sample() -> SampleRun | None:
    return SampleRun(SAMPLE_FOLDER) if (SAMPLE_FOLDER / "messages.json").is_file() else None


def find_run(name: str) -> Run:
    """The run of that id.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    if name == SAMPLE and (shipped := sample()):
        return shipped
    if job := queue().get(name):
        return LiveRun(job)
    raise NotThere("That run is no longer kept here. Press Explain to make it again.")


def find_runs(names: str) -> list[Run]:
    """The runs that an address names, side by side.

    Raises
    ------
    NotThere
        If one of them is not.
    """
    return [find_run(name) for name in names.split(",")]


def address_of(runs: Iterable[Run]) -> str:
    return ",".join(run.id for run in runs)


def collect(run: Run, kind: str) -> Iterable[Message]:
    """All messages of a kind, the latest last."""
    return (message for message in run.since(0)[1] if message["kind"] == kind)
