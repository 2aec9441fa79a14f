"""Randomisation over many pictures as the page reads it: similarities of every method on each, and the verdicts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import pandas as pd

from core.assets import ASSETS
from core.jobs.queue import Job
from core.metrics.similarity import SIMILARITIES
from core.models.classifier import Classifier
from core.sanity.randomisation import StageReady
from core.sanity.study import PictureChecked, stream_sanity_study
from dashboard.folders import Folder, folders
from dashboard.jobs import LiveJob, Shipped, collect, find_kind, ships_as, submit
from dashboard.requests import AskedOfManySanity, restored
from dashboard.studies import BUNDLED
from dashboard.workshop import shelf

SAMPLE = "sample-of-sanity-studies"
SAMPLE_FOLDER = ASSETS / "sample" / "sanity_many"
KIND = "sanity study"


@dataclass(frozen=True, eq=False)
class ManyRandomised:
    """What such a study is about."""

    asked: AskedOfManySanity
    classifier: Classifier

    @property
    def labels(self) -> Sequence[str]:
        return self.classifier.labels

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveSanityStudy


class LiveSanityStudy(LiveJob):
    """A study in the queue."""

    @property
    def asked(self) -> AskedOfManySanity:
        return self.about.asked

    def similarities(self) -> pd.DataFrame:
        """Of every picture so far."""
        return similarities_of(event for _, event in self.job.since(0) if isinstance(event, PictureChecked))


class SampleSanityStudy(Shipped):
    """The study that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfManySanity:
        return restored(AskedOfManySanity, self.told["asked"])

    def similarities(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "similarities.parquet")


SanityStudy = LiveSanityStudy | SampleSanityStudy


@ships_as(SAMPLE)
@cache
def sample() -> SampleSanityStudy | None:
    return SampleSanityStudy.if_there(SAMPLE_FOLDER, SAMPLE)


def find_sanity_study(name: str) -> SanityStudy:
    """The study of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(SanityStudy, name, "That address is not of a randomisation over many pictures.")


def row_of(picture: str, point: StageReady) -> dict[str, Any]:
    """What one picture says of one method at one stage."""
    return {
        "picture": picture,
        "method": point.method,
        "stage": point.stage,
        "title": point.title,
        "share_randomised": point.share_randomised,
        "draw": point.draw,
        **{name: getattr(point, name) for name in SIMILARITIES},
        "reason": point.reason,
    }


def similarities_of(checked: Iterable[PictureChecked]) -> pd.DataFrame:
    """Every picture's similarities, a row for each method, stage and draw."""
    return pd.DataFrame([row_of(each.picture, point) for each in checked for point in each.points])


def means_of(study: SanityStudy) -> pd.DataFrame:
    """The means so far, as the page draws them; a row for each method, stage and similarity."""
    last = list(collect(study, "similarities"))[-1:]
    names = ("stage", "mean", "low", "high", "n")
    return pd.DataFrame(
        [
            {"method": method, "similarity": similarity, **dict(zip(names, point, strict=True))}
            for told in last
            for similarity, curves in told["curves"].items()
            for method, points in curves.items()
            for point in points
        ]
    )


def verdicts_of(study: SanityStudy) -> pd.DataFrame:
    """How each method stands so far."""
    latest = {told["method"]: told for told in collect(study, "verdict")}
    return pd.DataFrame(
        [
            {
                "method": told["method"],
                "standing": told["standing"],
                **figures_of("mean", told),
                **figures_of("last", told),
                "n": told["n"],
                "blank": told["blank"],
                "sentence": told["sentence"],
            }
            for told in latest.values()
        ]
    )


def figures_of(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """A likeness and its ends, as the command line names them too."""
    return {name: told[name]["value"], f"{name}_low": told[name]["low"], f"{name}_high": told[name]["high"]}


FILES: dict[str, Callable[[SanityStudy], pd.DataFrame]] = {
    "verdicts": verdicts_of,
    "similarity-means": means_of,
    "similarities": lambda study: study.similarities(),
}


def start(asked: AskedOfManySanity) -> str:
    """Queue the study that was asked for; the job holds the folder that it reads until it has ended."""
    classifier = shelf.ask(asked.model).classifier
    source = asked.source if asked.source in BUNDLED else folders.get(asked.source)
    return submit(lambda: stream_asked(classifier, source, asked), ManyRandomised(asked, classifier), kind=KIND)


def stream_asked(classifier: Classifier, source: str | Folder, asked: AskedOfManySanity) -> Iterator[Any]:
    """The study of those pictures."""
    return stream_sanity_study(
        classifier,
        source.path if isinstance(source, Folder) else source,
        list(asked.methods),
        mode=asked.mode,
        limit=asked.limit,
        seed=asked.seed,
        draws=asked.draws,
        groups=asked.groups,
        smooth=asked.smooth,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )
