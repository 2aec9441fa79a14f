"""Controls: maps that ignore the model, one that is negated, and one that knows the ground truth.

A method that does not beat those that ignore the model shows nothing about it.
"""

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.methods.heatmap import reduce_channels
from core.methods.passes import PassBank
from core.methods.registry import (
    NOTHING_MARKED,
    REDUCTIONS,
    MethodName,
    Range,
    Unfit,
    find_method,
    first_reason,
    method,
)
from core.pictures.blurring import blurred

ADEBAYO = "Adebayo et al. 2018, arXiv:1810.03292"


@method(label="Random", family="control", signed=False, paper="", drawn=True)
def random(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """Uniform noise drawn with the run's seed: what a map without any information scores."""
    return torch.rand(1, *passes.size, generator=passes.generator("random"), device=passes.pixels.device)


@method(label="Blurred random", family="control", signed=False, paper="", drawn=True)
def blurred_random(
    passes: PassBank, radius: Annotated[float, Range(0.01, 0.25)] = 1 / 14
) -> Float[Tensor, "1 height width"]:
    """Random blobs: what a map scores merely for being smooth.

    Parameters
    ----------
    radius
        Standard deviation of the blur as a share of the picture's shorter side.
    """
    return blobs(passes.size, radius, passes.generator("blurred random"))[None]


def blobs(size: tuple[int, int], radius: float, draw: torch.Generator) -> Float[Tensor, "height width"]:
    """Noise blurred by a share of the shorter side: a smooth map without information."""
    noise = torch.randn(1, 1, *size, generator=draw, device=draw.device)
    smooth = blurred(noise, radius * min(size))[0, 0]
    return smooth - smooth.min()


@method(label="Sobel", family="control", signed=False, paper=ADEBAYO)
def sobel(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """Strength of the picture's edges: what an edge detector scores without knowing the model."""
    from torchvision.transforms.v2.functional import rgb_to_grayscale  # it loads more than all other methods together

    across = passes.pixels.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    pixels = passes.pixels
    brightness = rgb_to_grayscale(pixels) if pixels.shape[1] == 3 else pixels.mean(dim=1, keepdim=True)
    brightness = F.pad(brightness, (1, 1, 1, 1), mode="replicate")
    edges: Tensor = F.conv2d(brightness, kernels)[0].norm(dim=0, keepdim=True)
    return edges


@method(label="Centre", family="control", signed=False, paper="")
def centre(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """A bump in the centre of the picture: what photographers' habits score."""
    height, width = passes.size
    rows, columns = (torch.linspace(-1, 1, length, device=passes.pixels.device) for length in (height, width))
    return torch.exp(-2 * (rows[:, None].square() + columns.square()))[None]


@method(label="Negated", family="control", signed=True, paper="")
def negated(passes: PassBank, of: Annotated[str, MethodName()] = "gradient") -> Float[Tensor, "1 height width"]:
    """Another method's map, negated: if it scores as well as the map itself, the metric cannot tell right from wrong.

    Parameters
    ----------
    of
        The method whose map, with default settings, is negated.
    """
    turned = find_method(of)
    reason = first_reason(turned, passes.classifier)
    if reason:
        raise Unfit(f"The method to negate, {turned.label}, does not apply. {reason}")
    passes.note(f"{turned.label}, negated: {REDUCTIONS[turned.reduction]}, with default settings.")
    attribution = turned.attribute(passes, **turned.complete({}))
    passes.miss(None)
    return -reduce_channels(attribution, turned.reduction)[None]


@method(label="Oracle", family="control", signed=False, paper="", needs_truth=True)
def oracle(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """The ground truth itself: what a map of exactly the marked region scores."""
    if passes.truth is None:
        raise Unfit(NOTHING_MARKED)
    return passes.truth.to(passes.pixels)[None]
