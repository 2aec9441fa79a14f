"""Maps of ever more random networks of one picture, as the page reads them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from core.assets import ASSETS
from core.jobs.queue import Job
from core.sanity.randomisation import StageReady, stream_randomisation
from dashboard.jobs import find_kind, ships_as, submit
from dashboard.requests import AskedOfSanity, restored
from dashboard.runs import LiveHeatmaps, ShippedHeatmaps, Subject
from dashboard.workshop import look, shelf

SAMPLE = "sample-of-sanity"
SAMPLE_FOLDER = ASSETS / "sample" / "sanity"
KIND = "randomisation"


@dataclass(frozen=True, eq=False)
class Randomised:
    """What such a job is about: the request, and the picture that it is made on."""

    asked: AskedOfSanity
    subject: Subject
    title: str

    @property
    def labels(self) -> Sequence[str]:
        return self.subject.classifier.labels

    @property
    def shown(self) -> Callable[[Job], "LiveRandomisation"]:
        return LiveRandomisation


class LiveRandomisation(LiveHeatmaps):
    """A randomisation in the queue."""

    @property
    def asked(self) -> AskedOfSanity:
        return self.about.asked

    @property
    def title(self) -> str:
        """Of the picture."""
        return self.about.title


class SampleRandomisation(ShippedHeatmaps):
    """The randomisation that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfSanity:
        return restored(AskedOfSanity, self.told["asked"])


Randomisation = LiveRandomisation | SampleRandomisation


@ships_as(SAMPLE)
@cache
def sample() -> SampleRandomisation | None:
    return SampleRandomisation.if_there(SAMPLE_FOLDER, SAMPLE)


def find_randomisation(name: str) -> Randomisation:
    """The randomisation of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(Randomisation, name, "That address is not of a randomisation. Press Randomise to make one.")


def start(asked: AskedOfSanity, title: str) -> str:
    """Queue the randomisation that was asked for."""
    subject = Subject(shelf.ask(asked.model).classifier, look(asked.model, asked.picture).pixels)
    return submit(lambda: stream_asked(subject, asked), Randomised(asked, subject, title), kind=KIND)


def stream_asked(subject: Subject, asked: AskedOfSanity) -> Iterator[Any]:
    """The randomisation of a picture; of several draws of random weights only the first one's maps are kept."""
    stream = stream_randomisation(
        subject.classifier,
        subject.pixels,
        list(asked.methods),
        target=asked.target,
        mode=asked.mode,
        seed=asked.seed,
        draws=asked.draws,
        groups=asked.groups,
        smooth=asked.smooth,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )
    for event in stream:
        yield lightened(event)


def lightened(event: Any) -> Any:
    """A job keeps its events: hundreds of maps with all their channels would fill the memory."""
    if not isinstance(event, StageReady) or event.heatmap is None:
        return event
    heatmap = None if event.draw else replace(event.heatmap, attribution=event.heatmap.values[None])
    return replace(event, heatmap=heatmap)
