"""What a map scores by chance on one picture: F of copies of itself, shifted, flipped and rotated.

Copies have the map's shape, so their masks are as far from the data as its own, but they know nothing of where it
should lie. That F of such copies is the range of chance, and how it is estimated from few passes, is ours.
"""

from collections.abc import Generator, Mapping

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.metrics.answers import Answers
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import Trace
from core.models.classifier import Classifier

COPIES = 8
FRACTIONS = (0.1, 0.25, 0.45, 0.7)
"""Shares removed where the curves of copies are followed: four give the F of twenty within a few percent of its range,
since curves bend most where little is removed.
"""
AT_ONCE = 4
"""Copies of all maps whose orders are in memory together."""


def traces_of(copy: int) -> tuple[Trace, Trace]:
    """The MIF and the LIF curve of a copy."""
    return Trace("mif", fractions=FRACTIONS, copy=copy), Trace("lif", fractions=FRACTIONS, copy=copy)


def count_copy_visits(maps: int, perturbation: Perturbation, size: tuple[int, int]) -> int:
    """The number of perturbed pictures that the copies of this many maps take."""
    return COPIES * count_visits(traces_of(1), maps, perturbation, size)


def score_copies(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "*channels height width"]],
    answers: Answers,
    perturbation: Perturbation,
    seed: int = 0,
) -> Generator[Progress, None, dict[str, list[float]]]:
    """F of the copies of every map; yields after each batch, and returns them by map.

    All maps are moved in the same ways.
    """
    scores: dict[str, list[float]] = {name: [] for name in maps}
    numbers = range(1, COPIES + 1)
    batches = [numbers[begin : begin + AT_ONCE] for begin in range(0, COPIES, AT_ONCE)]
    each = count_visits(traces_of(1), len(maps), perturbation, classifier.size)
    phases = Phases([len(batch) * each for batch in batches])
    for batch in batches:
        pairs = [traces_of(copy) for copy in batch]
        both = [trace for pair in pairs for trace in pair]
        traced = yield from phases.part(trace_curves(classifier, pixels, maps, both, answers, perturbation, seed))
        for name, curves in traced.items():
            scores[name] += [area_between(curves[lif], curves[mif]) for mif, lif in pairs]
    return scores
