"""Ensembles: one attribution seen through noise, and what is kept of it."""

from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.registry import Range, method

Samples = Annotated[int, Range(1, 200)]
NoiseLevel = Annotated[float, Range(0.0, 1.0)]
SMILKOV = "Smilkov et al. 2017, arXiv:1706.03825"
HOOKER = "Hooker et al. 2019, arXiv:1806.10758"


@method(label="SmoothGrad", family="ensemble", signed=True, reduction="abs_sum", paper=SMILKOV)
def smoothgrad(passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15) -> Float[Tensor, "3 height width"]:
    """Mean gradient over noisy copies of the picture.

    Averages out the gradient's local wiggles; what stays is what a whole neighbourhood of the picture agrees on.

    Parameters
    ----------
    samples
        Noisy copies.
    level
        Standard deviation of the noise as a share of the picture's own range (max - min).
    """
    return passes.noisy_gradients(samples, level).mean


@method(label="SmoothGrad²", family="ensemble", signed=False, paper=HOOKER)
def smoothgrad_squared(
    passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15
) -> Float[Tensor, "3 height width"]:
    """Mean of the squared gradients over noisy copies: how much they matter, whatever their sign.

    Parameters
    ----------
    samples
        Noisy copies.
    level
        Standard deviation of the noise as a share of the picture's own range (max - min).
    """
    return passes.noisy_gradients(samples, level).mean_square


@method(label="VarGrad", family="ensemble", signed=False, paper=HOOKER)
def vargrad(passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15) -> Float[Tensor, "3 height width"]:
    """Variance of the gradients over noisy copies: where the neighbourhood disagrees.

    Parameters
    ----------
    samples
        Noisy copies; one alone has no variance.
    level
        Standard deviation of the noise as a share of the picture's own range (max - min).
    """
    if samples == 1:
        passes.note("One sample has no variance; ask for two or more.")
    return passes.noisy_gradients(samples, level).variance
