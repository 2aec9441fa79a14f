"""Quick checks of one picture, as the page reads them: does a map change when it should, and stay when it should?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from core.assets import ASSETS
from core.jobs.queue import Job
from core.sanity.checks import stream_checks
from dashboard.jobs import LiveJob, Shipped, find_kind, ships_as, submit
from dashboard.requests import AskedOfChecks, restored
from dashboard.runs import Subject
from dashboard.workshop import look, shelf

SAMPLE = "sample-of-checks"
SAMPLE_FOLDER = ASSETS / "sample" / "checks"
KIND = "checks"


@dataclass(frozen=True, eq=False)
class Checking:
    """What such a job is about: the request, and the picture that it is made on."""

    asked: AskedOfChecks
    subject: Subject

    @property
    def labels(self) -> Sequence[str]:
        return self.subject.classifier.labels

    @property
    def shown(self) -> Callable[[Job], "LiveChecks"]:
        return LiveChecks


class LiveChecks(LiveJob):
    """Quick checks in the queue."""

    @property
    def asked(self) -> AskedOfChecks:
        return self.about.asked


class SampleChecks(Shipped):
    """The quick checks that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfChecks:
        return restored(AskedOfChecks, self.told["asked"])


Checks = LiveChecks | SampleChecks


@ships_as(SAMPLE)
@cache
def sample() -> SampleChecks | None:
    return SampleChecks.if_there(SAMPLE_FOLDER, SAMPLE)


def find_checks(name: str) -> Checks:
    """The quick checks of that name.

    Raises
    ------
    NotThere
        If they were never here, or are no longer kept.
    """
    return find_kind(Checks, name, "That address is not of quick checks. Press Check to make some.")


def start(asked: AskedOfChecks) -> str:
    """Queue the quick checks that were asked for."""
    subject = Subject(shelf.ask(asked.model).classifier, look(asked.model, asked.picture).pixels)
    return submit(lambda: stream_asked(subject, asked), Checking(asked, subject), kind=KIND)


def stream_asked(subject: Subject, asked: AskedOfChecks) -> Iterator[Any]:
    """The quick checks of a picture."""
    return stream_checks(
        subject.classifier,
        subject.pixels,
        list(asked.methods),
        checks=list(asked.checks),
        target=asked.target,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )
