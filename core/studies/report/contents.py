"""What a report says of a study: its means with verdicts, its mean curves, and some of its pictures.

All of it is read from the study's folder, and no torch is loaded.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from core.jobs.durations import counted
from core.studies.folder import CURVES, Folder

FEWEST = 5
"""Pictures that a verdict needs; as in :mod:`core.metrics.statistics`, which loads torch."""
CONFIDENCE = 0.95
MOST_SHOWN = 20
"""Pictures of a part whose heatmaps are shown."""
ORDERS = ("mif", "lif", "random")
Told = Mapping[str, Any]


@dataclass
class MeanCurve:
    """The sums of the curves of one method and order over pictures, of which one is in memory at a time.

    Parameters
    ----------
    spread
        Sums of the squared deviations from the mean.
    """

    fractions: Float[np.ndarray, " points"]
    mean: Float[np.ndarray, " points"]
    spread: Float[np.ndarray, " points"]
    count: int = 1

    def add(self, values: Float[np.ndarray, " points"]) -> None:
        """One curve more (Welford 1962)."""
        self.count += 1
        before = values - self.mean
        self.mean = self.mean + before / self.count
        self.spread = self.spread + before * (values - self.mean)

    @property
    def half_width(self) -> Float[np.ndarray, " points"]:
        """Of the pointwise 95 % interval of the mean, by Student's t; zero for a single picture."""
        if self.count < 2:
            return np.zeros_like(self.mean)
        from scipy.special import stdtrit

        reach = float(stdtrit(self.count - 1, (1 + CONFIDENCE) / 2))
        return reach * np.sqrt(self.spread / (self.count - 1) / self.count)


class Shown(NamedTuple):
    """A picture whose heatmaps are shown.

    Parameters
    ----------
    place
        Of its unit.
    scores
        By method and metric; None where undefined.
    """

    place: int
    picture: str
    label: str
    scores: Mapping[str, Mapping[str, float | None]]


@dataclass
class PartFound:
    """What came of a model and a seed.

    Parameters
    ----------
    rows
        A mean with its interval and its verdict for each method and metric, by name.
    """

    model: str
    seed: int
    pictures: int
    scored: int
    accuracy: str
    rows: list[Told]
    curves: dict[str, dict[str, MeanCurve]] = field(default_factory=lambda: defaultdict(dict))
    shown: list[Shown] = field(default_factory=list)

    def methods(self, metric: str) -> list[Told]:
        """The rows of a metric."""
        return [row for row in self.rows if row["metric"] == metric]

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(row["metric"] for row in self.rows))


def parts_of(folder: Folder) -> list[PartFound]:
    """The parts of a study that have means, the first model and seed first.

    Raises
    ------
    ValueError
        Where there are none yet.
    """
    told = folder.summaries()
    if not told:
        raise ValueError(
            f"No picture of the study in {folder.path} is scored yet: heatcheck study resume {folder.path}"
        )
    parts = [
        PartFound(*(each[name] for name in ("model", "seed", "pictures", "scored", "accuracy", "rows")))
        for each in told.values()
    ]
    registered = list(folder.manifest()["metrics"])
    for part in parts:
        part.rows.sort(key=lambda row: registered.index(row["metric"]))
    add_curves(folder, {(part.model, part.seed): part for part in parts})
    places = folder.places()
    for first, part in zip(told, parts, strict=True):
        own = [place for place in places if first <= place < first + part.pictures]
        part.shown = shown(folder, own)
    return parts


def add_curves(folder: Folder, parts: Mapping[tuple[str, int], PartFound]) -> None:
    """Adds up the curves of all pictures, a block of rows in memory at a time; undefined ones are left out."""
    if not (folder.path / CURVES).exists():
        return
    import pyarrow.parquet as pq

    wanted = ["model", "seed", "method", "order", "fraction", "value"]
    for block in pq.ParquetFile(folder.path / CURVES).iter_batches(columns=wanted):
        columns = [block.column(name) for name in wanted]
        for model, seed, method, order, fractions, values in zip(*columns, strict=True):
            part, known = parts.get((model.as_py(), seed.as_py())), np.array(values.as_py(), dtype=np.float64)
            if part is None or not np.isfinite(known).all():
                continue
            curves = part.curves[method.as_py()]
            if order.as_py() in curves:
                curves[order.as_py()].add(known)
            else:
                curves[order.as_py()] = MeanCurve(np.array(fractions.as_py()), known, np.zeros_like(known))


