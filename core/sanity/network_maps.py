"""The maps requested of every network in the same way, of a picture or as means over noisy copies of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import find_method
from core.models.classifier import Classifier
from core.randomness import generator, picture_digest

NOISE = 0.15
"""Standard deviation of the smooth form's noise, as a share of the picture's range."""


@dataclass(frozen=True)
class NetworkMaps:
    """The same request for every network.

    Parameters
    ----------
    smooth
        Number of noisy copies whose maps are averaged; 1 for the picture itself.
    """

    request: HeatmapRequest
    pixels: Float[Tensor, "1 3 height width"]
    target: int
    smooth: int

    @cached_property
    def digest(self) -> str:
        """The picture's."""
        return picture_digest(self.pixels)

    def of(self, classifier: Classifier, stage: object) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The finished maps of one network."""
        methods, seed = self.request.methods, self.request.seed
        redrawn = [name for name in methods if find_method(name).control and find_method(name).drawn]
        unrelated = generator(seed, "unrelated", stage).initial_seed()
        yield from self.made(classifier, self.request.only(name for name in methods if name not in redrawn))
        yield from self.made(classifier, replace(self.request.only(redrawn), seed=unrelated))

    def made(
        self, classifier: Classifier, request: HeatmapRequest
    ) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The maps of some methods; in the smooth form each is the mean over noisy copies."""
        if self.smooth == 1:
            yield from self.finished(classifier, self.pixels, request)
            return
        found: defaultdict[str, list[Heatmap]] = defaultdict(list)
        refused: dict[str, MethodRefused] = {}
        for copy in range(self.smooth):
            seen = noisy(self.pixels, self.request.seed, self.digest, copy)
            for event in self.finished(classifier, seen, request):
                if isinstance(event, Progress):
                    yield event
                elif isinstance(event, MethodRefused):
                    refused.setdefault(event.method, event)
                else:
                    found[event.heatmap.method].append(event.heatmap)
        yield from refused.values()
        yield from (HeatmapReady(mean_of(maps), final=True) for method, maps in found.items() if method not in refused)

    def finished(
        self, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], request: HeatmapRequest
    ) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The finished maps of some pixels."""
        yield from request.stream(classifier, pixels, self.target, rough=False)


def mean_of(maps: Sequence[Heatmap]) -> Heatmap:
    """The mean over noisy copies, each map scaled to the same norm, so that a few strong ones do not dominate."""
    values = torch.stack([of_unit_length(each.values) for each in maps]).mean(dim=0)
    note = f"Mean over {len(maps)} noisy copies of the picture, each map scaled to the same norm first."
    return replace(maps[0], values=values, notes=(*maps[0].notes, note))


def noisy(
    pixels: Float[Tensor, "1 3 height width"], seed: int, digest: str, copy: int
) -> Float[Tensor, "1 3 height width"]:
    """A noisy copy, the same for all networks: its noise is 15 % of the picture's range, as in SmoothGrad."""
    draw = generator(seed, digest, "smooth", copy, device=pixels.device)
    noise = torch.randn(pixels.shape, generator=draw, device=pixels.device, dtype=pixels.dtype)
    return pixels + NOISE * (pixels.max() - pixels.min()) * noise


def of_unit_length(values: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """The map scaled to unit norm; zeros stay zeros."""
    length = values.norm()
    return values / length if length > 0 else values
