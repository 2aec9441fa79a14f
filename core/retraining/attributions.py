"""The heatmaps of many pictures by one network, one tensor for each method."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.models.classifier import Classifier

Maps = dict[str, Float[Tensor, "n channels height width"]]


@dataclass
class Gathering:
    """The final maps of each method so far, and the methods that do not apply, with the reason."""

    maps: dict[str, list[Tensor]]
    refused: dict[str, str]


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
    found = Gathering({name: [] for name in request.methods}, {})
    for place in range(len(pixels)):
        own = pixels[place : place + 1].contiguous()
        for event in request.only(name for name in found.maps if name not in found.refused).stream(classifier, own):
            if isinstance(event, MethodRefused):
                found.refused[event.method] = event.reason
                yield event
            elif isinstance(event, HeatmapReady) and event.final:
                heatmap = event.heatmap
                found.maps[heatmap.method].append(heatmap.attribution if by_channel else heatmap.values[None])
        yield Progress(place + 1, len(pixels), "Heatmaps", "picture")
    return stacked(found, len(pixels))


def stacked(found: Gathering, wanted: int) -> Maps:
    """The maps of the methods that have one for every picture."""
    return {name: torch.stack(maps) for name, maps in found.maps.items() if len(maps) == wanted}


def in_blocks(count: int, size: int) -> Sequence[slice]:
    """
    >>> in_blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
