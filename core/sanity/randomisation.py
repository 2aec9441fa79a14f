"""Parameter randomisation: what becomes of a map when the network forgets, stage by stage, what it has learned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.sanity.stages import Mode, Stage
from core.sanity.verdict import VerdictReady


@dataclass(frozen=True)
class StagesFound:
    """The stages that will be visited, each for so many draws of random weights; comes first."""

    mode: Mode
    stages: tuple[Stage, ...]
    draws: int


@dataclass(frozen=True, eq=False)
class StageReady:
    """A method's map at one stage, and how far it is still the map of the trained network.

    Parameters
    ----------
    stage
        Its number, from 1.
    title
        The layers that this stage randomises beside those before it.
    draw
        Which draw of random weights, from 0.
    heatmap
        None where the method gave no map there; ``reason`` says why.
    spearman, spearman_abs, ssim, hog
        Similarities to the map of the trained network, see :mod:`core.metrics.similarity`; None where they can't be
        told, as where a map is constant.
    """

    method: str
    stage: int
    title: str
    share_randomised: float
    draw: int
    heatmap: Heatmap | None
    reason: str = ""
    spearman: float | None = None
    spearman_abs: float | None = None
    ssim: float | None = None
    hog: float | None = None


Event = Progress | StagesFound | HeatmapReady | MethodRefused | StageReady | VerdictReady


def stream_randomisation(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    mode: Mode = "cascading",
    seed: int = 0,
    draws: int = 3,
    groups: int = 12,
    smooth: int = 1,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """Maps of ever more random networks, the fully randomised first, then the middle; a step is one batch."""
    raise NotImplementedError
