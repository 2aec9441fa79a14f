"""A person's own inpainting function as a prior: what it is given, and what it must return."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.generation.priors import Draws, Filler, Prior, Scene, fits_all

OwnFill = Callable[[Tensor, Tensor, int, int], Any]
"""Called with the pixels (1, channels, height, width) in [0, 1], whose hidden ones are 0.5; with the hole (height,
width), true where pixels are hidden; with the number of fills wanted; and with a seed. It returns as many whole
pictures.
"""
HIDDEN = 0.5
ROUNDING = 1e-3


def own_prior(function: OwnFill) -> Prior:
    """The prior of a function; seen pixels that it changes are restored.

    Raises
    ------
    ValueError
        While it fills, where it fails, or returns another shape or numbers outside of 0 to 1.
    """
    name = getattr(function, "__name__", type(function).__name__)
    return Prior(name, name, "", "A function of your own.", "", partial(prepared, function, name), fits_all)


def prepared(function: OwnFill, name: str, scene: Scene) -> Filler:
    """The function for one picture."""

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Tensor:
        shown = torch.where(hole, HIDDEN, scene.pixels)
        seed = int(torch.randint(2**31, (), generator=draws("own function", numbers.start)))
        try:
            returned = function(shown, hole.clone(), len(numbers), seed)
        except Exception as error:  # a person's own code may raise anything
            said = f"{type(error).__name__}: {str(error).rstrip('.') or 'no message'}"
            raise ValueError(
                f"{name} failed with {said}. It was called with "
                f"pixels {tuple(shown.shape)}, a hole {tuple(hole.shape)}, {len(numbers)} fills and a seed."
            ) from error
        return checked_fills(name, returned, (len(numbers), *shown.shape[1:])).to(scene.pixels)

    return fill


def checked_fills(name: str, returned: Any, shape: tuple[int, ...]) -> Float[Tensor, "n channels height width"]:
    """What the function returned, if they are that many pictures in [0, 1].

    Raises
    ------
    ValueError
        With what is wrong.
    """
    try:
        pictures = torch.as_tensor(returned).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{name} returns {type(returned).__name__}; return a tensor or an array of shape {shape}."
        ) from error
    if tuple(pictures.shape) != shape:
        raise ValueError(f"{name} returns shape {tuple(pictures.shape)}; it must be {shape}, a picture for each fill.")
    if not pictures.is_floating_point() or not torch.isfinite(pictures).all():
        raise ValueError(f"{name} returns {pictures.dtype} or numbers that are not finite; return floats from 0 to 1.")
    if pictures.min() < -ROUNDING or pictures.max() > 1 + ROUNDING:
        low, high = float(pictures.min()), float(pictures.max())
        raise ValueError(f"{name} returns pixels from {low:.2f} to {high:.2f}; scale them to 0 to 1.")
    return pictures.clamp(0, 1)
