"""Controls: maps that look at no model, one that is upside down, and one that knows the truth.

A method that does not beat those that look at no model shows nothing about it.
"""

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2.functional import rgb_to_grayscale

from core.methods.heatmap import reduce_channels
from core.methods.passes import PassBank
from core.methods.registry import NOTHING_MARKED, MethodName, Range, Unfit, find_method, first_reason, method
from core.pictures.blurring import blurred

ADEBAYO = "Adebayo et al. 2018, arXiv:1810.03292"


@method(label="Random", family="control", signed=False, paper="", drawn=True)
def random(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """Uniform noise, drawn from the run's seed: what no knowledge at all scores."""
    return torch.rand(1, *passes.size, generator=passes.generator("random"), device=passes.pixels.device)


@method(label="Blurred random", family="control", signed=False, paper="", drawn=True)
def blurred_random(
    passes: PassBank, radius: Annotated[float, Range(0.01, 0.25)] = 1 / 14
) -> Float[Tensor, "1 height width"]:
    """Random blobs: what a smooth map scores for being smooth.

    Parameters
    ----------
    radius
        Standard deviation of the blur as a share of the picture's shorter side.
    """
    return blobs(passes.size, radius, passes.generator("blurred random"))[None]


def blobs(size: tuple[int, int], radius: float, draw: torch.Generator) -> Float[Tensor, "height width"]:
    """Noise blurred by a share of the shorter side: a smooth map that knows nothing."""
    noise = torch.randn(1, 1, *size, generator=draw, device=draw.device)
    smooth = blurred(noise, radius * min(size))[0, 0]
    return smooth - smooth.min()


@method(label="Sobel", family="control", signed=False, paper=ADEBAYO)
def sobel(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """Strength of the picture's edges: what an edge detector scores without knowing the model."""
    across = passes.pixels.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    brightness = F.pad(rgb_to_grayscale(passes.pixels), (1, 1, 1, 1), mode="replicate")
    edges: Tensor = F.conv2d(brightness, kernels)[0].norm(dim=0, keepdim=True)
    return edges


@method(label="Centre", family="control", signed=False, paper="")
def centre(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """A bump in the middle of the picture: what photographers' habits score."""
    height, width = passes.size
    rows, columns = (torch.linspace(-1, 1, length, device=passes.pixels.device) for length in (height, width))
    return torch.exp(-2 * (rows[:, None].square() + columns.square()))[None]


@method(label="Negated", family="control", signed=True, paper="")
def negated(passes: PassBank, of: Annotated[str, MethodName()] = "gradient") -> Float[Tensor, "1 height width"]:
    """Another method's map upside down: if it does as well as the map itself, the score can't tell right from wrong.

    Parameters
    ----------
    of
        The method whose map, with its default settings, is turned.
    """
    turned = find_method(of)
    reason = first_reason(turned, passes.classifier)
    if reason:
        raise Unfit(f"{turned.label} was to be negated. {reason}")
    passes.note(f"{turned.label}, negated: its {turned.reduction} over channels, with its default settings.")
    attribution = turned.attribute(passes, **turned.complete({}))
    passes.miss(None)
    return -reduce_channels(attribution, turned.reduction)[None]


@method(label="Oracle", family="control", signed=False, paper="", needs_truth=True)
def oracle(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """The truth itself: what a map would score that shows the marked pixels and nothing else."""
    if passes.truth is None:
        raise Unfit(NOTHING_MARKED)
    return passes.truth.to(passes.pixels)[None]
