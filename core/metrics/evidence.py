"""What a metric may read about one map on one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.heatmap import Heatmap
from core.metrics.curves import Curve
from core.metrics.disturbances import Removals
from core.metrics.removal import Order
from core.models.classifier import Classifier


@dataclass(frozen=True)
class Trace:
    """A curve that a metric needs.

    Parameters
    ----------
    imputer, fractions
        What replaces removed pixels, and the shares removed, without 0 and 1, which are always visited; the study's own
        if not given.
    copy
        0 for the map itself; further numbers for its shifted and flipped copies, whose masks have the same shape
        elsewhere.
    """

    order: Order
    imputer: str | None = None
    fractions: tuple[float, ...] | None = None
    copy: int = 0


MIF, LIF, RANDOM = Trace("mif"), Trace("lif"), Trace("random")


@dataclass(frozen=True, eq=False)
class Evidence:
    """One map on one picture, with everything measured to judge it; what no metric needed is None.

    Parameters
    ----------
    truth
        The pixels that a person marked, at the model's resolution; None where nobody did.
    causal
        The pixels of a stamp that the network actually uses; None where there is none.
    distractor
        The pixels of a second stamp that carries no label; None where there is none.
    curves
        The curves that the metric reads, and possibly others.
    clean
        The y value of the unperturbed picture.
    kept
        The y value of the picture multiplied by the map: what the map calls unimportant fades to the data set's mean.
        None where the map has no positive place.
    removals
        What the model loses when patches of the picture are removed, the same for every map.
    moved
        The method's maps of noisy copies of the picture; None where it does not apply to one of them.
    repeated
        The method's map with the next seed; None where it does not apply.
    ceiling
        The largest F that any order was found to reach, the same for every map; None where it is not above chance.
    share_kept
        Share of the fills of what the map marks for which the model keeps the class.
    """

    classifier: Classifier
    pixels: Float[Tensor, "1 3 height width"]
    target: int
    seed: int
    heatmap: Heatmap
    truth: Bool[Tensor, "height width"] | None
    curves: Mapping[Trace, Curve]
    clean: float
    kept: float | None = None
    removals: Removals | None = None
    moved: Sequence[Float[Tensor, "height width"]] | None = None
    repeated: Float[Tensor, "height width"] | None = None
    ceiling: float | None = None
    share_kept: float | None = None
    causal: Bool[Tensor, "height width"] | None = None
    distractor: Bool[Tensor, "height width"] | None = None
