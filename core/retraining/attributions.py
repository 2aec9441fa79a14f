"""The heatmaps of many pictures by one network, one tensor for each method."""

from collections.abc import Generator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.statistics import BASELINE
from core.models.classifier import Classifier
from core.randomness import generator, picture_digest

Maps = dict[str, Float[Tensor, "n channels height width"]]


def stream_attributions(
    classifier: Classifier,
    pixels: Float[Tensor, "n channels height width"],
    request: HeatmapRequest,
    by_channel: bool = False,
) -> Generator[Progress | MethodRefused, None, Maps]:
    """The maps of the class that the network predicts for each picture; a step is one picture.

    A method that is refused on any picture is left out, and reported once.

    Parameters
    ----------
    by_channel
        Whether the maps keep their channels, for a ranking of single features; otherwise they are reduced to one.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in request.methods}
    predicted = classifier.logits(pixels).argmax(dim=1).tolist()  # in full batches, not one by one
    for place, target in enumerate(predicted):
        own = pixels[place : place + 1].contiguous()
        for event in request.only(found).stream(classifier, own, target, rough=False):
            if isinstance(event, MethodRefused):
                del found[event.method]
                yield event
            elif isinstance(event, HeatmapReady):
                heatmap = event.heatmap
                found[heatmap.method].append(
                    features_of(heatmap, own, request.seed) if by_channel else heatmap.values[None]
                )
        yield Progress(place + 1, len(pixels), "Heatmaps", "picture")
    return {name: torch.stack(maps) for name, maps in found.items()}


def features_of(
    heatmap: Heatmap, pixels: Float[Tensor, "1 channels height width"], seed: int
) -> Float[Tensor, "_ height width"]:
    """The attribution with its channels; a random map has a draw for each feature, or it would remove whole pixels.

    The first channel of a random map is the map itself.
    """
    if heatmap.method != BASELINE:
        return heatmap.attribution
    draw = generator(seed, picture_digest(pixels), BASELINE, device=pixels.device)
    return torch.rand(pixels.shape[1:], generator=draw, device=pixels.device)


def in_blocks(count: int, size: int) -> Sequence[slice]:
    """
    >>> in_blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
