"""Superpixels: patches of similar colour that follow the picture's edges (SLIC, Achanta et al. 2012)."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from skimage.segmentation import slic
from torch import Tensor

COMPACTNESS = (10.0, 100.0, 1000.0)


def superpixels(pixels: Float[Tensor, "1 3 height width"], count: int) -> Int[Tensor, "height width"]:
    """Each pixel's superpixel, numbered from 0 without gaps; about as many as requested, never more than pixels.

    >>> halves = torch.cat([torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)], dim=3)
    >>> superpixels(halves, 2)[0].tolist()
    [0, 0, 0, 0, 1, 1, 1, 1]
    """
    colours = pixels[0].permute(1, 2, 0).detach().cpu().double().contiguous().numpy()
    return torch.from_numpy(segmented(colours.tobytes(), colours.shape[:2], count).copy()).to(pixels.device)


@lru_cache(maxsize=8)
def segmented(colours: bytes, size: tuple[int, int], count: int) -> npt.NDArray[np.int64]:
    """Cached for the last few pictures, because a method is called repeatedly while its passes are made."""
    picture = np.frombuffer(colours, dtype=np.float64).reshape(*size, -1)
    wanted = min(count, size[0] * size[1])
    for compactness in COMPACTNESS:
        patches = slic(picture, n_segments=count, compactness=compactness, start_label=0)
        # A picture that is noisy everywhere gives a few large patches or tiny ones; square ones are better.
        if wanted / 2 <= patches.max() + 1 <= 2 * wanted:
            break
    return np.unique(patches, return_inverse=True)[1].reshape(size)