def shown(folder: Folder, places: Sequence[int]) -> list[Shown]:
    """The first pictures of a part whose heatmaps are kept."""
    found = []
    for place in places:
        if not (folder.path / folder.map_file(place)).exists():
            continue
        unit = folder.unit(place)
        scores: defaultdict[str, dict[str, float | None]] = defaultdict(dict)
        for method, metric, score in unit.get("scores", ()):
            scores[method][metric] = score
        found.append(Shown(place, unit["picture"], unit.get("label", ""), scores))
        if len(found) == MOST_SHOWN:
            break
    return found


def verdicts(part: PartFound, names: Told) -> Iterator[str]:
    """What each metric says of the methods, in a sentence."""
    for metric in part.metrics:
        yield verdict(part.methods(metric), names["metrics"][metric], names["methods"])


def verdict(rows: Sequence[Told], metric: Told, methods: Mapping[str, Told]) -> str:
    """What a metric says of the methods: how many beat every control that ignores the model, and which leads."""
    judged = [row for row in rows if not methods[row["method"]]["control"]]
    label = metric["label"]
    if metric["direction"] == "none":
        return f"{label}: it describes maps and does not judge them."
    if not judged:
        return f"{label}: no method has a score."
    if max(row["n"] for row in judged) < FEWEST:
        return f"{label}: a verdict needs {FEWEST} pictures."
    best = (max if metric["direction"] == "higher" else min)(judged, key=lambda row: row["mean"])
    passed = sum(row["verdict"] == "better" for row in judged)
    worse = sum(row["verdict"] == "worse" for row in judged)
    ahead = f"best: {methods[best['method']]['label']}, {written(best, metric)}"
    counts = "none" if not passed else str(passed)
    beaten = f"; {worse} worse than random" if worse else ""
    return f"{label}: {counts} of {counted(len(judged), 'method')} better than every control{beaten}; {ahead}."


def written(row: Told, metric: Told) -> str:
    """A mean with its interval.

    >>> written({"mean": 0.312, "low": 0.28, "high": 0.351}, {"limited": True})
    '0.31 [0.28, 0.35]'
    """
    form = "z.2f" if metric["limited"] or abs(row["mean"]) >= 0.1 else "z.1e"
    if row["low"] is None:
        return f"{row['mean']:{form}}"
    return f"{row['mean']:{form}} [{row['low']:{form}}, {row['high']:{form}}]"


def ordered(part: PartFound, names: Told) -> list[str]:
    """The methods, the best of the first metric that judges first, controls last."""
    judging = [name for name in part.metrics if names["metrics"][name]["direction"] != "none"] or part.metrics
    sign = -1 if names["metrics"][judging[0]]["direction"] == "lower" else 1
    place = {row["method"]: -sign * row["mean"] for row in part.methods(judging[0])}
    methods = dict.fromkeys(row["method"] for row in part.rows)
    return sorted(methods, key=lambda name: (names["methods"][name]["control"], place.get(name, np.inf)))


def levels(values: Float[np.ndarray, "height width"], side: int) -> tuple[Int[np.ndarray, "rows columns"], bool]:
    """A heatmap as 256 levels of its largest value, one for a block of pixels; and whether it has a sign.

    >>> levels(np.array([[-1.0, 0.0], [0.5, 1.0]]), 1)[0].tolist()
    [[0, 128], [191, 255]]
    """
    height, width = (side * (length // side) for length in values.shape)
    blocks = values[:height, :width].reshape(height // side, side, width // side, side).mean(axis=(1, 3))
    share = blocks / (np.abs(blocks).max() or 1.0)
    signed = bool((values < 0).any())
    return np.rint(127.5 + 127.5 * share if signed else 255 * share).astype(np.uint8), signed
