"""The progress of a whole run, from the progress of its phases."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import Any

from core.jobs.events import Progress, Returning


class Phases:
    """Phases that follow each other, reported as one; a phase may turn out longer or shorter than planned.

    >>> phases = Phases([4, 10])
    >>> [(each.done, each.total) for each in phases.part([Progress(1, 4, "maps"), Progress(3, 6, "maps")])]
    [(1.0, 14.0), (3.0, 16.0)]
    >>> [(each.done, each.total) for each in phases.part([Progress(0, 10, "curves")])]
    [(3.0, 13.0)]
    """

    def __init__(self, planned: Sequence[float]) -> None:
        self._planned = [*planned]
        self._before = self._now = 0.0

    def part(self, events: Iterable[Any]) -> Generator[Any, None, Any]:
        """The events of the next phase, with its progress as that of the whole, and then its result."""
        running = Returning(passed_on(events))
        planned = self._planned.pop(0) if self._planned else 0
        for event in running:
            yield self._of_the_whole(event, planned) if isinstance(event, Progress) else event
        self._before, self._now = self._before + self._now, 0.0
        return running.result

    def _of_the_whole(self, part: Progress, planned: float) -> Progress:
        self._now = max(self._now, part.done)
        total = self._before + max(planned, part.total) + sum(self._planned)
        return replace(part, done=self._before + self._now, total=total)


def passed_on(events: Iterable[Any]) -> Generator[Any, None, Any]:
    """The same events, whether or not there is a result at the end."""
    return (yield from events)
