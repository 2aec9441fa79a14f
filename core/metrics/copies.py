"""Copies of a map with the same shape elsewhere: what its masks do merely by being clustered as they are."""

import numpy as np
import torch
from jaxtyping import Float, Int
from skimage.measure import label
from torch import Tensor

CENTRAL = 0.95
THIRDS = ((1, 1), (2, 2), (1, 2), (2, 1), (0, 1), (2, 0), (0, 2), (1, 0))
"""How far the first copies are shifted down and across, in thirds of the picture."""
FIRST_AT_RANDOM = len(THIRDS) + 1
"""The number of the first copy that is drawn independently of all others."""
SMALLEST_PART = 4
"""Pixels of a part, on average, so that a map is one of parts."""
LARGEST_PART = 0.1
"""Share of the picture that a part may have, so that its value has other places to go."""
MOST = 0.5


def moved_copy(
    values: Float[Tensor, "*channels height width"], number: int, draw: torch.Generator
) -> Float[Tensor, "*channels height width"]:
    """The map shifted around the picture, then flipped or, where it is square, rotated by quarter turns, at random.

    What leaves at one border comes in at the other, so the copy has exactly the map's values. The first eight copies
    are shifted by thirds, each by other ones: seen from any of the nine, the other eight are shifted by all thirds, so
    an uninformed map is exchangeable with them, and the best of the nine in one case out of nine. They are for the
    range of chance: eight that are drawn one by one may all lie alike, and tell less of it [ours]. Those that follow
    are shifted at random, and the map is the best among 19 of these in one case out of 20.

    Parameters
    ----------
    number
        1 for the first copy.

    >>> moved = moved_copy(torch.arange(12.0).view(3, 4), 1, torch.Generator().manual_seed(0))
    >>> sorted(moved.flatten().tolist()) == list(range(12))
    True
    """
    height, width = values.shape[-2:]

    def draw_below(count: int) -> int:
        return int(torch.randint(count, (), generator=draw, device=draw.device))

    if number < FIRST_AT_RANDOM:
        down, across = THIRDS[number - 1]
        shift = round(down * height / 3), round(across * width / 3)
    else:
        shift = draw_below(height), draw_below(width)
    turns = draw_below(4) if height == width else 2 * draw_below(2)
    moved = torch.roll(values, shift, dims=(-2, -1)).rot90(turns, dims=(-2, -1))
    return moved.flip(-1) if draw_below(2) else moved


def copy_for_chance(
    values: Float[Tensor, "*channels height width"], number: int, draw: torch.Generator
) -> Float[Tensor, "*channels height width"]:
    """A moved copy that keeps what the map owes to the picture's edges alone.

    A map of superpixels hides whole patches of the picture, whatever it knows of the model, and a moved copy of it cuts
    through them: the network answers otherwise, and random values for superpixels would often look better than chance.
    So each part of such a map is given the mean that the moved copy has there [ours]. Other copies are merely moved.
    """
    moved = moved_copy(values, number, draw)
    parts = irregular_parts(values)
    if parts is None:
        return moved
    sizes = torch.bincount(parts.flatten())
    means = torch.zeros_like(sizes, dtype=torch.float64).index_add_(0, parts.flatten(), moved.flatten().double())
    laid: Tensor = (means / sizes)[parts].to(values.dtype)
    return laid


def irregular_parts(values: Float[Tensor, "*channels height width"]) -> Int[Tensor, "height width"] | None:
    """The part that each pixel lies in, where the map is constant on parts with borders in most rows and columns.

    Nothing where it is not: parts of a grid are moved onto each other, a third of the picture has no other place, and
    single pixels are no parts.

    >>> irregular_parts(torch.rand(8, 8)) is None
    True
    """
    if values.ndim > 2 or not all(changes(lines) for lines in (values, values.T)):
        return None
    levels = np.unique(values.detach().cpu().numpy(), return_inverse=True)[1].reshape(values.shape)
    numbered = label(levels, background=-1, connectivity=1)  # type: ignore[no-untyped-call]
    parts = torch.from_numpy(numbered - 1).to(values.device)
    sizes = torch.bincount(parts.flatten())
    if len(sizes) > values.numel() / SMALLEST_PART or sizes.max() > LARGEST_PART * values.numel():
        return None
    return parts


def changes(lines: Float[Tensor, "rows columns"]) -> bool:
    """Whether most rows differ somewhere from the row below."""
    return bool((lines[1:] != lines[:-1]).any(dim=1).float().mean() > MOST)


def correlations_with_copies(
    one: Float[Tensor, "height width"], other: Float[Tensor, "height width"]
) -> Float[Tensor, "copies height width"]:
    """The mean product of a map with every copy of another: shifted in any way, flipped, rotated.

    What leaves at one border comes in at the other. For standardised maps these are correlations.
    """
    quarters = range(4) if one.shape[0] == one.shape[1] else (0, 2)
    copies = torch.stack([turned for k in quarters for turned in (other.rot90(k), other.rot90(k).flip(1))])
    # Both at every shift against each other is one product of their spectra.
    spectra = torch.fft.rfft2(copies) * torch.fft.rfft2(one).conj()
    products: Tensor = torch.fft.irfft2(spectra, s=one.shape)
    return products / one.numel()


def similarity_by_chance(standardised: Float[Tensor, "height width"]) -> tuple[float, float]:
    """The bounds that contain 95 % of the correlations of a standardised map with its own copies."""
    correlations = correlations_with_copies(standardised, standardised).flatten().sort().values
    rest = int(len(correlations) * (1 - CENTRAL) / 2)
    return float(correlations[rest]), float(correlations[-1 - rest])
