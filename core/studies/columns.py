"""The scores of a long study as numbers in columns: eight bytes a score, whatever the number of pictures."""

from array import array
from collections.abc import Iterable, Sequence
from math import isfinite, nan

import numpy as np
from jaxtyping import Float

from core.metrics.statistics import Score, Tally


class Columns(Tally):
    """A tally of pictures that are known beforehand.

    Parameters
    ----------
    pictures
        Their names.
    """

    def __init__(self, pictures: Iterable[str]) -> None:
        super().__init__()
        self._names = sorted(pictures)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._columns: dict[tuple[str, str], array[float]] = {}
        self._scored = bytearray(len(self._names))

    def add(self, scores: Iterable[Score]) -> None:
        """Adds scores; each may come once."""
        for picture, method, metric, score in scores:
            place = self._places[picture]
            column = self._columns.get((metric, method))
            if column is None:
                column = self._columns[metric, method] = array("d", [nan]) * len(self._names)
            column[place] = score if isfinite(score) else nan
            self._scored[place] = 1

    def __len__(self) -> int:
        return sum(self._scored)

    def scores(self) -> tuple[Score, ...]:
        """Every score, by picture, method and metric."""
        return tuple(
            Score(self._names[place], method, metric, self._columns[metric, method][place])
            for place, scored in enumerate(self._scored)
            for method, metric in sorted((method, metric) for metric, method in self._columns)
            if scored
        )

    def cells(self) -> list[tuple[str, str]]:
        """Every metric and method, sorted."""
        return sorted(self._columns)

    def columns(self, cells: Sequence[tuple[str, str]]) -> Float[np.ndarray, "pictures cells"]:
        """The scores of these metrics and methods, pictures sorted by name; NaN where there is none."""
        scored = np.frombuffer(self._scored, np.uint8).astype(bool)
        none = np.full(len(scored), nan)
        found = [np.array(self._columns.get(cell, none))[scored] for cell in cells]
        return np.array(found, dtype=np.float64).reshape(len(cells), int(scored.sum())).T
