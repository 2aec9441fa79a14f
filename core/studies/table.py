"""A study's scores as tables: one row per score, one row per mean, and files that describe their contents."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from core.metrics.leak import LeakReady, LeakRefused
from core.metrics.ranking import Ranking, rank_methods
from core.metrics.statistics import Estimate, Score, Summary, Tally, published_fidelity
from core.studies.labelling import Accuracy
from core.studies.whole_files import written_whole

SCORES, SUMMARY, STUDY = "scores", "summary.csv", "study.json"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, be it the name of somebody's picture."""


class Table:
    """The scores of a study, with its settings and everything that could not be judged.

    Parameters
    ----------
    asked
        The study's settings, as its files will record them.
    seed
        Seed for the resamples of pictures.
    """

    def __init__(self, asked: Mapping[str, object] | None = None, seed: int = 0) -> None:
        self.tally = Tally()
        self.seed = seed
        self.asked = dict(asked or {})
        self.refused_pictures: dict[str, str] = {}
        self.refused_truths: dict[str, str] = {}
        self.refused_labels: dict[str, str] = {}
        self.refused_methods: dict[str, str] = {}
        self.accuracy: Accuracy | None = None
        self.leak: LeakReady | LeakRefused | None = None

    def add(self, scores: Iterable[Score]) -> None:
        """Adds scores, in any order and in any batches."""
        self.tally.add(scores)

    def refuse(self, picture: str, reason: str) -> None:
        """Records a picture that could not be judged."""
        self.refused_pictures[picture] = reason

    def refuse_truth(self, picture: str, reason: str) -> None:
        """Records a picture whose annotation cannot be read; its other scores are there."""
        self.refused_truths[picture] = reason

    def refuse_label(self, picture: str, reason: str) -> None:
        """Records a picture that does not count for the accuracy; its scores are there."""
        self.refused_labels[picture] = reason

    def refuse_method(self, method: str, reason: str) -> None:
        """Records a method that does not apply."""
        self.refused_methods[method] = reason

    @property
    def frame(self) -> pd.DataFrame:
        """One row per score: picture, method, metric, score; NaN where undefined.

        The settings and the refusals are in ``frame.attrs``, which a Parquet file keeps.
        """
        frame = pd.DataFrame(self.tally.scores(), columns=list(Score._fields)).astype({"score": "float64"})
        frame.attrs = self.as_json()
        return frame

    def summary(self) -> pd.DataFrame:
        """One row per metric and method: its mean, interval and n, and how it compares with the `random` control.

        A row of the leak has its chance as well.
        """
        rows = self.tally.summary(self.seed)
        told = self.leak.beside(rows) if isinstance(self.leak, LeakReady) else rows
        return pd.DataFrame([asdict(row) for row in told], columns=[field.name for field in fields(Summary)])

    def ranking(self, metric: str) -> Ranking:
        """The methods by their mean rank in a metric, with those that cannot be told apart."""
        return rank_methods(self.tally, metric)

    def as_published(self) -> pd.DataFrame:
        """F by method with the interval of the follow-up paper, for comparison: method, mean, low, high, n.

        Needs the metrics ``mif_area`` and ``lif_area``; see :func:`core.metrics.statistics.published_fidelity`.
        """
        found = published_fidelity(self.tally)
        rows = [{"method": method, **estimate._asdict()} for method, estimate in found.items()]
        return pd.DataFrame(rows, columns=["method", *Estimate._fields])

    def as_json(self) -> dict[str, Any]:
        """The settings, and the refusals with their reasons, as text and numbers."""
        about: dict[str, Any] = {
            "asked": self.asked,
            "refused_pictures": self.refused_pictures,
            "refused_truths": self.refused_truths,
            "refused_methods": self.refused_methods,
        }
        if self.accuracy:
            low, high = self.accuracy.interval
            counts = {"correct": self.accuracy.correct, "labelled": self.accuracy.labelled}
            about["accuracy"] = {"share": self.accuracy.share, "low": low, "high": high, **counts}
            about["refused_labels"] = self.refused_labels
        if self.leak:
            about["leak"] = asdict(self.leak) | {"words": self.leak.words}
            about["leak"].pop("scores", None)
        plain: dict[str, Any] = json.loads(json.dumps(about, default=str))
        return plain

    def to_csv(self, file: str | Path) -> None:
        """Writes the scores; an undefined score is an empty field."""
        write_csv(self.frame, Path(file))

    def to_parquet(self, file: str | Path) -> None:
        """Writes the scores, with the settings and refusals in the file's metadata."""
        written_whole(Path(file), lambda draft: self.frame.to_parquet(draft, index=False))

    def write(self, folder: str | Path) -> None:
        """Writes scores.csv, scores.parquet, summary.csv and study.json, creating the folder if necessary."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.to_csv(folder / f"{SCORES}.csv")
        self.to_parquet(folder / f"{SCORES}.parquet")
        write_csv(self.summary(), folder / SUMMARY)
        about = json.dumps(self.as_json(), indent=2, ensure_ascii=False)
        written_whole(folder / STUDY, lambda draft: draft.write_text(f"{about}\n", encoding="utf-8"))


def flat(record: Mapping[str, Any], left_out: Collection[str] = ()) -> dict[str, Any]:
    """A row of a table from the fields of a record: nested fields get joined names.

    Parameters
    ----------
    left_out
        Fields that are no columns.

    >>> flat({"method": "lime", "mean": {"value": 0.5, "low": 0.25}, "chance": [0.0, 0.125]})
    {'method': 'lime', 'mean_value': 0.5, 'mean_low': 0.25, 'chance_1': 0.0, 'chance_2': 0.125}
    >>> flat({"gap": Estimate(0.5, 0.25, 0.75, 20)}, left_out=["n"])
    {'gap_mean': 0.5, 'gap_low': 0.25, 'gap_high': 0.75, 'gap_n': 20}
    """
    found: dict[str, Any] = {}
    for name, value in record.items():
        if name not in left_out:
            within = {f"{name}_{part}": each for part, each in parts(value)}
            found |= flat(within) if within else {name: value}
    return found


def parts(value: object) -> list[tuple[str, object]]:
    """The parts of a value, by name, or by number from 1; none for a plain one."""
    named = value._asdict() if isinstance(value, Estimate) else value
    if isinstance(named, Mapping):
        return [(str(name), each) for name, each in named.items()]
    return [(str(place), each) for place, each in enumerate(named, 1)] if isinstance(named, list | tuple) else []


def write_csv(frame: pd.DataFrame, file: Path) -> None:
    """Writes a table without its row numbers; an unknown value is an empty field."""
    written_whole(file, lambda draft: without_formulas(frame).to_csv(draft, index=False))


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The table for a spreadsheet: no text in it is computed; numbers stay as they are."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).astype(object)
    return frame.assign(**{name: pd.Series([*map(no_formula, texts[name])], frame.index, object) for name in texts})


def no_formula(value: Any) -> Any:
    """A cell's value with an apostrophe before it where a spreadsheet would compute it.

    >>> no_formula("=1+1.png"), no_formula("cat.png"), no_formula(-1.0)
    ("'=1+1.png", 'cat.png', -1.0)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def write_rows(rows: Iterable[Iterable[object]], columns: Sequence[str], file: Path) -> None:
    """The same for rows: every value unchanged, so that whole numbers stay whole where some are unknown."""
    write_csv(pd.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object), file)
