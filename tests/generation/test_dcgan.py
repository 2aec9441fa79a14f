"""The published prior: the search approaches what is seen, and sees nothing else."""

import hashlib
from functools import partial

import pytest
import torch
from torch import nn

from core.generation.choosing import chosen_prior
from core.generation.dcgan import FILE, LATENTS, Adversaries, dcgan, searched
from core.generation.dcgan_training import train_dcgan
from core.generation.flow import FOLDER
from core.generation.flow_training import Learned
from core.generation.pools import Pool, bundled_pool
from core.generation.priors import Scene, whole
from core.pictures.datasets import fashion_mnist
from core.randomness import generator

LOWER = torch.zeros(28, 28, dtype=torch.bool)
LOWER[14:] = True


class Plane(nn.Module):
    """A generator whose pixels are its first latents, and a discriminator that has no opinion."""

    def __init__(self):
        super().__init__()
        self.generator = lambda latents: latents[:, :64].reshape(-1, 1, 8, 8)
        self.discriminator = lambda made: made.flatten(1)[:, :1] * 0


def test_the_search_finds_what_is_seen_and_leaves_the_rest_where_it_started():
    seen = 1.6 * torch.rand(1, 1, 8, 8, generator=generator(0)) - 0.8
    starts = 2 * torch.rand(3, LATENTS, generator=generator(1)) - 1
    weights = torch.ones(8, 8)
    weights[4:] = 0
    found = whole(searched(Plane(), starts, seen, weights))
    assert (found - seen)[:, :, :4].abs().max() < 0.05
    assert torch.equal(found[:, :, 4:], starts[:, :64].reshape(3, 1, 8, 8)[:, :, 4:])


def test_what_is_hidden_has_no_say_and_fills_differ(garment):
    pool = bundled_pool("fashion_mnist", 28, 28)
    hidden = torch.where(LOWER, garment.flip(2), garment)
    one, other = (whole(dcgan(Scene(each, pool))(LOWER, range(3), partial(generator, 0))) for each in (garment, hidden))
    assert torch.equal(one, other)
    assert len({each.numpy().tobytes() for each in one}) == 3
    assert one.min() >= 0
    assert one.max() <= 1


def test_a_search_is_interrupted_and_told_of_thirty_times(garment):
    pool = bundled_pool("fashion_mnist", 28, 28)
    told = list(dcgan(Scene(garment, pool))(LOWER, range(1), partial(generator, 0)))
    assert told == pytest.approx([step / 30 for step in range(1, 31)])


def test_it_is_the_file_that_was_stored():
    sums = dict(reversed(line.split()) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    content = (FOLDER / f"{FILE}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == sums[f"{FILE}.safetensors"]
    assert len(content) < 4 * 2**20


def test_other_pictures_are_refused_in_words():
    mine = Pool("mine", "", fashion_mnist("train").pixels[:20, :1], tuple(map(str, range(20))))
    with pytest.raises(ValueError, match="fashion_mnist at 28 × 28 pixels only"):
        chosen_prior("dcgan", mine)


def test_training_is_the_same_to_the_bit_and_leaves_the_global_draws_alone():
    pixels, before = fashion_mnist("train").pixels[:64, :1].contiguous(), torch.get_rng_state()

    def trained():
        *reports, networks = train_dcgan(pixels, 3, 5)
        assert [type(each) for each in reports] == [Learned]
        assert isinstance(networks, Adversaries)
        return networks.state_dict()

    one, again = trained(), trained()
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert torch.equal(before, torch.get_rng_state())
