"""What a study of coherency reports; each event takes the place of the one before it."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.coherency.alpha import Alpha
from core.coherency.anchor import Anchor
from core.coherency.changes import Sizes
from core.coherency.choices import Flip
from core.coherency.consistency import Consistency
from core.coherency.controls import Placement
from core.coherency.correlation import Correlation, Form
from core.coherency.degradation import Degradation
from core.coherency.differences import CriticalDifferences
from core.coherency.explained import Explained
from core.coherency.status import Status


@dataclass(frozen=True)
class SizesFound:
    """How large the minor and the disruptive changes are."""

    picture: Sizes
    weights: Sizes

    @property
    def replaces(self) -> str:
        return "sizes"


@dataclass(frozen=True, eq=False)
class PictureShown:
    """A picture and its maps, small: to be looked at beside its scores.

    Parameters
    ----------
    pixels
        What the model sees of the picture, in [0, 1].
    maps
        Those of methods that are no controls, by method; means of squares of pixels.
    """

    picture: str
    pixels: Float[Tensor, "channels rows columns"]
    maps: Mapping[str, Float[Tensor, "rows columns"]]


@dataclass(frozen=True)
class CorrelationsReady:
    """Every two metrics across pictures.

    Parameters
    ----------
    form
        ``raw``, ``partial`` given the pictures' difficulty, or ``equalised``.
    """

    form: Form
    rows: tuple[Correlation, ...]

    @property
    def replaces(self) -> tuple[str, Form]:
        return "correlations", self.form


@dataclass(frozen=True)
class AlphasReady:
    """How far the pictures agree on the methods, by each metric."""

    rows: tuple[Alpha, ...]

    @property
    def replaces(self) -> str:
        return "alphas"


@dataclass(frozen=True)
class DifferencesReady:
    """A metric's critical-difference diagram."""

    diagram: CriticalDifferences

    @property
    def replaces(self) -> tuple[str, str]:
        return "differences", self.diagram.metric


@dataclass(frozen=True)
class PlacementsReady:
    """Where each metric places the controls."""

    rows: tuple[Placement, ...]

    @property
    def replaces(self) -> str:
        return "placements"


@dataclass(frozen=True)
class ExplainedReady:
    """How much of each metric sparsity and total variation explain."""

    rows: tuple[Explained, ...]

    @property
    def replaces(self) -> str:
        return "explained"


@dataclass(frozen=True)
class DegradationsReady:
    """How each metric's score changes while a good map is degraded."""

    rows: tuple[Degradation, ...]

    @property
    def replaces(self) -> str:
        return "degradations"


@dataclass(frozen=True)
class ConsistencyReady:
    """How each metric meets minor and disruptive changes, the constant and the random metric among them."""

    rows: tuple[Consistency, ...]

    @property
    def replaces(self) -> str:
        return "consistency"


@dataclass(frozen=True)
class FlipsReady:
    """Which choice flips the winner."""

    rows: tuple[Flip, ...]

    @property
    def replaces(self) -> str:
        return "flips"


@dataclass(frozen=True)
class AnchorsReady:
    """How each metric's ranking of the methods agrees with a known truth."""

    rows: tuple[Anchor, ...]

    @property
    def replaces(self) -> str:
        return "anchors"


@dataclass(frozen=True)
class StatusesReady:
    """Every metric's status.

    Parameters
    ----------
    pictures
        Number of pictures so far.
    """

    rows: tuple[Status, ...]
    pictures: int

    @property
    def replaces(self) -> str:
        return "statuses"


Finding = (
    CorrelationsReady
    | AlphasReady
    | DifferencesReady
    | PlacementsReady
    | ExplainedReady
    | DegradationsReady
    | ConsistencyReady
    | FlipsReady
    | StatusesReady
)
