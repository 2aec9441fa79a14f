"""A heatmap, and the events that deliver it."""

from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.methods.registry import Reduction


@dataclass(frozen=True)
class Passes:
    """Pictures sent through the network, forward and backward."""

    forward: int = 0
    backward: int = 0

    def __add__(self, other: "Passes") -> "Passes":
        return Passes(self.forward + other.forward, self.backward + other.backward)

    def __mul__(self, pictures: int) -> "Passes":
        return Passes(self.forward * pictures, self.backward * pictures)


@dataclass(frozen=True, eq=False)
class Heatmap:
    """How much each pixel mattered for the explained class, according to a method.

    Parameters
    ----------
    values
        One number per pixel, signed where the method is; on the host.
    attribution
        The same before the channels were reduced.
    reduction
        How they were reduced: ``sum``, ``abs_sum`` or ``max_abs`` over channels.
    seconds, passes
        What this heatmap added to the run; passes that an earlier method paid for are counted there.
    missed
        How far the contributions are from adding up to the score difference, as a share of it; None where the method
        does not claim completeness, or the difference is almost zero.
    doubt
        The standard error of each value by chance, in the map's own unit; on the host. None where the method does not
        measure one.
    notes
        What a reader needs to know before trusting the map.
    """

    values: Float[Tensor, "height width"]
    attribution: Float[Tensor, "channels height width"]
    method: str
    target: int
    reduction: Reduction
    seconds: float
    passes: Passes
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    missed: float | None = None
    doubt: Float[Tensor, "height width"] | None = None


@dataclass(frozen=True)
class HeatmapReady:
    """A heatmap to show; a rough one is followed by a better one."""

    heatmap: Heatmap
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "heatmap", self.heatmap.method


@dataclass(frozen=True)
class MethodRefused:
    """A method that does not apply, or that failed, with the reason."""

    method: str
    reason: str


def reduce_channels(
    attribution: Float[Tensor, "channels height width"], reduction: Reduction
) -> Float[Tensor, "height width"]:
    """One number per pixel.

    >>> import torch
    >>> both = torch.tensor([[[1.0]], [[-3.0]]])
    >>> [reduce_channels(both, name).item() for name in ("sum", "abs_sum", "max_abs")]
    [-2.0, 4.0, 3.0]
    """
    if reduction == "sum":
        return attribution.sum(dim=0)
    if reduction == "abs_sum":
        return attribution.abs().sum(dim=0)
    return attribution.abs().amax(dim=0)
