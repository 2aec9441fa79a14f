"""Many pictures: one after the other, with each refusal reported once, and the conclusions from all so far."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.pictures.opening import PictureError

Event = TypeVar("Event")
Means = TypeVar("Means")
Row = TypeVar("Row")
OnePicture = Generator[Event, None, Row]
"""One picture's events, and what is kept of it; a step is one batch."""


@dataclass(frozen=True)
class PictureRefused:
    """A picture that could not be judged, with the reason; the study goes on without it."""

    picture: str
    reason: str


def over_pictures(
    units: Sequence[tuple[str, OnePicture[Event, Row]]], summarise: Callable[[Sequence[Row], bool], Iterable[Means]]
) -> Iterator[Event | PictureRefused | Means]:
    """Each picture's events, and the conclusions from all so far as often as it costs little.

    A method that does not apply is reported once. A picture that cannot be opened, or cannot be judged with these
    settings, is reported and left out.

    Parameters
    ----------
    units
        With the name of each picture. Nothing is shared between them, so that blocks of them may run anywhere.
    summarise
        The conclusions from the rows so far, given whether they are all.
    """
    rows: list[Row] = []
    refused: set[str] = set()
    pace = Pace()
    for left, (picture, unit) in zip(range(len(units) - 1, -1, -1), units, strict=True):
        running = Returning(unit)
        try:
            for event in running:
                if isinstance(event, MethodRefused):
                    if event.method in refused:
                        continue
                    refused.add(event.method)
                yield event
        except (PictureError, ValueError) as error:
            yield PictureRefused(picture, str(error))
            continue
        rows.append(running.result)
        if left and pace.due():
            with pace.spending():  # what others do between two conclusions counts too, so these come more rarely
                yield from summarise(rows, False)
    if rows:
        yield from summarise(rows, True)


def on_picture(
    unit: OnePicture[Event, Row], picture: str, place: int, total: int
) -> OnePicture[Event | Progress | MethodRefused, Row]:
    """The same events with the picture's name in their texts, and progress counted in pictures."""
    running = Returning(unit)
    for event in running:
        if isinstance(event, Progress):
            yield Progress(place + event.share, total, f"{picture}: {event.what}", "picture")
        elif isinstance(event, MethodRefused):
            yield replace(event, reason=f"On {picture}: {event.reason}")
        else:
            yield event
    return running.result
