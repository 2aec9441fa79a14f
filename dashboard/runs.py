"""Runs of one picture as the page reads them: heatmaps of many methods, and their trial."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from safetensors.torch import load_file

import core
from core.assets import ASSETS
from core.jobs.queue import Job
from core.methods.heatmap import HeatmapReady
from core.models.classifier import Classifier
from core.pictures.rendering import to_png
from core.sanity.randomisation import StageReady
from core.studies.scoring import importance
from dashboard.jobs import LiveJob, NotThere, Shipped, collect, find_kind, ships_as, submit
from dashboard.marks import marks
from dashboard.requests import Asked, restored
from dashboard.workshop import DEFAULT_MODEL, look, queue, shelf

SAMPLE = "sample"
SAMPLE_FOLDER = ASSETS / "sample"
SECONDS_FOR_THE_MODEL = 30


class Superseded(NotThere):
    """A rough heatmap whose better one has come."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A picture as a model sees it."""

    classifier: Classifier
    pixels: Any


@dataclass(frozen=True, eq=False)
class Trial:
    """What a run is about: the request, and what it is made on."""

    asked: Asked
    subject: Subject
    title: str

    @property
    def labels(self) -> Sequence[str]:
        return self.subject.classifier.labels

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveRun


class LiveHeatmaps(LiveJob):
    """Heatmaps of a picture on their way."""

    def crop(self) -> bytes:
        """What the model saw, as PNG."""
        return to_png(self.about.subject.pixels[0])

    def values(self, sequence: int) -> Any:
        """The heatmap of that sequence number, of the trained network or of a randomised one."""
        found = next((event for number, event in self.job.since(sequence) if number == sequence), None)
        if isinstance(found, HeatmapReady | StageReady) and found.heatmap:
            return found.heatmap.values
        raise Superseded("This heatmap is not kept any more; a better one has come, or it never was.")


class LiveRun(LiveHeatmaps):
    """A run in the queue."""

    @property
    def asked(self) -> Asked:
        return self.about.asked

    @property
    def title(self) -> str:
        """Of the picture."""
        return self.about.title

    def subject(self) -> Subject:
        return self.about.subject

    def maps(self) -> dict[str, Any]:
        """What pixels are ranked by in every finished heatmap, by method."""
        heatmaps = (event.heatmap for _, event in self.job.since(0) if isinstance(event, HeatmapReady) and event.final)
        return {heatmap.method: importance(heatmap, self.asked.unit) for heatmap in heatmaps}


class ShippedHeatmaps(Shipped):
    """Heatmaps of a picture that ship with HeatCheck."""

    @cached_property
    def _maps(self) -> dict[str, Any]:
        return load_file(self.folder / "maps.safetensors")

    @property
    def title(self) -> str:
        """Of the picture."""
        return self.told["title"]

    @property
    def top(self) -> tuple[core.Prediction, ...]:
        return tuple(core.Prediction(**entry) for entry in self.told["top"])

    def crop(self) -> bytes:
        return (self.folder / "crop.png").read_bytes()

    def values(self, sequence: int) -> Any:
        if str(sequence) not in self._maps:
            raise NotThere("The sample has no such heatmap.")
        return self._maps[str(sequence)].float() * self.told["scales"][str(sequence)]


class SampleRun(ShippedHeatmaps):
    """The run that a newcomer sees."""

    @cached_property
    def asked(self) -> Asked:
        return restored(Asked, self.told["asked"])

    def subject(self) -> Subject:
        classifier = shelf.ask(DEFAULT_MODEL).wait(SECONDS_FOR_THE_MODEL)
        if classifier is None:
            raise NotThere("The model is not there yet. Try again in a moment.")
        return Subject(classifier, look(DEFAULT_MODEL, self.asked.picture).pixels)

    def maps(self) -> dict[str, Any]:
        return {message["method"]: self.values(message["sequence"]) for message in collect(self, "heatmap")}


Run = LiveRun | SampleRun


def render_perturbed(run: Run, method: str, order: str, fraction: float) -> bytes:
    """What the model saw with that share removed in a method's order, as PNG."""
    maps, subject, asked = run.maps(), run.subject(), run.asked
    if method not in maps:
        raise NotThere("This run has no such heatmap.")

    def work() -> Any:
        return core.perturbed(
            subject.classifier,
            subject.pixels,
            maps[method],
            order,
            fraction,
            imputer=asked.imputer,
            seed=asked.seed,
            unit=asked.unit,
            side=asked.side,
        )

    return to_png(queue().call(work))


@ships_as(SAMPLE)
@cache
def sample() -> SampleRun | None:
    return SampleRun.if_there(SAMPLE_FOLDER, SAMPLE)


def find_run(name: str) -> Run:
    """The run of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(Run, name, "That address is not of a run of one picture. Press Explain to make one.")


def find_heatmaps(name: str) -> LiveHeatmaps | ShippedHeatmaps:
    """The job of that name, where only its heatmaps and its picture matter.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    of_another = "That address is not of heatmaps of one picture. Press Explain to make some."
    return find_kind(LiveHeatmaps | ShippedHeatmaps, name, of_another)


def find_runs(names: str) -> list[Run]:
    """The runs that an address names, side by side.

    Raises
    ------
    NotThere
        If one of them is not.
    """
    return [find_run(name) for name in names.split(",")]


def address_of(runs: Iterable[LiveJob | Shipped]) -> str:
    return ",".join(run.id for run in runs)


def start(asked: Asked, title: str, beside: Collection[str]) -> str:
    """Queue the trial that was asked for, beside jobs that have just been asked for too."""
    subject = Subject(shelf.ask(asked.model).classifier, look(asked.model, asked.picture).pixels)
    truth = marks.get(asked.truth).mask if asked.truth else None
    return submit(lambda: stream_asked(subject, truth, asked), Trial(asked, subject, title), beside)


def stream_asked(subject: Subject, truth: Any, asked: Asked) -> Iterator[Any]:
    """The trial of a picture, with what was marked on it."""
    return core.stream_trial(
        subject.classifier,
        subject.pixels,
        list(asked.methods),
        target=asked.target,
        seed=asked.seed,
        settings=asked.settings,
        imputer=asked.imputer,
        y=asked.y,
        steps=asked.steps,
        output=asked.output,
        reduction=asked.reduction,
        unit=asked.unit,
        side=asked.side,
        metrics=asked.metrics,
        truth=truth,
    )
