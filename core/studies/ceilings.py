"""The ceiling of F of a picture whose maps are scored: what any order of its pixels reaches, whoever made it."""

from collections.abc import Generator, Mapping, Sequence

from torch import Tensor

from core.jobs.events import Progress, Returning
from core.metrics.answers import Answers
from core.metrics.ceiling_stream import search_ceiling
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import Curve, area_between
from core.metrics.evidence import LIF, MIF, Trace
from core.metrics.registry import find_metric
from core.metrics.removal import Unit
from core.metrics.search_plan import PATCHES, stages_of, usual_passes
from core.models.classifier import Classifier


def needs_ceiling(metrics: Sequence[str]) -> bool:
    """Whether the ceiling has to be found for any of these."""
    return any("ceiling" in find_metric(name).needs for name in metrics)


def refuse_other_units(metrics: Sequence[str], unit: Unit) -> None:
    """Refuses a ceiling where pixels are not removed one by one.

    Raises
    ------
    ValueError
        With the way out.
    """
    if unit != "pixel" and needs_ceiling(metrics):
        raise ValueError(
            f"The ceiling is known for pixels only, not for the removal unit {unit}. Use pixel, or leave out "
            f"{', '.join(name for name in metrics if needs_ceiling([name]))}."
        )


def find_ceiling(
    classifier: Classifier,
    pixels: Tensor,
    maps: Mapping[str, Tensor],
    curves: Mapping[str, Mapping[Trace, Curve]],
    answers: Answers,
    perturbation: Perturbation,
    seed: int,
) -> Generator[Progress, None, float | None]:
    """The ceiling of maps whose curves are known; None where it is not above chance."""
    known = {name: area_between(traced[LIF], traced[MIF]) for name, traced in curves.items()}
    stages, passes = (
        stages_of(classifier.size, PATCHES, perturbation.steps),
        usual_passes(classifier.size, perturbation),
    )
    searching = Returning(
        search_ceiling(classifier, pixels, answers, perturbation, maps, known, seed, stages, 0, passes)
    )
    yield from (event for event in searching if isinstance(event, Progress))
    found = searching.result
    return found.value if found.above_chance else None
