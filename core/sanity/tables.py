"""Results of sanity checks as tables, the same on the page and on the command line.

Each reads a run's events, and ignores those that do not concern it.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from core.metrics.similarity import SIMILARITIES
from core.sanity.labels import LabelsReady
from core.sanity.many_pictures import PictureChecked, SanitySummary
from core.sanity.verdict import VerdictReady

POINT = ("method", "stage", "title", "share_randomised", "draw", *SIMILARITIES, "reason")
MEAN = ("method", "similarity", "stage", "mean", "low", "high", "n")
COMPARED = tuple((other, similarity) for other in ("retrained", "shuffled") for similarity in SIMILARITIES)


def similarities_of(events: Iterable[object]) -> pd.DataFrame:
    """Every picture's similarities; a row for each method, stage and draw."""
    rows = [
        (event.picture, *(getattr(point, name) for name in POINT))
        for event in events
        if isinstance(event, PictureChecked)
        for point in event.points
    ]
    return pd.DataFrame(rows, columns=["picture", *POINT]).astype(dict.fromkeys(SIMILARITIES, "float64"))


def means_of(events: Iterable[object]) -> pd.DataFrame:
    """The latest means over pictures; a row for each similarity, method and stage."""
    summaries = [event for event in events if isinstance(event, SanitySummary)]
    rows = [tuple(getattr(row, name) for name in MEAN) for summary in summaries[-1:] for row in summary.rows]
    return pd.DataFrame(rows, columns=MEAN).sort_values(["similarity", "method", "stage"], ignore_index=True)


def verdicts_of(events: Iterable[object]) -> pd.DataFrame:
    """How each method stands by its latest verdict."""
    latest = {event.method: event for event in events if isinstance(event, VerdictReady)}
    rows = [
        (each.method, each.standing, *each.mean, *each.last, each.n, each.blank, each.sentence)
        for each in latest.values()
    ]
    columns = ["method", "standing", *with_ends("mean"), *with_ends("last"), "n", "blank", "sentence"]
    return pd.DataFrame(rows, columns=columns)


def labels_of(events: Iterable[object]) -> pd.DataFrame:
    """How each method stands by its latest verdict on networks that learned true and shuffled labels."""
    latest = {event.method: event for event in events if isinstance(event, LabelsReady)}
    rows = [(each.method, each.standing, *figures_of(each), each.n, each.sentence) for each in latest.values()]
    figures = [name for other, similarity in COMPARED for name in with_ends(f"{other}_{similarity}")]
    return pd.DataFrame(rows, columns=["method", "standing", *figures, "n", "sentence"])


def figures_of(verdict: LabelsReady) -> list[float]:
    """Each similarity to the first network's maps, with the ends of its interval."""
    return [number for other, similarity in COMPARED for number in getattr(verdict, other)[similarity][:3]]


def with_ends(name: str) -> Sequence[str]:
    """The columns of a mean and of its interval.

    >>> with_ends("mean")
    ('mean', 'mean_low', 'mean_high')
    """
    return name, f"{name}_low", f"{name}_high"
