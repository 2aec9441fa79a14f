"""How fast this machine fills holes by a prior: timed once, in short steps, on a hole that touches all of a picture."""

import time
from collections.abc import Generator
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from core.generation.choosing import ChosenPrior, chosen_prior
from core.generation.pools import Pool
from core.generation.priors import AT_ONCE, Scene, in_steps
from core.jobs.events import Returning
from core.randomness import generator

LONG = 1.0
"""Seconds after which fills that are made in steps are timed long enough, once a share of them is done."""
LEAST = 0.02


def seconds_of_a_fill(
    pool: Pool, prior: ChosenPrior, pixels: Float[Tensor, "1 channels height width"]
) -> Generator[None, None, float]:
    """Seconds that each of sixteen fills takes; yields between two steps.

    The first sixteen pay for memory, and count for nothing where others can be timed soon.

    Parameters
    ----------
    pixels
        A picture of those that will be filled.

    Raises
    ------
    ValueError
        Where the prior does not apply.
    """
    filler = chosen_prior(prior, pool).prepare(Scene(pixels, pool))
    hole = torch.rand(pixels.shape[2:], generator=generator(0, "pace")).to(pixels.device) < 0.5
    yield
    took = 0.0
    for timed in range(2):
        took = 0.0
        filling = Returning(in_steps(filler(hole, range(AT_ONCE), partial(generator, 0, "pace", timed))))
        began = time.perf_counter()
        for share in filling:
            took += time.perf_counter() - began
            yield
            if took > LONG and share > LEAST:
                return took / share / AT_ONCE
            began = time.perf_counter()
        took += time.perf_counter() - began
        if took > LONG:
            break
        yield
    return took / AT_ONCE
