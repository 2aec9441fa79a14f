"""The heatmaps of many pictures by one network, one tensor for each method."""

from collections.abc import Generator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.models.classifier import Classifier

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
                found[heatmap.method].append(heatmap.attribution if by_channel else heatmap.values[None])
        yield Progress(place + 1, len(pixels), "Heatmaps", "picture")
    return {name: torch.stack(maps) for name, maps in found.items()}


def in_blocks(count: int, size: int) -> Sequence[slice]:
    """
    >>> in_blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
