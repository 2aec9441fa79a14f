"""The pace of a prior is what its fills take, in steps between which other runs are served."""

import time

import pytest
import torch

from core.generation import pace, priors
from core.generation.pace import seconds_of_a_fill
from core.generation.pools import Pool, bundled_pool
from core.generation.priors import AT_ONCE, Prior, fits_all
from core.jobs.events import Returning
from core.randomness import generator

SECONDS = 0.02


def taken(pool, prior, pixels):
    """What was measured, and after how many steps."""
    measuring = Returning(seconds_of_a_fill(pool, prior, pixels))
    return sum(1 for _ in measuring), measuring.result


@pytest.fixture
def slow(monkeypatch):
    """A prior whose every step takes that long, at so many steps for sixteen fills."""

    def register(steps):
        def fill(hole, numbers, _draws):
            for step in range(1, steps + 1):
                time.sleep(SECONDS)
                yield step / steps
            return torch.zeros(len(numbers), 1, *hole.shape)

        monkeypatch.setitem(priors._PRIORS, "slow", Prior("slow", "", "", "", "", lambda _: fill, fits_all))

    return register


@pytest.fixture
def pool():
    pictures = torch.rand(3, 1, 8, 8, generator=generator(0))
    return Pool("mine", "", pictures, tuple("abc"))


def test_a_quick_prior_is_timed_on_its_second_fills(slow, pool):
    slow(5)
    steps, seconds = taken(pool, "slow", pool.pictures[:1])
    assert seconds >= 5 * SECONDS / AT_ONCE
    assert steps == 1 + 5 + 1 + 5 + 1


def test_a_slow_prior_is_timed_on_a_part_of_its_first_fills(slow, pool, monkeypatch):
    monkeypatch.setattr(pace, "LONG", 10 * SECONDS)
    slow(200)
    steps, seconds = taken(pool, "slow", pool.pictures[:1])
    assert steps < 100
    assert seconds >= 200 * SECONDS / AT_ONCE


@pytest.mark.parametrize("prior", ["donors", "refined_donors", "exemplars"])
def test_every_kind_of_filler_can_be_timed(prior, garment):
    clothes = bundled_pool("fashion_mnist", 28, 28)
    assert taken(clothes, prior, garment)[1] > 0
