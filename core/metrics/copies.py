"""Copies of a map with the same shape elsewhere: what its masks do merely by being clustered as they are."""

import torch
from jaxtyping import Float
from torch import Tensor

CENTRAL = 0.95
THIRDS = ((1, 1), (2, 2), (1, 2), (2, 1), (0, 1), (2, 0), (0, 2), (1, 0))
"""How far the first copies are shifted down and across, in thirds of the picture."""


def moved_copy(
    values: Float[Tensor, "*channels height width"], number: int, draw: torch.Generator
) -> Float[Tensor, "*channels height width"]:
    """The map flipped or, where it is square, rotated by quarter turns, at random, and shifted around the picture.

    What leaves at one border comes in at the other, so the copy has exactly the map's values. The first eight copies
    are shifted by thirds, each by other ones, so that with the map they take the nine places of one grid wherever that
    lies; those that follow are shifted at random. Every place is equally likely: an uninformed map is as good as its
    copies, and the best of 20 in one case out of 20. Eight that are drawn one by one may all lie alike by chance, and
    tell less of what a map scores by chance [ours].

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

    turns = draw_below(4) if height == width else 2 * draw_below(2)
    turned = values.rot90(turns, dims=(-2, -1))
    turned = turned.flip(-1) if draw_below(2) else turned
    if number > len(THIRDS):
        return torch.roll(turned, (draw_below(height), draw_below(width)), dims=(-2, -1))
    down, across = THIRDS[number - 1]
    return torch.roll(turned, (round(down * height / 3), round(across * width / 3)), dims=(-2, -1))


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
