"""The priors: named ways to fill a hole many times, each with what might have been there."""

import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass

import docstring_parser
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.generation.pools import Kind, Pool
from core.jobs.events import Returning
from core.lookup import find


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and what may fill its holes.

    Parameters
    ----------
    pixels
        In [0, 1]; a prior looks at those outside of the hole only.
    pool
        Pictures like it.
    origin
        The photo that the picture is cut from, where that is known: nothing of it fills a hole.
    fills
        How many fills of a hole will be wanted in all.
    """

    pixels: Float[Tensor, "1 channels height width"]
    pool: Pool
    origin: str = ""
    fills: int = 16


Draws = Callable[..., torch.Generator]
"""Gives the generator of a purpose; asked again for the same one, it gives the same draws."""
Filled = Tensor | Generator[float, None, Tensor]
"""Pictures (n, channels, height, width), made at once; or in steps, after each of which the share done is told."""
Filler = Callable[[Bool[Tensor, "height width"], range, Draws], Filled]
"""Gives pictures with the fills of those numbers, from 0 on, in the hole; their other pixels are not used.

A fill depends on its number, and not on those that are asked for with it.
"""
Prepare = Callable[[Scene], Filler]
Check = Callable[[Kind], None]
AT_ONCE = 16
"""Fills of a step."""
FEW = 2
"""Fills of the first step, where each of them costs much: 16 by a flow take 4.6 to 4.8 times as long on one thread."""


@dataclass(frozen=True)
class Prior:
    """A prior and what is known of it.

    Parameters
    ----------
    paper
        Where it was published; empty where it is a person's own.
    prepare
        Turns a picture into the function that fills its holes; raises ValueError where the prior does not apply.
    check
        Raises ValueError where the prior applies to no picture of such a kind.
    first
        Fills of the first step, by which a person sees the first of them soon.
    """

    name: str
    label: str
    paper: str
    summary: str
    explanation: str
    prepare: Prepare
    check: Check
    first: int = AT_ONCE


_PRIORS: dict[str, Prior] = {}


def fits_all(_: Kind) -> None:
    """Refuses no pictures."""


def prior(label: str, paper: str, check: Check = fits_all, first: int = AT_ONCE) -> Callable[[Prepare], Prepare]:
    """Registers a prior under its function's name; its docstring becomes the metadata."""

    def register(prepare: Prepare) -> Prepare:
        document = docstring_parser.parse(inspect.getdoc(prepare) or "")
        name, summary = prepare.__name__, (document.short_description or "").replace("\n", " ")
        explanation = document.long_description or ""
        _PRIORS[name] = Prior(name, label, paper, summary, explanation, prepare, check, first)
        return prepare

    return register


def list_priors() -> tuple[Prior, ...]:
    """Every prior, those that need no training first."""
    return tuple(_PRIORS.values())


def find_prior(name: str) -> Prior:
    """The prior of that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find(_PRIORS, name, "prior")


def in_steps(filled: Filled) -> Generator[float, None, Float[Tensor, "n channels height width"]]:
    """The pictures, after the shares that are told on the way."""
    return filled if isinstance(filled, Tensor) else (yield from filled)


def whole(filled: Filled) -> Float[Tensor, "n channels height width"]:
    """The pictures, whatever is told on the way."""
    making = Returning(in_steps(filled))
    for _ in making:
        pass
    return making.result
