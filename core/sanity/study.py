"""Parameter randomisation over many pictures: similarity curves whose intervals narrow as pictures arrive."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from core.sanity.randomisation import StageReady

Similarity = Literal["spearman", "spearman_abs", "ssim", "hog"]


@dataclass(frozen=True)
class PictureChecked:
    """One picture's similarities, without the maps, and what they cost.

    Parameters
    ----------
    done, total
        Pictures dealt with so far, of all.
    """

    picture: str
    points: tuple[StageReady, ...]
    seconds: float
    done: int
    total: int


@dataclass(frozen=True)
class SimilarityRow:
    """A method's mean similarity at one stage, with its 95 % interval; NaN where one picture is all."""

    method: str
    stage: int
    similarity: Similarity
    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class SanitySummary:
    """All means so far; the trained network, stage 0, is in none."""

    rows: tuple[SimilarityRow, ...]
    pictures: int

    @property
    def replaces(self) -> str:
        return "summary"


def stream_sanity_study(*asked: Any, **further: Any) -> Iterator[Any]:
    """Similarities picture by picture, and after each the means of all so far."""
    raise NotImplementedError
