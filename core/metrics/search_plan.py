"""What a search for the best order of a picture's pixels tries in turn, and how many passes that takes."""

from collections.abc import Sequence
from math import ceil

from core.metrics.chance import COPIES, FRACTIONS
from core.metrics.curve_plan import Perturbation, count_visits
from core.metrics.evidence import LIF, MIF
from core.metrics.patch_orders import Patches, side_of, whole_counts
from core.metrics.removal import removal_counts

PASSES = 1500
TIMES_THE_LEAST = 1.5
"""How many times what a search takes before its first swap it is given at least."""
PATCHES = 14
"""Along the longer side of the picture."""
STARTS = 3
"""Maps, the best ones, from whose orders the search starts."""


def stages_of(size: tuple[int, int], across: int, steps: int) -> list[Patches]:
    """The patches of that many along the longer side, in stages: patches of twice the side, if enough for the steps;
    the patches, none of them removed in part; and with the exact steps.

    Raises
    ------
    ValueError
        Where there would be no order of them.
    """
    if across < 2:
        raise ValueError(f"An order needs at least 2 patches along the longer side of the picture; got {across}.")
    counts, half = removal_counts(steps, size[0] * size[1]), max(1, across // 2)
    coarse = Patches(size, half, whole_counts(counts, side_of(size, half)))
    whole = Patches(size, across, whole_counts(counts, side_of(size, across)))
    exact = Patches(size, across, counts)
    rougher = [coarse] if steps <= coarse.count < exact.count else []
    return [*rougher, exact] if whole.counts == counts else [*rougher, whole, exact]


def count_starts(patches: Patches, maps: int) -> int:
    """Passes along the curves of the orders that a stage begins with: one of its own, and one for each map."""
    return (1 + maps) * len(patches.cuts)


def starts_of(stage: Patches, stages: Sequence[Patches]) -> int:
    """The most maps whose orders a stage begins with: several at first, and then the best alone."""
    return STARTS if stage is stages[0] else 1


def count_measure(size: tuple[int, int], perturbation: Perturbation, maps: int) -> int:
    """Passes along the curves of this many maps, and for the picture without any pixel."""
    return count_visits((MIF, LIF), maps, perturbation, size) + 1 if maps else 0


def by_chance(stages: Sequence[Patches]) -> Patches:
    """The coarsest patches, with curves of few shares: enough for what orders score by chance."""
    size, across = stages[0].size, stages[0].across
    return Patches(size, across, removal_counts(FRACTIONS, size[0] * size[1]))


def least_passes(
    stages: Sequence[Patches], perturbation: Perturbation, size: tuple[int, int], maps: int, lacking: int
) -> int:
    """What a search takes before the first swap.

    Parameters
    ----------
    lacking
        The maps whose F is not known.
    """
    begun = sum(count_starts(stage, min(maps, starts_of(stage, stages))) for stage in stages)
    alone, chance = 2 * stages[0].count, COPIES * len(by_chance(stages).cuts)
    return count_measure(size, perturbation, lacking) + chance + alone + begun


def usual_passes(size: tuple[int, int], perturbation: Perturbation, lacking: int = 0) -> int:
    """The passes that a search is given where nobody says how many: more where its curves have many steps.

    Parameters
    ----------
    lacking
        The maps whose F is not known.
    """
    known = least_passes(stages_of(size, PATCHES, perturbation.steps), perturbation, size, STARTS, 0)
    return count_measure(size, perturbation, lacking) + max(PASSES, ceil(TIMES_THE_LEAST * known))
