"""The trainings of a study a round at a time, so that what differs clearly from random removal costs no further seeds.

Other comparisons, such as with the Sobel control or with the leak, then have fewer seeds as well. Whoever looks twice
finds more: a cell that stops tends to show too large a difference, and no interval allows for it.
What is left out depends on the outcomes of whole rounds, never on who finishes first: any number of processes, and a
resumption after a kill, train the same networks.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from core.metrics.statistics import BASELINE, FEWEST
from core.retraining.outcomes import Recognised, areas_between
from core.retraining.plan import WHOLE, Cell, Plan, Training
from core.retraining.spec import RetrainingSpec

FIRST_SEEDS = 2
"""Networks of every cell before anything is decided: they have to agree."""


class Round(NamedTuple):
    """What is trained next.

    Parameters
    ----------
    saved
        The keys of what is not trained, since its cell differs clearly from random removal.
    """

    trainings: tuple[Training, ...]
    saved: tuple[str, ...]


def in_rounds(plan: Plan, spec: RetrainingSpec, outcome: Callable[[Cell], Recognised | None]) -> Iterator[Round]:
    """All at once; or, to stop early, the first two seeds, then seed by seed the cells that are still open.

    Parameters
    ----------
    outcome
        Which pictures a cell's networks recognise, by seed; asked for once the rounds before have ended.
    """
    together = FIRST_SEEDS if spec.stop_early else spec.seeds
    yield Round(tuple(each for each in plan.trainings if each.seed < together), ())
    undecided = {cell for cell in plan.keys if cell.what != "explained"}
    for seed in range(together, spec.seeds):
        known = {cell: own[:seed] for cell in undecided if (own := outcome(cell)) is not None}
        undecided = still_open(known, spec.seed)
        needed = {plan.keys[cell][seed] for cell in undecided}
        of_seed = [each for each in plan.trainings if each.seed == seed]
        saved = tuple(each.key for each in of_seed if each.key not in needed)
        yield Round(tuple(each for each in of_seed if each.key in needed), saved)


def still_open(known: dict[Cell, Recognised], seed: int) -> set[Cell]:
    """The cells that do not differ clearly from the random control, and the controls that they are compared with."""
    compared = [cell for cell in known if control_of(cell) != cell]
    gaps = areas_between([([known[cell]], [known[control_of(cell)]]) for cell in compared], seed)
    left = {
        cell
        for cell, gap in zip(compared, gaps, strict=True)
        if gap.over_pictures.n < FEWEST or not (gap.above_zero or gap.below_zero)
    }
    return left | {control_of(cell) for cell in left} | ({WHOLE} & known.keys())


def control_of(cell: Cell) -> Cell:
    """The random control at the same share, of the same form, and like it of pictures or of masks alone."""
    return replace(cell, method=BASELINE, probe=None)
