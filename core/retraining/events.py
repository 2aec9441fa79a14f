"""What a study of retraining tells as its networks learn: epochs, accuracies beside their leak, and what follows."""

from dataclasses import dataclass

from core.retraining.directions import Direction
from core.retraining.masks import Form
from core.retraining.outcomes import Accuracy
from core.retraining.plan import Cell
from core.retraining.probes import Probe, ProbeFinding
from core.retraining.verdicts import Verdict


@dataclass(frozen=True)
class RetrainingEpoch:
    """An epoch of a network in hand; the next one of the same network takes its place.

    Parameters
    ----------
    accuracy
        On the test pictures, thinned as the training pictures are.
    """

    cell: Cell
    seed: int
    epoch: int
    epochs: int
    accuracy: float

    @property
    def replaces(self) -> tuple[str, Cell, int]:
        return "network", self.cell, self.seed


@dataclass(frozen=True)
class RetrainedAccuracy:
    """The accuracy of the networks of a cell so far; a later one takes its place.

    Parameters
    ----------
    fraction
        The share that is removed (``roar``) or kept (``kar``).
    retrained
        Of the networks that learned from thinned pictures.
    unadapted
        Of the explained network, which has never met a removed place.
    leak
        Of networks that learned from the masks alone; None before the first of them has.
    leak_decides
        Whether the masks alone reach an accuracy above chance that is not clearly below the retrained one: the
        intervals overlap, or the leak is higher. What is left of the pictures may then have added nothing.
    probe
        What was done to the method's maps before they were ranked, if anything.
    """

    method: str
    form: Form
    fraction: float
    retrained: Accuracy
    unadapted: Accuracy
    leak: Accuracy | None
    leak_decides: bool | None
    probe: Probe | None = None

    @property
    def replaces(self) -> tuple[str, str, str, float, str]:
        return "retrained accuracy", self.method, self.form, self.fraction, self.probe or ""


@dataclass(frozen=True)
class RetrainingReady:
    """What follows from the networks so far; a later one takes its place.

    Parameters
    ----------
    whole
        Accuracy of networks that learned from whole pictures.
    verdicts
        One for each method all of whose cells are known, the largest area first.
    probes
        What blurring or dilating the maps changes.
    saved
        Networks that were not trained, since the difference to random removal was clear without them.
    took
        Seconds that all runs of the study computed, one after the other; None where the first were not timed.
    mixed
        In what the runs differ that made the study, in sentences; empty where they do not.
    precision
        Of the passes in which the networks learned: float32 or bfloat16. The explained network learns in float32.
    """

    whole: Accuracy | None
    verdicts: tuple[Verdict, ...]
    directions: tuple[Direction, ...]
    networks: int
    seconds: float
    final: bool
    probes: tuple[ProbeFinding, ...] = ()
    saved: int = 0
    took: float | None = None
    mixed: str = ""
    precision: str = "float32"

    @property
    def replaces(self) -> str:
        return "retraining"


def compared(cell: Cell, score: Accuracy, before: Accuracy, leak: Accuracy | None, chance: float) -> RetrainedAccuracy:
    """The accuracy of a cell beside its leak.

    Parameters
    ----------
    chance
        The accuracy of always naming the most frequent class.
    """
    decides = None
    if leak is not None:
        decides = leak.over_pictures.low > chance and leak.over_pictures.high >= score.over_pictures.low
    return RetrainedAccuracy(cell.method, cell.form, cell.fraction, score, before, leak, decides, cell.probe)
