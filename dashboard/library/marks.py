"""Regions that people marked on pictures, kept in memory within limits."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from dashboard.library.absence import NotThere
from dashboard.library.kept import Extent, Kept

SHARE, WHOLE = Extent(64, 16 * 2**20), Extent(512, 64 * 2**20)


class MarkGone(NotThere):
    """The address names a mark that is no longer kept."""


@dataclass(frozen=True, eq=False)
class Mark:
    """A mask on the crop that a model sees of a picture; another model's crop is another."""

    model: str
    picture: str
    mask: Bool[Tensor, "height width"]

    @cached_property
    def digest(self) -> str:
        shape = np.array(self.mask.shape, "<i4").tobytes()
        bits = np.packbits(self.mask.numpy()).tobytes()
        subject = f"{self.model}\n{self.picture}\n".encode()
        return hashlib.sha256(subject + shape + bits).hexdigest()

    @property
    def size(self) -> int:
        return self.mask.numel()


marks = Kept[Mark]("marks", SHARE, WHOLE, lambda: MarkGone("What was marked here is no longer kept. Mark it again."))


def mask_of_bits(text: str, height: int, width: int) -> Bool[Tensor, "height width"]:
    """The mask that a browser sent: base64 of one bit a pixel, row by row, the highest bit first.

    >>> mask_of_bits("oA==", 1, 3).tolist()
    [[True, False, True]]

    Raises
    ------
    ValueError
        Where these are not as many bits as pixels.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("That is not a mask.") from error
    if len(content) != -(-height * width // 8):
        raise ValueError("The mask does not have the model's size.")
    bits = np.unpackbits(np.frombuffer(content, np.uint8), count=height * width)
    return torch.from_numpy(bits.reshape(height, width).astype(bool))


def bits_of_mask(mask: Bool[Tensor, "height width"]) -> str:
    """The same as text, for the browser.

    >>> bits_of_mask(torch.tensor([[True, False, True]]))
    'oA=='
    """
    return base64.b64encode(np.packbits(mask.numpy()).tobytes()).decode()


def box(left: int, top: int, width: int, height: int, size: tuple[int, int]) -> Bool[Tensor, "height width"]:
    """A box in pixels as a mask; what lies outside is cut.

    >>> box(1, 0, 2, 1, (2, 3)).tolist()
    [[False, True, True], [False, False, False]]
    """
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top : top + height, left : left + width] = True
    return mask
