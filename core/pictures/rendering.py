"""From numbers to something to look at: pixels as PNG, a heatmap in colour over its picture."""

import io

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SEQUENTIAL = ("#000004", "#420a68", "#932667", "#dd513a", "#fca50a", "#fcffa4")
"""From dark to light in even steps of lightness, safe for red-green colour blindness and for greyscale."""

DIVERGING = ("#053061", "#2166ac", "#92c5de", "#f7f7f7", "#fdb863", "#b35806", "#7f3b08")
"""Blue for evidence against the class, white for none, orange for evidence in favour."""


def to_png(pixels: Float[Tensor, "3 height width"]) -> bytes:
    """Pixels in [0, 1] as a PNG file; values outside are clipped."""
    file = io.BytesIO()
    to_picture(pixels).save(file, "PNG")
    return file.getvalue()


def in_colour(pixels: Float[Tensor, "channels height width"]) -> Float[Tensor, "3 height width"]:
    """Three channels to look at: the first three, or the mean of fewer in each."""
    return pixels[:3] if len(pixels) >= 3 else pixels.mean(dim=0, keepdim=True).expand(3, -1, -1)


def to_picture(pixels: Float[Tensor, "channels height width"]) -> Image.Image:
    """Pixels in [0, 1] as a picture with 8 bits per channel."""
    levels = (in_colour(pixels).detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8)
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
        Centre the colours on 0; otherwise 0 is dark, and negative values count as 0.
    opacity
        0 shows the pixels alone, 1 the heatmap alone.
    """
    colours = coloured(values.detach().cpu().float(), signed)
    return to_picture(torch.lerp(in_colour(pixels).detach().cpu().float().clamp(0, 1), colours, opacity))


def coloured(values: Float[Tensor, "height width"], signed: bool) -> Float[Tensor, "3 height width"]:
    """The colour of each value, scaled by the largest magnitude; a map of zeros has the colour of 0 everywhere."""
    values = values.nan_to_num(0.0, 0.0, 0.0)
    largest = values.abs().amax() if signed else values.amax()
    share = values / largest if largest > 0 else torch.zeros_like(values)
    return between(DIVERGING, share / 2 + 0.5) if signed else between(SEQUENTIAL, share.clamp(min=0))


def between(anchors: tuple[str, ...], place: Float[Tensor, "height width"]) -> Float[Tensor, "3 height width"]:
    """Colours interpolated linearly between evenly spaced ones; 0 is the first, 1 the last.

    >>> between(("#000000", "#ff0000"), torch.tensor([[0.0, 0.5, 1.0]]))[0].tolist()
    [[0.0, 0.5, 1.0]]
    """
    known = torch.tensor([[int(anchor[at : at + 2], 16) / 255 for at in (1, 3, 5)] for anchor in anchors])
    along = place * (len(anchors) - 1)
    first = along.long().clamp(max=len(anchors) - 2)
    colours = torch.lerp(known[first], known[first + 1], (along - first)[..., None])
    return colours.permute(2, 0, 1)


def shrunk(values: Float[Tensor, "height width"], longest: int) -> Float[Tensor, "rows columns"]:
    """A heatmap with at most that many values along its longer side: means of squares, cut short at the ends.

    >>> shrunk(torch.tensor([[1.0, 3.0, 5.0]]), 2).tolist()
    [[2.0, 5.0]]
    """
    square = -(-max(values.shape) // longest)
    return F.avg_pool2d(values[None], square, ceil_mode=True)[0]
