"""What a comparison by single patches tells on its way: its networks, their scores, and where networks differ."""

from dataclasses import dataclass

from core.metrics.statistics import Standing
from core.retraining.outcomes import Accuracy


@dataclass(frozen=True)
class NetworkAdapted:
    """A copy of a network was fine-tuned on pictures of which half lack a patch.

    Parameters
    ----------
    whole
        Its accuracy on all whole test pictures, also on those that are not judged.
    before, after
        Accuracy on all test pictures, each without a random patch, before it was fine-tuned and after.
    tested
        How many those are.
    """

    network: str
    seed: int
    whole: float
    before: float
    after: float
    tested: int


@dataclass(frozen=True)
class PatchScore:
    """How well a method orders the patches of a network's pictures; a later one takes its place.

    Parameters
    ----------
    score
        Rank correlation of the map's sum in each patch with what the output loses without it: 1 for the same order, 0
        for an unrelated one.
    to_random
        The score minus that of the random control on the same pictures.
    standing
        By the differences to the controls: ``better``, ``edge``, ``worse``, ``unclear`` or ``control``.
    unbeaten
        The control that ignores the model and scores highest of those that the method is not clearly better than; empty
        where there is none, and for a control.
    beaten_by
        The strongest of those that are clearly better than the method; empty where there is none, and for a control.
    pictures
        How many so far.
    """

    network: str
    method: str
    score: Accuracy
    to_random: Accuracy
    standing: Standing
    unbeaten: str
    beaten_by: str
    pictures: int

    @property
    def replaces(self) -> tuple[str, str, str]:
        return "patch score", self.network, self.method


@dataclass(frozen=True)
class NetworkGap:
    """How much better a method orders the patches of one network than those of another; a later one takes its place.

    Parameters
    ----------
    gap
        The first network's score minus the second's, on the same pictures.
    """

    method: str
    first: str
    second: str
    gap: Accuracy
    pictures: int

    @property
    def replaces(self) -> tuple[str, str, str, str]:
        return "network gap", self.method, self.first, self.second
