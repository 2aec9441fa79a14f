"""Agreement with what a person marked: plausible maps score high, whether or not the model looks there.

Rank-based scores treat a map as levels: how many pixels share each value, and how many of these are marked. Ties are
never broken, so a constant map gets what a random map gets. A picture with nothing or everything marked cannot
distinguish maps and gives no score.

Boxes of all classes count as marked, while the predicted class is explained; mark only the class in question where only
that one should count.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.metrics.evidence import Evidence
from core.metrics.registry import metric

ZHANG = "Zhang et al. 2018, arXiv:1608.00507"
ARRAS = "Arras et al. 2022, arXiv:2003.07258"
FAWCETT = "Fawcett 2006, doi:10.1016/j.patrec.2005.10.010"
DAVIS = "Davis and Goadrich 2006, doi:10.1145/1143844.1143874"
SHARE = "share of the picture that is marked"


class Levels(NamedTuple):
    """For each value of a map, the highest first: the pixels with that value, and how many of them are marked."""

    pixels: Float[Tensor, " levels"]
    marked: Float[Tensor, " levels"]


def levels(values: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]) -> Levels | None:
    """The levels of a map; None where nothing or everything is marked.

    >>> levels(torch.tensor([[2.0, 7.0, 2.0]]), torch.tensor([[True, True, False]]))
    Levels(pixels=tensor([1., 2.], dtype=torch.float64), marked=tensor([1., 1.], dtype=torch.float64))
    """
    marks = mask.to(values.device).flatten().double()
    if not 0 < marks.sum() < marks.numel():
        return None
    _, level, pixels = torch.unique(values, return_inverse=True, return_counts=True)
    marked = torch.bincount(level.flatten(), weights=marks, minlength=len(pixels))
    return Levels(pixels.flip(0).double(), marked.flip(0))


def hit_rate(levels: Levels) -> float:
    """The marked share of the pixels with the highest value."""
    return float(levels.marked[0] / levels.pixels[0])


def top_accuracy(levels: Levels) -> float:
    """The marked share of the highest pixels, as many as are marked; the last level counts in proportion."""
    wanted = levels.marked.sum()
    before = levels.pixels.cumsum(0) - levels.pixels
    taken = (wanted - before).clamp(min=0).minimum(levels.pixels)
    return float((levels.marked * taken / levels.pixels).sum() / wanted)


def area_under_roc(levels: Levels) -> float:
    """How often a marked pixel has a higher value than an unmarked one; a tie counts half."""
    others = levels.pixels - levels.marked
    below = others.sum() - others.cumsum(0)
    return float((levels.marked * (below + others / 2)).sum() / (levels.marked.sum() * others.sum()))


def mean_precision(levels: Levels) -> float:
    """The marked share of all pixels down to a level, averaged over marked pixels; ties are taken together."""
    precision = levels.marked.cumsum(0) / levels.pixels.cumsum(0)
    return float((levels.marked * precision).sum() / levels.marked.sum())


def mass_inside(values: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]) -> float | None:
    """The marked share of the positive part; None where nothing is positive, or nothing or everything is marked."""
    marks, positive = mask.to(values.device), values.clamp(min=0).double()
    if marks.all() or not marks.any() or not positive.any():
        return None
    return float(positive[marks].sum() / positive.sum())


def score_of_levels(evidence: Evidence, score: Callable[[Levels], float]) -> float | None:
    """A score of the evidence's levels; None where there are none."""
    found = None if evidence.truth is None else levels(evidence.heatmap.values, evidence.truth)
    return None if found is None else score(found)


@metric(
    label="Pointing game", group="plausibility", direction="higher", low=0.0, high=1.0, unit="share of hits",
    random=SHARE, paper=ZHANG, needs=("truth",),
)  # fmt: skip
def pointing_game(evidence: Evidence) -> float | None:
    """Whether the map's highest pixel is in the marked region.

    Where several pixels are equally high, the share of them that is marked. Undefined where nothing or everything is
    marked.
    """
    return score_of_levels(evidence, hit_rate)


@metric(
    label="Relevance mass", group="plausibility", direction="higher", low=0.0, high=1.0, unit="share",
    random=SHARE, paper=ARRAS, needs=("truth",),
)  # fmt: skip
def relevance_mass(evidence: Evidence) -> float | None:
    """The share of the map's positive part that is in the marked region.

    Evidence against the class does not count. Undefined where the map has no positive part, or where nothing or
    everything is marked.
    """
    return None if evidence.truth is None else mass_inside(evidence.heatmap.values, evidence.truth)


@metric(
    label="Rank accuracy", group="plausibility", direction="higher", low=0.0, high=1.0, unit="share",
    random=SHARE, paper=ARRAS, needs=("truth",),
)  # fmt: skip
def rank_accuracy(evidence: Evidence) -> float | None:
    """The marked share of the map's k highest pixels, where k is the number of marked pixels.

    Undefined where nothing or everything is marked.
    """
    return score_of_levels(evidence, top_accuracy)


@metric(
    label="Area under the ROC curve", symbol="AUROC", group="plausibility", direction="higher", low=0.0, high=1.0,
    unit="area", random="0.5", paper=FAWCETT, needs=("truth",),
)  # fmt: skip
def auroc(evidence: Evidence) -> float | None:
    """How often a marked pixel ranks above an unmarked one.

    Ties count half. Undefined where nothing or everything is marked.
    """
    return score_of_levels(evidence, area_under_roc)


@metric(
    label="Average precision", group="plausibility", direction="higher", low=0.0, high=1.0, unit="precision",
    random=SHARE, paper=DAVIS, needs=("truth",),
)  # fmt: skip
def average_precision(evidence: Evidence) -> float | None:
    """Mean precision over the marked pixels, from the highest value down: the top of the map counts most.

    Ties are taken together, as in scikit-learn. Undefined where nothing or everything is marked.
    """
    return score_of_levels(evidence, mean_precision)
