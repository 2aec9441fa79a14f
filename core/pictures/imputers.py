"""What replaces a removed pixel, always derived from the original picture."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.lookup import find
from core.pictures.blurring import blurred
from core.pictures.interpolation import interpolate

BLUR_KERNEL, BLUR_SIGMA, BLUR_SIDE = 11, 5.0, 224
# Our choice: about the standard deviation of photos' pixels (0.22 to 0.23), and less than uniform noise has (0.29).
GAUSSIAN_NOISE = 0.25
INTERPOLATION_NOISE = 0.01
Cover = Literal["black", "grey", "dataset_mean", "picture_mean", "blur", "uniform_noise", "gaussian_noise"]


@dataclass(frozen=True)
class Original:
    """Everything that a fill may be derived from.

    Parameters
    ----------
    dataset_mean
        Mean colour of the model's training data, in [0, 1].
    noise
        The picture's own generator, so that every order and method shares one draw.
    """

    pixels: Float[Tensor, "1 3 height width"]
    dataset_mean: tuple[float, ...]
    noise: torch.Generator


Fixed = Callable[[Original], Float[Tensor, "1 3 _ _"]]
Filling = Callable[[Bool[Tensor, "n _ height width"]], Float[Tensor, "_ 3 _ _"]]
Prepare = Callable[[Original], Filling]


@dataclass(frozen=True)
class Imputer:
    """A named way to fill removed pixels.

    Parameters
    ----------
    prepare
        Turns a picture into its filling: a function that gives the replacement for removed pixels.
    """

    name: str
    label: str
    summary: str
    prepare: Prepare


_IMPUTERS: dict[str, Imputer] = {}


def imputer(label: str) -> Callable[[Prepare], Prepare]:
    """Registers an imputer under its function's name."""

    def register(prepare: Prepare) -> Prepare:
        name = prepare.__name__
        _IMPUTERS[name] = Imputer(name, label, (inspect.getdoc(prepare) or "").splitlines()[0], prepare)
        return prepare

    return register


def fixed(fill: Fixed) -> Prepare:
    """An imputer whose fill is the same whatever is removed."""

    @wraps(fill)
    def prepare(original: Original) -> Filling:
        filled = fill(original)
        return lambda _: filled

    return prepare


def list_imputers() -> tuple[Imputer, ...]:
    """Every imputer, constant fills first."""
    return tuple(_IMPUTERS.values())


def find_imputer(name: str) -> Imputer:
    """The imputer of that name.

    Raises
    ------
    ValueError
        With the available names.
    """
    return find(_IMPUTERS, name, "imputer")


def remove(
    pixels: Float[Tensor, "#n 3 height width"],
    removed: Bool[Tensor, "n _ height width"],
    fill: Float[Tensor, "_ 3 _ _"],
) -> Float[Tensor, "n 3 height width"]:
    """The picture with its removed pixels replaced by the fill; the others stay unchanged, to the bit.

    Parameters
    ----------
    pixels
        One picture for all masks, or one for each.
    """
    # At weights of 0 and 1 lerp gives either end to the bit, in half the time of where.
    return torch.lerp(pixels, fill.expand(-1, *pixels.shape[1:]), removed.to(pixels.dtype))


def dataset_mean_of(original: Original) -> Float[Tensor, "1 3 1 1"]:
    return original.pixels.new_tensor(original.dataset_mean).view(1, -1, 1, 1)


def normal_noise(original: Original) -> Float[Tensor, "1 3 height width"]:
    """Standard normal noise for each channel of each pixel: the same for everything removed from a picture."""
    pixels = original.pixels
    return torch.randn(pixels.shape, generator=original.noise, device=pixels.device, dtype=pixels.dtype)


@imputer("Black")
@fixed
def black(original: Original) -> Tensor:
    """Every channel 0."""
    return original.pixels.new_zeros(1, original.pixels.shape[1], 1, 1)


@imputer("Grey")
@fixed
def grey(original: Original) -> Tensor:
    """Every channel 0.5."""
    return original.pixels.new_full((1, original.pixels.shape[1], 1, 1), 0.5)


@imputer("Data set mean")
@fixed
def dataset_mean(original: Original) -> Tensor:
    """The mean colour of the model's training data."""
    return dataset_mean_of(original)


@imputer("Picture mean")
@fixed
def picture_mean(original: Original) -> Tensor:
    """The mean colour of this picture, per channel."""
    return original.pixels.mean(dim=(2, 3), keepdim=True)


@imputer("Blur")
@fixed
def blur(original: Original) -> Tensor:
    """The picture blurred: kernel 11 and sigma 5 at 224 pixels, in proportion at other sizes."""
    scale = min(original.pixels.shape[2:]) / BLUR_SIDE
    kernel = max(3, 2 * round((BLUR_KERNEL * scale - 1) / 2) + 1)
    return blurred(original.pixels, BLUR_SIGMA * scale, kernel)


@imputer("Uniform noise")
@fixed
def uniform_noise(original: Original) -> Tensor:
    """Each channel of each pixel uniform in [0, 1]; one draw per picture, shared by all orders and methods."""
    pixels = original.pixels
    return torch.rand(pixels.shape, generator=original.noise, device=pixels.device, dtype=pixels.dtype)


@imputer("Gaussian noise")
@fixed
def gaussian_noise(original: Original) -> Tensor:
    """Normal around the data set's mean colour, standard deviation 0.25; one draw per picture, shared by all.

    Not clipped, so some of it is darker than black or brighter than white.
    """
    return dataset_mean_of(original) + GAUSSIAN_NOISE * normal_noise(original)


@imputer("Noisy linear")
def noisy_linear(original: Original) -> Filling:
    """The weighted mean of the 8 neighbours, solved for all removed pixels at once, plus noise of 0.01.

    After Rong et al. 2022, arXiv:2202.00449. The equations are solved to a residual below a thousandth, or a few
    thousandths where hardly a pixel remains. Where no pixel remains, the picture's mean is used. The noise is one draw
    per picture, shared by all orders and methods.
    """
    noise = normal_noise(original)
    return lambda removed: interpolated(original.pixels, removed, noise)


def interpolated(
    pixels: Float[Tensor, "#n 3 height width"],
    removed: Bool[Tensor, "n _ height width"],
    noise: Float[Tensor, "#n 3 height width"],
) -> Float[Tensor, "n 3 height width"]:
    """The fill of noisy linear interpolation: for many masks of one picture, or for one mask of each picture.

    Parameters
    ----------
    noise
        Standard normal.
    """
    return interpolate(pixels, removed).fill + INTERPOLATION_NOISE * noise
