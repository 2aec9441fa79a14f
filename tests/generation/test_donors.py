"""Donors: who may give, who is asked first, and that nobody gives to himself."""

from functools import partial

import pytest
import torch

import core
from core.generation.donors import donors, nearness
from core.generation.pools import ALIKE, Pool, bundled_pool, collect_pool, correlations, photo_of, spreads_of
from core.generation.priors import Scene
from core.pictures.bases import collect_bases
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture
from core.randomness import generator

RIGHT = torch.zeros(28, 28, dtype=torch.bool)
RIGHT[:, 14:] = True


@pytest.fixture(scope="module")
def patches():
    return collect_bases("patches", 16, most=600)


def of_patches(bases, origin=""):
    pool = Pool("patches", "", bases.train, bases.train_origins)
    return lambda pixels: pool.allowed(pixels, origin)


def test_the_nearest_donors_are_those_that_a_loop_over_all_pictures_finds(garment):
    pool = bundled_pool("fashion_mnist", 28, 28)
    fills = donors(Scene(garment, pool))(RIGHT, range(2, 9), partial(generator, 0))
    weights, seen = nearness(RIGHT), garment[0, :1]
    allowed = [place for place, fits in enumerate(pool.allowed(garment).tolist()) if fits]
    apart = {place: float(((pool.pictures[place] - seen).square() * weights).sum()) for place in allowed}
    expected = sorted(apart, key=apart.__getitem__)[2:9]
    assert torch.equal(fills, pool.pictures[expected].expand(-1, 3, -1, -1))


def test_a_seen_pixel_counts_by_how_much_of_the_hole_is_near_and_a_hidden_one_not_at_all():
    weights = nearness(RIGHT)
    assert not weights[RIGHT].any()
    assert (weights[5:-5, 13] > weights[5:-5, 10]).all()
    assert not weights[:, :8].any()
    spot = torch.zeros(28, 28, dtype=torch.bool)
    spot[14, 14] = True
    assert nearness(spot).unique().numel() == 2  # a box


def test_what_is_hidden_has_no_say_in_who_gives(garment):
    pool = bundled_pool("fashion_mnist", 28, 28)
    hidden = torch.where(RIGHT, garment.flip(3), garment)
    found = [donors(Scene(each, pool))(RIGHT, range(16), partial(generator, 0)) for each in (garment, hidden)]
    assert torch.equal(*found)


def test_a_training_picture_gets_nothing_from_itself_nor_from_a_copy_that_is_brighter_or_noisier():
    pool = bundled_pool("fashion_mnist", 28, 28)
    for number in (0, 17, 1234):
        own = pool.pictures[number : number + 1].expand(-1, 3, -1, -1)
        noisy = own + 0.02 * torch.randn(own.shape, generator=generator(number, "copy"))
        for copy in (own, 0.7 * own + 0.1, noisy):
            assert not pool.allowed(copy)[number]
            fills = donors(Scene(copy, pool))(RIGHT, range(64), partial(generator, 0))[:, :1].flatten(1)
            assert correlations(fills, pool.pictures[number].flatten(), spreads_of(fills)).max() < ALIKE


def test_a_patch_gets_nothing_from_its_photo_neither_from_its_half_nor_from_the_other(patches):
    allowed = of_patches(patches)
    photos = [photo_of(origin) for origin in patches.train_origins]
    for number in range(0, 600, 40):  # of the training half: recognised by its pixels
        fits = allowed(patches.train[number : number + 1]).tolist()
        assert not any(fit for fit, photo in zip(fits, photos, strict=True) if photo == photos[number])
        assert any(fits)
    for number in range(0, 200, 20):  # of the test half: its photo is named
        own = patches.test_origins[number]
        fits = of_patches(patches, own)(patches.test[number : number + 1]).tolist()
        assert not any(fit for fit, photo in zip(fits, photos, strict=True) if photo == photo_of(own))


def test_a_constant_picture_is_like_no_other_but_its_equal():
    pictures = torch.stack([torch.full((12,), 0.5), torch.full((12,), 0.6), torch.rand(12, generator=generator(0))])
    assert correlations(pictures, torch.full((12,), 0.5), spreads_of(pictures)).tolist() == [1.0, 0.0, 0.0]


def test_correlations_are_pearsons():
    draw = generator(3)
    pictures, picture = torch.rand(5, 40, generator=draw), torch.rand(40, generator=draw)
    expected = [float(torch.corrcoef(torch.stack([each, picture]))[0, 1]) for each in pictures]
    assert correlations(pictures, picture, spreads_of(pictures)).tolist() == pytest.approx(expected, abs=1e-5)


def test_donors_that_run_out_are_missed_in_words(garment):
    few = Pool("mine", "", fashion_mnist("train").pixels[:5, :1], tuple("abcde"))
    with pytest.raises(ValueError, match="64 variations need as many donors, and this picture has 5"):
        donors(Scene(garment, few, fills=64))


def test_where_nothing_is_seen_donors_are_drawn_at_random_each_once(garment):
    pool, everything = bundled_pool("fashion_mnist", 28, 28), torch.ones(28, 28, dtype=torch.bool)
    one, other = (donors(Scene(garment, pool))(everything, range(16), partial(generator, seed)) for seed in (0, 1))
    assert not torch.equal(one, other)
    few = Pool("mine", "", pool.pictures[:40], pool.origins[:40])
    fill = donors(Scene(garment, few, fills=32))
    made = [fill(everything, range(first, first + 16), partial(generator, 0)) for first in (0, 16)]
    assert len(torch.cat(made).flatten(1).unique(dim=0)) == 32


def test_a_persons_folder_gives_as_the_classifier_sees_it(tmp_path, clothes_cnn):
    for number in range(20):
        to_picture(fashion_mnist("train").pixels[number]).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    pool = collect_pool(clothes_cnn, tmp_path)
    assert len(pool.pictures) == len(pool.origins) == 20
    opened = clothes_cnn.prepare(core.open_picture(tmp_path / pool.origins[3]))
    assert torch.equal(pool.pictures[3], opened[0])
    assert pool.allowed(opened).sum() == 19
    with pytest.raises(ValueError, match="has 1 that can be opened"):
        collect_pool(clothes_cnn, [tmp_path / "0.png", tmp_path / "broken.png"])
