"""Studies of many pictures as the page reads them: scores of every method on each, and what follows from them."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import Any

import pandas as pd

import core
from core.assets import ASSETS
from core.jobs.queue import Job
from core.metrics.statistics import Score
from core.models.classifier import Classifier
from core.pictures.specimens import collect_specimens
from core.studies.evaluation import record
from core.studies.table import Table
from dashboard.folders import Folder, FolderGone, folders
from dashboard.jobs import LiveJob, Shipped, find_kind, ships_as, submit
from dashboard.messages import Message, number
from dashboard.requests import AskedOfMany, restored
from dashboard.workshop import shelf

SAMPLE = "sample-of-many"
SAMPLE_FOLDER = ASSETS / "sample" / "many"
BUNDLED = {"gallery": "The gallery", "fashion_mnist": "Fashion-MNIST, test pictures"}
MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a study is about."""

    asked: AskedOfMany
    classifier: Classifier

    @property
    def labels(self) -> Sequence[str]:
        return self.classifier.labels

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveStudy


class LiveStudy(LiveJob):
    """A study in the queue."""

    @property
    def asked(self) -> AskedOfMany:
        return self.about.asked

    def table(self) -> Table:
        """Every score so far."""
        table = Table(asdict(self.asked), self.asked.seed)
        for _, event in self.job.since(0):
            record(event, table)
        return table


class SampleStudy(Shipped):
    """The study that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfMany:
        return restored(AskedOfMany, self.told["asked"])

    def table(self) -> Table:
        table = Table(asdict(self.asked), self.asked.seed)
        table.add(Score(*scored) for scored in pd.read_parquet(self.folder / "scores.parquet").itertuples(index=False))
        return table


Study = LiveStudy | SampleStudy


@ships_as(SAMPLE)
@cache
def sample() -> SampleStudy | None:
    return SampleStudy.if_there(SAMPLE_FOLDER, SAMPLE)


def find_study(name: str) -> Study:
    """The study of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(Study, name, "That address is not of a study of many pictures. Press Run to make one.")


def title_of_source(source: str) -> str:
    """What the page calls the pictures of a study."""
    if source in BUNDLED:
        return BUNDLED[source]
    try:
        return folders.get(source).title
    except FolderGone:
        return "an uploaded folder"


def count(source: str, dataset: str) -> tuple[int, bool]:
    """How many pictures there are, and whether the truth lies beside any of them.

    Raises
    ------
    FolderGone
        If an uploaded folder is no longer kept.
    ValueError
        If there is none.
    """
    if source in BUNDLED:
        return count_bundled(source, dataset)
    folder = folders.get(source)
    return folder.pictures, folder.marked


@cache
def count_bundled(source: str, dataset: str) -> tuple[int, bool]:
    specimens = collect_specimens(source, dataset)
    return len(specimens), any(specimen.truth for specimen in specimens)


def export(study: Study, what: str, ending: str) -> bytes:
    """The scores of every picture, or their means, as a file."""
    table = study.table()
    return as_file({"scores": lambda: table.frame, "summary": table.summary}[what](), ending)


def as_file(frame: pd.DataFrame, ending: str) -> bytes:
    """A table as CSV or Parquet."""
    written = io.BytesIO()
    {"csv": frame.to_csv, "parquet": frame.to_parquet}[ending](written, index=False)
    return written.getvalue()


def ranking(study: Study, metric: str) -> Message:
    """Mean ranks, groups that can't be told apart, and every pair.

    Raises
    ------
    ValueError
        Where the metric ranks nothing.
    """
    found = study.table().ranking(metric)
    return {
        "ranks": [{"method": method, "rank": rank} for method, rank in found.ranks.items()],
        "n": found.n,
        "enough": found.enough,
        "friedman": number(found.friedman),
        "groups": [list(group) for group in found.groups],
        "pairs": [asdict(pair) for pair in found.pairs],
    }


def start(asked: AskedOfMany) -> str:
    """Queue the study that was asked for; the job holds the folder that it reads until it has ended."""
    classifier = shelf.ask(asked.model).classifier
    source = asked.source if asked.source in BUNDLED else folders.get(asked.source)
    return submit(lambda: stream_asked(classifier, source, asked), Evaluation(asked, classifier))


def stream_asked(classifier: Classifier, source: str | Folder, asked: AskedOfMany) -> Iterator[Any]:
    """The study of those pictures."""
    return core.stream_evaluation(
        classifier,
        source.path if isinstance(source, Folder) else source,
        list(asked.methods),
        metrics=list(asked.metrics),
        limit=asked.limit,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
        imputer=asked.imputer,
        unit=asked.unit,
        side=asked.side,
        y=asked.y,
        steps=asked.steps,
    )
