"""What a fine-tune tells on its way: its networks, the accuracies, and what follows from them."""

from dataclasses import dataclass

from core.retraining.directions import Direction
from core.retraining.masks import Form
from core.retraining.outcomes import Accuracy
from core.retraining.verdicts import Verdict


@dataclass(frozen=True)
class FineTuned:
    """A network that judges is there.

    Parameters
    ----------
    seed
        Its number; None for the explained network, which was not fine-tuned.
    accuracy
        On all whole test pictures, also on those that are not judged.
    tested
        How many those are.
    seconds
        How long fine-tuning took, here or where the network was made.
    bundled
        Whether it was fine-tuned beforehand and ships with HeatCheck.
    """

    seed: int | None
    accuracy: float
    tested: int
    seconds: float
    bundled: bool = False


@dataclass(frozen=True)
class RemovalAccuracy:
    """How many pictures are still recognised when a share of their places is gone; a later one takes its place.

    Parameters
    ----------
    form
        ``roar``: the most important places are removed; ``kar``: they are kept, and all others removed.
    fraction
        The share that is removed or kept.
    adapted
        By the fine-tuned networks.
    unadapted
        By the explained network, which has never met a removed place.
    pictures
        How many so far.
    """

    method: str
    form: Form
    fraction: float
    adapted: Accuracy
    unadapted: Accuracy
    pictures: int

    @property
    def replaces(self) -> tuple[str, str, str, float]:
        return "removal accuracy", self.method, self.form, self.fraction


@dataclass(frozen=True)
class FineTuneReady:
    """What follows from the pictures so far; a later one takes its place.

    Parameters
    ----------
    verdicts
        One for each method, the largest area first.
    directions
        What the paper found with retraining, and whether it shows here.
    adapted, unadapted
        Accuracies on the whole pictures, as in :class:`RemovalAccuracy`.
    final
        Whether nothing more will come.
    """

    verdicts: tuple[Verdict, ...]
    directions: tuple[Direction, ...]
    adapted: Accuracy
    unadapted: Accuracy
    pictures: int
    final: bool

    @property
    def replaces(self) -> str:
        return "fine-tune"
