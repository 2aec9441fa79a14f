"""From numbers to something to look at: pixels as PNG, a heatmap in colour over its picture."""

import io

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SEQUENTIAL = ("#000004", "#420a68", "#932667", "#dd513a", "#fca50a", "#fcffa4")
"""From dark to light with even steps of lightness, readable without red-green vision and in grey."""

DIVERGING = ("#053061", "#2166ac", "#92c5de", "#f7f7f7", "#fdb863", "#b35806", "#7f3b08")
"""Blue for what speaks against, white for nothing, orange for what speaks in favour."""


def to_png(pixels: Float[Tensor, "3 height width"]) -> bytes:
    """Pixels in [0, 1] as a PNG file; what lies outside is clipped."""
    file = io.BytesIO()
    to_picture(pixels).save(file, "PNG")
    return file.getvalue()


def to_picture(pixels: Float[Tensor, "3 height width"]) -> Image.Image:
    """Pixels in [0, 1] as a picture of 8 bits a channel."""
    levels = (pixels.detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).contiguous().numpy())


def overlay(
    values: Float[Tensor, "height width"],
    pixels: Float[Tensor, "3 height width"],
    signed: bool,
    opacity: float = 0.6,
) -> Image.Image:
    """A heatmap in colour over the pixels that it explains.

    Parameters
    ----------
    signed
        Centre the colours on 0; else 0 is dark, and what is negative counts as 0.
    opacity
        0 shows the pixels alone, 1 the heatmap alone.
    """
    colours = coloured(values.detach().cpu().float(), signed)
    return to_picture(torch.lerp(pixels.detach().cpu().float().clamp(0, 1), colours, opacity))


def coloured(values: Float[Tensor, "height width"], signed: bool) -> Float[Tensor, "3 height width"]:
    """The colour of each value, scaled by the largest magnitude; all of a map of zeros is the colour of 0."""
    values = values.nan_to_num(0.0, 0.0, 0.0)
    largest = values.abs().amax() if signed else values.amax()
    share = values / largest if largest > 0 else torch.zeros_like(values)
    return between(DIVERGING, share / 2 + 0.5) if signed else between(SEQUENTIAL, share.clamp(min=0))


def between(anchors: tuple[str, ...], place: Float[Tensor, "height width"]) -> Float[Tensor, "3 height width"]:
    """Colours on straight lines between evenly spaced ones; 0 is the first, 1 the last.

    >>> between(("#000000", "#ff0000"), torch.tensor([[0.0, 0.5, 1.0]]))[0].tolist()
    [[0.0, 0.5, 1.0]]
    """
    known = torch.tensor([[int(anchor[at : at + 2], 16) / 255 for at in (1, 3, 5)] for anchor in anchors])
    along = place * (len(anchors) - 1)
    first = along.long().clamp(max=len(anchors) - 2)
    colours = torch.lerp(known[first], known[first + 1], (along - first)[..., None])
    return colours.permute(2, 0, 1)


def shrunk(values: Float[Tensor, "height width"], longest: int) -> Float[Tensor, "rows columns"]:
    """A heatmap with at most so many values along its longer side: the means of squares, those at its ends cut short.

    >>> shrunk(torch.tensor([[1.0, 3.0, 5.0]]), 2).tolist()
    [[2.0, 5.0]]
    """
    square = -(-max(values.shape) // longest)
    return F.avg_pool2d(values[None], square, ceil_mode=True)[0]
