"""Whether a method passes the randomisation check: the criterion, its doubt, and what the check can't tell."""

from dataclasses import dataclass
from typing import Literal

Standing = Literal["passes", "fails", "unclear"]
CRITERION = "The criterion is still to be written."
LIMITS: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerdictReady:
    """How a method stands after what is known so far; a later one of the method takes its place.

    Parameters
    ----------
    value, low, high
        Similarity to the map of the fully randomised network (that which ``CRITERION`` names), and where it lies.
    chance
        Where the same similarity lies for copies of the map that lie elsewhere; None until it is known.
    n
        Draws of random weights on one picture, pictures where there are many.
    sentence
        The verdict in words, with its figures.
    final
        Whether nothing more will come.
    """

    method: str
    standing: Standing
    value: float | None
    low: float | None
    high: float | None
    chance: tuple[float, float] | None
    n: int
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "verdict", self.method
