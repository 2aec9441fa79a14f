"""Path methods: the gradient gathered on the way from a baseline to the picture."""

from typing import Annotated, Literal

from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank, Quadrature
from core.methods.registry import Range, method

Baseline = Literal["black", "grey", "dataset_mean", "picture_mean", "blur", "uniform_noise"]
DEGENERATE = 0.01  # of the larger of the two scores


@method(
    label="Integrated gradients",
    family="path",
    signed=True,
    paper="Sundararajan et al. 2017, arXiv:1703.01365",
)
def integrated_gradients(
    passes: PassBank,
    steps: Annotated[int, Range(1, 500)] = 50,
    baseline: Baseline = "black",
    quadrature: Quadrature = "gauss_legendre",
) -> Float[Tensor, "3 height width"]:
    """Each pixel's share of the score gained on the way from a baseline to the picture.

    The shares add up to the score's difference between picture and baseline; how far they miss it is shown. Pixels
    that look like the baseline get nothing.

    Parameters
    ----------
    steps
        Points on the way at which the gradient is taken.
    baseline
        The picture that the way starts from.
    quadrature
        How the points are placed and weighted.
    """
    ends = passes.outputs(("ends", baseline), 2, lambda places: passes.path_ends(baseline)[list(places)])
    gathered = (passes.pixels - passes.baseline(baseline))[0] * passes.path_gradients(steps, baseline, quadrature)
    note_completeness(passes, float(gathered.sum()), float(ends[0]), float(ends[1]))
    return gathered


def note_completeness(passes: PassBank, total: float, start: float, end: float) -> None:
    """Tells how far the shares are from adding up, or that there is next to nothing to add up to."""
    if abs(end - start) <= DEGENERATE * max(abs(start), abs(end)):
        passes.note("Path degenerate: baseline and picture score almost the same, so there is nothing to share out.")
    else:
        missed = abs(total / (end - start) - 1)
        passes.note(f"Completeness: the shares miss the score's difference by {missed:.1%}.")
