"""Pictures that a message to the browser holds itself, without a request of their own."""

import base64
import io

from jaxtyping import Float
from torch import Tensor

from core.pictures.rendering import to_picture

SHARP = 100
"""Pixels along a side below which pictures are sent as they are; larger ones as JPEG, a tenth of the bytes."""


def as_address(pixels: Float[Tensor, "channels height width"]) -> str:
    """An address that holds the picture itself."""
    file, form = io.BytesIO(), "PNG" if max(pixels.shape[1:]) < SHARP else "JPEG"
    to_picture(pixels).save(file, form, quality=85)
    return f"data:image/{form.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
