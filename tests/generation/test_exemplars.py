"""Exemplars: they take from what is seen and from others, and never from what is hidden."""

from functools import partial

import pytest
import torch

import core
from core.generation.choosing import chosen_prior
from core.generation.exemplars import exemplars
from core.generation.pools import Pool
from core.generation.priors import Scene, whole
from core.randomness import generator

SIDE = 112


def stripes(period, side=SIDE):
    return (torch.arange(side) // period % 2).float().expand(1, 3, side, side).contiguous()


@pytest.fixture
def hole():
    square = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    square[40:72, 40:72] = True
    return square


def pool_of(*pictures):
    return Pool("mine", "", torch.cat(pictures), tuple(map(str, range(len(pictures)))))


def test_stripes_are_continued_from_the_same_picture(hole):
    other = torch.rand(1, 3, SIDE, SIDE, generator=generator(0))
    filled = whole(exemplars(Scene(stripes(8), pool_of(other)))(hole, range(4), partial(generator, 1)))
    assert (filled - stripes(8))[:, :, hole].abs().mean() < 0.1


def test_what_is_hidden_has_no_say(hole):
    """Of noise, no place is as much like the surroundings of the hole as the hole itself."""
    picture, other = (torch.rand(1, 3, SIDE, SIDE, generator=generator(number)) for number in range(2))
    pool = pool_of(other)
    hidden = torch.where(hole, 1 - picture, picture)
    one, other = (
        whole(exemplars(Scene(each, pool))(hole, range(4), partial(generator, 1))) for each in (picture, hidden)
    )
    assert torch.equal(one[:, :, hole], other[:, :, hole])


@pytest.mark.parametrize("side", [(60, 100), (57, 57), (112, 131), (28, 28), (16, 16), (83, 16)])
@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_every_hidden_pixel_is_filled_at_any_size_and_share(side, share):
    picture = torch.rand(1, 3, *side, generator=generator(4))
    hole = torch.rand(side, generator=generator(5)) < share
    other = torch.full((1, 3, *side), 0.25)
    filled = whole(exemplars(Scene(picture, pool_of(other, other)))(hole, range(3), partial(generator, 1)))
    assert torch.isfinite(filled).all()
    assert (filled >= 0).all()
    assert (filled <= 1).all()


def test_pictures_without_room_for_a_tile_are_refused_in_words_and_get_donors():
    small = Pool("gallery", "", torch.rand(20, 3, 9, 30), tuple(map(str, range(20))))
    with pytest.raises(ValueError, match="at least 16 × 16 pixels; these have 30 × 9"):
        chosen_prior("exemplars", small)
    assert chosen_prior(None, small).name == "donors"


def test_fills_differ_and_depend_on_nothing_but_the_seed(hole):
    picture, *others = (torch.rand(1, 3, SIDE, SIDE, generator=generator(number)) for number in range(5))
    one, again, other = (
        whole(exemplars(Scene(picture, pool_of(*others)))(hole, range(4), partial(generator, seed)))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len({each.numpy().tobytes() for each in one}) == 4


def test_a_photo_of_the_gallery_gets_nothing_from_itself(squeezenet):
    from core.generation.pools import collect_pool

    pool = collect_pool(squeezenet)
    pixels = squeezenet.prepare(core.open_picture(next(each.path for each in core.gallery() if each.name == "coffee")))
    allowed = dict(zip(pool.origins, pool.allowed(pixels).tolist(), strict=True))
    assert [name for name, fits in allowed.items() if not fits] == ["coffee"]
