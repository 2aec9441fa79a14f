"""Location test: a map judged against copies of itself placed elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.metrics.answers import Answers, Y
from core.metrics.copies import FIRST_AT_RANDOM
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF, Trace
from core.metrics.removal import Unit
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target

FEWEST_COPIES = 19
"""Enough that being the best of all happens by chance in one case out of twenty."""

COPIES_AT_ONCE = 5


@dataclass(frozen=True)
class MatchedReady:
    """A map's fidelity among those of its own shifted and flipped copies.

    Parameters
    ----------
    by_chance
        F of each copy known so far.
    rank
        1 where no copy does as well as the map; plus one for each copy that does.
    """

    value: float
    by_chance: tuple[float, ...]
    rank: int
    final: bool

    @property
    def replaces(self) -> str:
        return "matched"


def stream_matched(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    values: Float[Tensor, "*channels height width"],
    target: ClassChoice,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    unit: Unit = "pixel",
    side: int = 9,
    seed: int = 0,
    variants: int = FEWEST_COPIES,
    steps: int = 10,
    rather_than: int | None = None,
) -> Iterator[Progress | MatchedReady]:
    """The rank of a map's F among those of its own copies, shifted and flipped at random, as they become known.

    The shape of a mask alone can confuse a model; copies have the same shape elsewhere, so they are equally far from
    the data.

    Parameters
    ----------
    rather_than
        A class that the target is contrasted with.

    Raises
    ------
    ValueError
        Where there would be too few copies for a conclusion, or the map does not fit the picture.
    """
    if variants < FEWEST_COPIES:
        raise ValueError(f"The location test needs at least {FEWEST_COPIES} copies; got {variants}.")
    pixels = checked_pixels(classifier, pixels)
    answers = Answers(classifier, pixels, checked_target(classifier, pixels, target), y, rather_than)
    perturbation = Perturbation(imputer, unit, side, y, steps)
    each = count_visits((MIF, LIF), 1, perturbation, classifier.size)
    scores: list[float] = []
    copies = [0, *range(FIRST_AT_RANDOM, FIRST_AT_RANDOM + variants)]
    for begin in range(0, variants + 1, COPIES_AT_ONCE):
        pairs = [(Trace("mif", copy=copy), Trace("lif", copy=copy)) for copy in copies[begin : begin + COPIES_AT_ONCE]]
        traces = [trace for pair in pairs for trace in pair]
        tracing = Returning(trace_curves(classifier, pixels, {"": values}, traces, answers, perturbation, seed))
        for step in tracing:
            yield Progress(begin * each + step.done, (variants + 1) * each, "Copies of the map")
        curves = tracing.result[""]
        scores += [area_between(curves[lif], curves[mif]) for mif, lif in pairs]
        own, *others = scores
        rank = 1 + sum(other >= own for other in others)
        yield MatchedReady(own, tuple(others), rank, final=len(scores) > variants)
