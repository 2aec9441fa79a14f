"""A contact sheet of variations: what is hidden, the fills by confidence, and how each differs from the picture."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.generation.reconstruction import VariationsReady
from core.pictures.rendering import to_picture

COLUMNS = 8
BORDER = 2
SMALLEST = 100
"""Screen pixels that a picture is at least wide, each of its own being a square of them."""
LOST = 0.35
"""Brightness of variations that do not keep the class, around which the border is dark, too."""
GREY = 0.5


def contact_sheet(
    made: Sequence[VariationsReady], order: Sequence[int], pixels: Float[Tensor, "1 channels height width"]
) -> Image.Image:
    """The first variations in that order, the picture with its hole before them, and the differences below.

    The border is white around a variation that keeps the class and dark around the others. Grey is no difference.

    Parameters
    ----------
    made
        All variations of one hidden region.
    """
    pictures = torch.cat([each.pictures for each in made]).cpu()
    kept = [each for some in made for each in some.kept]
    shown = list(order[:COLUMNS])
    hole, picture = made[0].hole.cpu(), pixels[0].cpu()
    above = [framed(torch.where(hole, GREY, picture), True), *(framed(pictures[each], kept[each]) for each in shown)]
    below = [framed(picture, True), *(framed(difference(pictures[each], picture), kept[each]) for each in shown)]
    sheet = to_picture(torch.cat([torch.cat(row, dim=2) for row in (above, below)], dim=1))
    times = -(-SMALLEST // picture.shape[2])
    return sheet.resize((times * sheet.width, times * sheet.height), Image.Resampling.NEAREST)


def difference(
    one: Float[Tensor, "channels height width"], other: Float[Tensor, "channels height width"]
) -> Float[Tensor, "channels height width"]:
    """Half of what one exceeds the other by, around grey."""
    return (GREY + (one - other) / 2).clamp(0, 1)


def framed(
    picture: Float[Tensor, "channels height width"], kept: bool
) -> Float[Tensor, "3 framed_height framed_width"]:
    """The picture in three colours with a border."""
    colours = picture.expand(3, -1, -1) if len(picture) == 1 else picture[:3]
    padding = (BORDER,) * 4
    return torch.nn.functional.pad(colours.float(), padding, value=1.0 if kept else LOST)
