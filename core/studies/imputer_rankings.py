"""Comparing imputers: the same maps judged under each of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.metrics.answers import Answers, Y
from core.metrics.curve_plan import Perturbation, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF
from core.metrics.removal import Unit
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.pictures.imputers import list_imputers


@dataclass(frozen=True)
class ImputerRanked:
    """Every map's fidelity with this imputer."""

    imputer: str
    scores: Mapping[str, float]


def stream_imputer_rankings(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "*channels height width"]],
    target: ClassChoice,
    y: Y = "probability",
    unit: Unit = "pixel",
    side: int = 9,
    seed: int = 0,
    steps: int = 8,
    rather_than: int | None = None,
) -> Iterator[Progress | ImputerRanked]:
    """Each map's F under every imputer in turn; a step is one batch.

    Parameters
    ----------
    rather_than
        A class that the target is contrasted with.

    Raises
    ------
    ValueError
        Where a map does not fit the picture, or the relative logit has no positive clean logit to refer to.
    """
    pixels = checked_pixels(classifier, pixels)
    answers = Answers(classifier, pixels, checked_target(classifier, pixels, target), y, rather_than)
    imputers = list_imputers()
    for place, imputer in enumerate(imputers):
        perturbation = Perturbation(imputer.name, unit, side, y, steps)
        tracing = Returning(trace_curves(classifier, pixels, maps, (MIF, LIF), answers, perturbation, seed))
        for step in tracing:
            yield Progress(place * step.total + step.done, len(imputers) * step.total, imputer.label)
        yield ImputerRanked(
            imputer.name, {name: area_between(traced[LIF], traced[MIF]) for name, traced in tracing.result.items()}
        )
