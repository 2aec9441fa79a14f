"""The distance of a map from the ideal one, which shows the stamp and nothing else.

Jung and Kwon 2020 (doi:10.1109/ACCESS.2020.3040349) standardise importance scores and measure their distance from ideal
ones, which select the stamp. We read only their abstract: the formula is ours.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.metrics.copies import correlations_with_copies

UNRELATED = 2.0
ROUNDING = 1e-9


def stamp_distance(values: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]) -> float:
    """The mean squared difference between a standardised map and the standardised mask: d = mean((z(s) - z(m))²).

    0 for the mask itself, 2 for an unrelated map, 4 for the inverted mask; it equals 2 (1 - r), where r is the
    correlation of the two, so neither a positive factor nor a constant changes it. A constant map does not distinguish
    any pixels and gets 2.

    Parameters
    ----------
    values
        One number per pixel; a tensor or an array.
    mask
        The stamp's pixels.

    Raises
    ------
    ValueError
        Where the two differ in size, values are not finite, or nothing or everything is marked.

    >>> mask = torch.tensor([[True, False], [False, False]])
    >>> stamp_distance(3 * mask + 1.0, mask), stamp_distance(torch.ones(2, 2), mask)
    (0.0, 2.0)
    """
    map_, marks = torch.as_tensor(values).double(), torch.as_tensor(mask).bool()
    if map_.shape != marks.shape:
        raise ValueError(f"The map has shape {tuple(map_.shape)} and its mask {tuple(marks.shape)}; make them equal.")
    if not torch.isfinite(map_).all():
        raise ValueError("The map has values that are not finite, so its distance is undefined.")
    if marks.all() or not marks.any():
        raise ValueError("The mask must mark some pixels and leave others unmarked.")
    if map_.amax() == map_.amin():
        return UNRELATED
    return float((standardised(map_) - standardised(marks.to(map_))).square().mean())


def standardised(values: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Mean zero and standard deviation one over the picture's pixels."""
    centred = values - values.mean()
    centred = centred / centred.abs().amax()  # so that squares of tiny values do not vanish
    return centred / centred.square().mean().sqrt()


def share_as_near(values: Float[Tensor, "height width"], mask: Bool[Tensor, "height width"]) -> float:
    """The share of a map's copies that are at least as near to the ideal as the map: shifted in any way, flipped,
    rotated.

    What leaves at one border comes in at the other. The map counts as one of its copies, so the share is never 0; for a
    map that knows nothing of the location every share is equally likely. It is 1 for a constant map.

    >>> mask = torch.zeros(4, 6, dtype=torch.bool)
    >>> mask[1, 2] = True
    >>> share_as_near(mask.double(), mask) * 24
    1.0
    """
    map_, marks = torch.as_tensor(values).double(), torch.as_tensor(mask).bool()
    if map_.amax() == map_.amin():
        return 1.0
    found, sought = standardised(map_), standardised(marks.to(map_))
    own = (found * sought).mean()
    correlations = correlations_with_copies(sought, found)
    return float((correlations >= own - ROUNDING).double().mean())
