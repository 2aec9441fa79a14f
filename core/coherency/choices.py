"""Which choice flips the winner: each choice of a study changed alone, and the best method before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.coherency.resampling import resamples


@dataclass(frozen=True)
class Flip:
    """What a choice does to the winner.

    Parameters
    ----------
    choice, value
        What was changed, and to what.
    winner, otherwise
        The method with the best mean as the study has it, and with the changed choice; empty where there is no picture.
    share
        The share of resamples of pictures in which the two differ.
    by_chance
        The share of resamples in which the study's own winner is not the one on all pictures: a share of flips not
        above this may be the choice of pictures.
    n
        Number of pictures.
    """

    choice: str
    value: str
    winner: str
    otherwise: str
    share: float
    by_chance: float
    n: int

    @property
    def replaces(self) -> tuple[str, str, str]:
        return "flip", self.choice, self.value


def flip(
    choice: str,
    value: str,
    methods: Sequence[str],
    usual: Float[np.ndarray, "pictures methods"],
    changed: Float[np.ndarray, "pictures methods"],
    seed: int = 0,
) -> Flip:
    """What the changed scores do to the winner, on the pictures where every method has both.

    Parameters
    ----------
    usual, changed
        Turned scores, higher being better.
    """
    both = np.isfinite(usual).all(axis=1) & np.isfinite(changed).all(axis=1)
    n = int(both.sum())
    if not n:
        return Flip(choice, value, "", "", np.nan, np.nan, 0)
    drawn = list(resamples(n, seed))
    before, after = (np.concatenate([winners(often, scores[both]) for often in drawn]) for scores in (usual, changed))
    return Flip(
        choice,
        value,
        methods[before[0]],
        methods[after[0]],
        float((before != after)[1:].mean()),
        float((before != before[0])[1:].mean()),
        n,
    )


def winners(
    often: Float[np.ndarray, "resamples pictures"], scores: Float[np.ndarray, "pictures methods"]
) -> Int[np.ndarray, " resamples"]:
    """The method with the best mean in each resample; the first of equal ones."""
    best: Int[np.ndarray, " resamples"] = (often @ scores).argmax(axis=1)
    return best
