"""Questions about a finished run, asked beside it: other imputers, the shape of a map, networks that forget."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import core
from core.jobs.queue import Job
from core.methods.registry import list_controls
from dashboard import sanity
from dashboard.jobs import LiveJob, NotThere, find, submit
from dashboard.requests import AskedOfSanity
from dashboard.runs import Run


@dataclass(frozen=True)
class Aside:
    """What such a job is about: a run, and of it one method or all."""

    run: str
    method: str
    labels: Sequence[str]

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveJob


@dataclass(frozen=True, eq=False, kw_only=True)
class RandomisedRun(sanity.Randomised):
    """The same of ever more random networks."""

    run: str


def find_aside(name: str, run: Run) -> LiveJob | None:
    """The job of that name, if it is about this run."""
    try:
        found = find(name)
    except NotThere:
        return None
    return found if isinstance(found, LiveJob) and getattr(found.about, "run", "") == run.id else None


def rank_under_imputers(run: Run, beside: Sequence[str]) -> str:
    """Queue the ranking of a run's heatmaps under every imputer; the job's name."""
    asked, subject, maps = run.asked, run.subject(), run.maps()

    def stream() -> Iterator[Any]:
        return core.stream_imputer_rankings(
            subject.classifier,
            subject.pixels,
            maps,
            asked.target,
            y=asked.y,
            unit=asked.unit,
            side=asked.side,
            seed=asked.seed,
            steps=asked.steps,
        )

    return submit(stream, Aside(run.id, "", subject.classifier.labels), beside)


def match_shape(run: Run, method: str, beside: Sequence[str]) -> str:
    """Queue the comparison of a heatmap with copies of its own shape; the job's name."""
    asked, subject, maps = run.asked, run.subject(), run.maps()

    def stream() -> Iterator[Any]:
        return core.stream_matched(
            subject.classifier,
            subject.pixels,
            maps[method],
            asked.target,
            imputer=asked.imputer,
            y=asked.y,
            unit=asked.unit,
            side=asked.side,
            seed=asked.seed,
            steps=asked.steps,
        )

    return submit(stream, Aside(run.id, method, subject.classifier.labels), beside)


def randomise(run: Run, methods: Sequence[str], beside: Sequence[str]) -> str:
    """Queue the randomisation, from the output down, under some of a run's methods; the job's name."""
    asked, subject = of_randomisation(run, methods), run.subject()
    about = RandomisedRun(asked=asked, subject=subject, title=run.title, run=run.id)
    return submit(lambda: sanity.stream_asked(subject, asked), about, beside)


def of_randomisation(run: Run, methods: Sequence[str]) -> AskedOfSanity:
    """What is asked of a run's methods and of every control: the same maps as its own."""
    asked = run.asked
    return AskedOfSanity(
        model=asked.model,
        picture=asked.picture,
        target=asked.target,
        methods=(*methods, *(control.name for control in list_controls(truth_known=False))),
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
        seed=asked.seed,
    )
