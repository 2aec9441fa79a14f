"""The label check as the page reads it: networks that learned true and shuffled labels, and maps by each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from core.assets import ASSETS
from core.jobs.queue import Job
from core.models.bundled import FASHION_MNIST
from core.sanity.labels import LabelMap, stream_label_check
from dashboard.jobs import LiveJob, NotThere, find_kind, ships_as, submit
from dashboard.requests import AskedOfLabels, restored
from dashboard.runs import LiveHeatmaps, ShippedHeatmaps

SAMPLE = "sample-of-labels"
SAMPLE_FOLDER = ASSETS / "sample" / "labels"
KIND = "labels"
"""What such a job is called in the address."""


@dataclass(frozen=True, eq=False)
class LabelChecking:
    """What such a job is about."""

    asked: AskedOfLabels

    @property
    def labels(self) -> Sequence[str]:
        return FASHION_MNIST.labels()

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveLabels


class LiveLabels(LiveHeatmaps):
    """A label check in the queue."""

    @property
    def asked(self) -> AskedOfLabels:
        return self.about.asked

    def crop(self) -> bytes:
        raise NotThere("A label check asks about many pictures; there is no one crop.")

    def values(self, sequence: int) -> Any:
        """The heatmap of that sequence number."""
        found = next((event for number, event in self.job.since(sequence) if number == sequence), None)
        if isinstance(found, LabelMap):
            return found.heatmap.values
        raise NotThere("This check has no such heatmap.")


class SampleLabels(ShippedHeatmaps):
    """The check that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfLabels:
        return restored(AskedOfLabels, self.told["asked"])

    def crop(self) -> bytes:
        raise NotThere("A label check asks about many pictures; there is no one crop.")


Labels = LiveLabels | SampleLabels


@ships_as(SAMPLE)
@cache
def sample() -> SampleLabels | None:
    return SampleLabels.if_there(SAMPLE_FOLDER, SAMPLE)


def find_labels(name: str) -> Labels:
    """The label check of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(Labels, name, "That address is not of a label check.")


def start(asked: AskedOfLabels) -> str:
    """Queue the check that was asked for."""
    return submit(lambda: stream_asked(asked), LabelChecking(asked), kind=KIND)


def stream_asked(asked: AskedOfLabels) -> Iterator[Any]:
    """The check of the bundled networks, or of others that are trained first."""
    return stream_label_check(
        list(asked.methods),
        networks="bundled" if asked.training is None else asked.training,
        pictures=asked.pictures,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )
