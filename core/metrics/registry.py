"""A score knows itself: name, symbol, range, direction, unit, its value for a random map, its paper."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What is known of a score before it is computed.

    Parameters
    ----------
    low, high
        Its range for probabilities; a relative logit may leave it.
    direction
        Which way is better; ``"none"`` where a score describes rather than judges.
    random
        Its value for a random map, as it is written.
    """

    name: str
    label: str
    symbol: str
    low: float | None
    high: float | None
    direction: Literal["higher", "lower", "none"]
    unit: str
    random: str
    paper: str
    summary: str

    @property
    def heading(self) -> str:
        """What a column of this score is called: its symbol where that is a word of its own."""
        return self.symbol if self.symbol.isalpha() else self.label


BROCKI = "Brocki and Chung 2022, arXiv:2203.02928; 2023, arXiv:2303.01538"
OURS = "our reading of Brocki and Chung 2022, arXiv:2203.02928"

_METRICS = (
    Metric(
        "fidelity", "Fidelity", "F", -1.0, 1.0, "higher", "area", "0", BROCKI,
        "Area between the curve that loses the least important pixels first and the one that loses the most first.",
    ),
    Metric(
        "mrg", "Gain of the most important", "MRG", -1.0, 1.0, "higher", "area", "0", OURS,
        "Area by which losing the most important pixels first hurts more than a random order.",
    ),
    Metric(
        "lrg", "Gain of the least important", "LRG", -1.0, 1.0, "higher", "area", "0", OURS,
        "Area by which losing the least important pixels first hurts less than a random order.",
    ),
    Metric(
        "artifact_share", "Artifact share", "P / T", None, None, "none", "share of the total drop", "1", OURS,
        "At most this share of the drop is the perturbation itself rather than lost information.",
    ),
)  # fmt: skip


def list_metrics() -> tuple[Metric, ...]:
    """Every score with what is known of it."""
    return _METRICS
