"""A study's scores as tables: one row a score, one row a mean, and files that say what they hold."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from core.metrics.ranking import Ranking, rank_methods
from core.metrics.statistics import Estimate, Score, Summary, Tally, published_fidelity

SCORES, SUMMARY, STUDY = "scores", "summary.csv", "study.json"


class Table:
    """The scores of a study, with what was asked and what could not be judged.

    Parameters
    ----------
    asked
        What the study was asked for, as its files will say it.
    seed
        Resamples of pictures follow from it.
    """

    def __init__(self, asked: Mapping[str, object] | None = None, seed: int = 0) -> None:
        self.tally = Tally()
        self.seed = seed
        self.asked = dict(asked or {})
        self.refused_pictures: dict[str, str] = {}
        self.refused_truths: dict[str, str] = {}
        self.refused_methods: dict[str, str] = {}

    def add(self, scores: Iterable[Score]) -> None:
        """Takes scores in, in any order and in any batches."""
        self.tally.add(scores)

    def refuse(self, picture: str, reason: str) -> None:
        """Notes a picture that could not be judged."""
        self.refused_pictures[picture] = reason

    def refuse_truth(self, picture: str, reason: str) -> None:
        """Notes a picture on which what was marked can't be read; its other scores are there."""
        self.refused_truths[picture] = reason

    def refuse_method(self, method: str, reason: str) -> None:
        """Notes a method that does not apply."""
        self.refused_methods[method] = reason

    @property
    def frame(self) -> pd.DataFrame:
        """One row a score: picture, method, metric, score; NaN where it could not be told.

        What was asked and what was refused is in ``frame.attrs``, which a Parquet file keeps.
        """
        frame = pd.DataFrame(self.tally.scores(), columns=list(Score._fields)).astype({"score": "float64"})
        frame.attrs = self.told()
        return frame

    def summary(self) -> pd.DataFrame:
        """One row a metric and method: its mean, interval and n, and how it stands to the control `random`."""
        columns = [field.name for field in fields(Summary)]
        return pd.DataFrame([asdict(row) for row in self.tally.summary(self.seed)], columns=columns)

    def ranking(self, metric: str) -> Ranking:
        """The methods by their mean rank in a metric, with those that can't be told apart."""
        return rank_methods(self.tally, metric)

    def as_published(self) -> pd.DataFrame:
        """F by method with the interval of the follow-up paper, for comparison: method, mean, low, high, n.

        Needs the metrics ``mif_area`` and ``lif_area``; see :func:`core.metrics.statistics.published_fidelity`.
        """
        found = published_fidelity(self.tally)
        rows = [{"method": method, **estimate._asdict()} for method, estimate in found.items()]
        return pd.DataFrame(rows, columns=["method", *Estimate._fields])

    def told(self) -> dict[str, Any]:
        """What was asked, and what was refused with its reason, as text and numbers."""
        told = {
            "asked": self.asked,
            "refused_pictures": self.refused_pictures,
            "refused_truths": self.refused_truths,
            "refused_methods": self.refused_methods,
        }
        plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
        return plain

    def to_csv(self, file: str | Path) -> None:
        """Writes the scores; one that could not be told is an empty field."""
        written_whole(Path(file), lambda draft: self.frame.to_csv(draft, index=False))

    def to_parquet(self, file: str | Path) -> None:
        """Writes the scores, with what was asked and refused in the file's metadata."""
        written_whole(Path(file), lambda draft: self.frame.to_parquet(draft, index=False))

    def write(self, folder: str | Path) -> None:
        """Writes scores.csv, scores.parquet, summary.csv and study.json, making the folder if there is none."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.to_csv(folder / f"{SCORES}.csv")
        self.to_parquet(folder / f"{SCORES}.parquet")
        written_whole(folder / SUMMARY, lambda draft: self.summary().to_csv(draft, index=False))
        told = json.dumps(self.told(), indent=2, ensure_ascii=False)
        written_whole(folder / STUDY, lambda draft: draft.write_text(f"{told}\n", encoding="utf-8"))


def written_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Writes a draft beside the file and puts it in its place, so that a reader never meets half a file."""
    draft = file.with_name(f".{file.name}.draft")
    try:
        write(draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
