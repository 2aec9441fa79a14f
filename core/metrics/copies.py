"""Copies of a map with the same shape elsewhere: what its masks do merely by being clustered as they are."""

import numpy as np
import torch
from jaxtyping import Float
from skimage.measure import label
from torch import Tensor

from core.metrics.removal import Cells

CENTRAL = 0.95
THIRDS = ((1, 1), (2, 2), (1, 2), (2, 1), (0, 1), (2, 0), (0, 2), (1, 0))
"""How far the first copies are shifted down and across, in thirds of the picture."""
FIRST_AT_RANDOM = len(THIRDS) + 1
"""The number of the first copy that is drawn independently of all others."""
LARGEST_PART = 0.1
"""Share of the picture."""
LEAST_STEP = 1 / 8
"""Between neighbouring parts, on average, as a share of all levels; a third for random values."""
HALF = 0.5


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
    values: Float[Tensor, "*channels height width"], parts: Cells | None, number: int, draw: torch.Generator
) -> Float[Tensor, "*channels height width"]:
    """A moved copy; of a map of superpixels, or other irregular parts, one that keeps the parts [ours].

    A merely moved copy of such a map removes pixels across the picture's edges where the map itself does not, so its
    curves differ for that reason alone, and random values for superpixels look better than chance too often. Each part
    takes the mean of the moved copy there. Neighbours become more alike by it, so where what counts for the model spans
    several parts, the range of chance is wider than it need be, never narrower.

    Parameters
    ----------
    parts
        What :func:`irregular_parts` finds in the map.
    """
    moved = moved_copy(values, number, draw)
    if parts is None:
        return moved
    return parts.means(moved.flatten())[parts.number].view(values.shape)


def irregular_parts(values: Float[Tensor, "*channels height width"]) -> Cells | None:
    """The parts of a map that has one value for each, with borders in most rows and columns, as superpixels have.

    Nothing for all other maps. The parts of a grid are moved onto each other by a shift of whole cells; a part of more
    than a tenth of the picture has few other places; and where neighbouring parts mostly differ by a level or two, they
    are the contours of a smooth map with few levels, on which a copy would be the map itself [all ours].

    >>> irregular_parts(torch.rand(8, 8)) is None
    True
    """
    if values.ndim != 2 or not all(in_parts(lines) for lines in (values, values.T)):
        return None
    ranks = np.unique(values.detach().double().cpu().numpy(), return_inverse=True)[1].reshape(values.shape)
    steps = np.concatenate([np.abs(np.diff(ranks, axis=axis)).flatten() for axis in (0, 1)])
    numbered = label(ranks, background=-1, connectivity=1)  # type: ignore[no-untyped-call]
    parts = Cells(torch.from_numpy(numbered - 1).flatten().to(values.device))
    if parts.sizes.max() > LARGEST_PART * values.numel() or steps[steps > 0].mean() < LEAST_STEP * ranks.max():
        return None
    return parts


def in_parts(lines: Float[Tensor, "rows columns"]) -> bool:
    """Whether most values equal the one below, while most rows differ somewhere from the row below."""
    differ = lines[1:] != lines[:-1]
    return bool(differ.float().mean() < HALF < differ.any(dim=1).float().mean())


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
