"""Which places are removed: exactly as many as requested, fixed for each picture, and the same for both forms."""

from itertools import product

import pytest
import torch

from core.pictures.blurring import blurred
from core.randomness import generator
from core.retraining.masks import FORMS, digest_of, random_masks, random_ranking, rank_places
from core.retraining.outcomes import FRACTIONS

PIXELS = torch.rand(3, 3, 8, 6, generator=generator(1, "pictures"))


def maps_of(kind: str) -> torch.Tensor:
    values = torch.rand(3, 1, 8, 6, generator=generator(2, "maps"))
    return {
        "distinct": values,
        "constant": torch.full_like(values, 0.5),
        "mostly zero": torch.where(values > values.flatten(1).quantile(0.92), values, 0.0),
        "three levels": (values * 3).floor(),
        "tiny differences": 1 + values * torch.finfo(torch.float32).eps * 8,
    }[kind]


@pytest.mark.parametrize("kind", ["distinct", "constant", "mostly zero", "tiny differences"])
@pytest.mark.parametrize("fraction", [0.0, *FRACTIONS, 1.0])
def test_exactly_the_requested_share_is_removed_or_kept(kind, fraction):
    ranking = rank_places(maps_of(kind), PIXELS)
    wanted = round(fraction * 48)
    assert ranking.removed("roar", fraction).flatten(1).sum(dim=1).tolist() == [wanted] * 3
    assert ranking.removed("kar", fraction).flatten(1).sum(dim=1).tolist() == [48 - wanted] * 3


@pytest.mark.parametrize("kind", ["distinct", "constant", "mostly zero"])
@pytest.mark.parametrize("fraction", FRACTIONS)
def test_keeping_keeps_exactly_what_removing_removes(kind, fraction):
    ranking = rank_places(maps_of(kind), PIXELS)
    assert torch.equal(ranking.removed("kar", fraction), ~ranking.removed("roar", fraction))


@pytest.mark.parametrize("kind", ["distinct", "mostly zero", "tiny differences", "three levels"])
@pytest.mark.parametrize(("unit", "side"), [("pixel", 1), ("feature", 1), ("region", 3)])
@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_keeping_a_share_is_removing_the_rest_of_the_negated_map(kind, unit, side, fraction):
    maps = maps_of(kind)
    kept, negated = rank_places(maps, PIXELS, unit, side), rank_places(-maps, PIXELS, unit, side)
    assert digest_of([kept.removed("kar", fraction)]) == digest_of([negated.removed("roar", 1 - fraction)])


def test_maps_that_order_the_places_alike_have_the_same_ranking():
    maps = maps_of("three levels")
    assert torch.equal(rank_places(maps, PIXELS).ranks, rank_places(maps.exp(), PIXELS).ranks)


def test_the_most_important_places_go_first():
    maps = maps_of("distinct")
    gone = rank_places(maps, PIXELS).removed("roar", 0.25)
    assert maps[gone].view(3, -1).min(dim=1).values.gt(maps[~gone].view(3, -1).max(dim=1).values).all()


def test_equal_values_are_ordered_anew_for_each_picture_and_always_alike():
    ranking = rank_places(maps_of("constant"), PIXELS)
    assert not torch.equal(ranking.ranks[0], ranking.ranks[1])
    again = rank_places(maps_of("constant")[1:], PIXELS[1:])
    assert torch.equal(again.ranks, ranking.ranks[1:]), "a picture's mask does not depend on its neighbours"


def test_a_region_is_removed_as_a_whole_and_by_its_mean():
    maps = torch.zeros(1, 1, 8, 8)
    maps[0, 0, 4:, :4] = 0.3
    maps[0, 0, 0, 7] = 1.0  # the largest value, in a region whose mean is smaller
    gone = rank_places(maps, torch.rand(1, 3, 8, 8), "region", side=4).removed("roar", 0.25)
    assert gone[0, 0, 4:, :4].all()
    assert gone.sum() == 16


def test_a_feature_is_one_channel_of_a_pixel():
    maps = torch.rand(3, 3, 8, 6, generator=generator(3, "maps"))
    gone = rank_places(maps, PIXELS, "feature").removed("roar", 0.5)
    assert gone.shape == (3, 3, 8, 6)
    assert gone.flatten(1).sum(dim=1).tolist() == [72] * 3
    assert not torch.equal(gone[:, 0], gone[:, 1])


@pytest.mark.parametrize(("unit", "channels"), [("pixel", 1), ("feature", 3), ("region", 1)])
def test_a_drawn_order_removes_exactly_the_share_and_whole_units(unit, channels):
    ranking = random_ranking((200, channels, 8, 8), generator(4, "order"), unit, side=4)
    assert ranking.ranks.flatten(1).sort(dim=1).values.eq(torch.arange(64 * channels)).all(), "each rank once"
    gone = ranking.removed("roar", 0.25)
    assert gone.flatten(1).sum(dim=1).eq(16 * channels).all()
    if unit == "region":
        corners = gone[:, 0].unfold(1, 4, 4).unfold(2, 4, 4).flatten(3)
        assert torch.equal(corners.all(dim=3), corners.any(dim=3))
    spread = (0.25 * 0.75 / 200) ** 0.5
    assert (gone.double().mean(dim=0) - 0.25).abs().max() < 5 * spread


def test_a_value_for_a_pixel_holds_for_its_features_in_random_order_and_every_map_ranks_as_many():
    maps = maps_of("distinct")
    one, own = rank_places(maps, PIXELS, "feature"), rank_places(PIXELS, PIXELS, "feature")
    assert one.places == own.places == 144
    for form, fraction in product(FORMS, FRACTIONS):
        counts = [each.removed(form, fraction).flatten(1).sum(dim=1) for each in (one, own)]
        assert torch.equal(*counts)
    of_pixels = rank_places(maps, PIXELS).ranks.expand(-1, 3, -1, -1)
    assert torch.equal(one.ranks // 3, of_pixels)
    first = (one.ranks % 3).flatten(2).argmin(dim=1).flatten().bincount(minlength=3)
    assert first.min() > 144 / 3 - 4 * (144 * 2 / 9) ** 0.5, "no channel goes before the others"


@pytest.mark.parametrize("kind", ["distinct", "constant", "mostly zero"])
def test_the_features_of_pictures_of_one_channel_are_their_pixels(kind):
    pixels = PIXELS[:, :1]
    assert torch.equal(*(rank_places(maps_of(kind), pixels, unit).ranks for unit in ("feature", "pixel")))


def test_an_unknown_unit_is_named():
    with pytest.raises(ValueError, match="pixel, feature, region, not 'square'"):
        rank_places(maps_of("distinct"), PIXELS, "square")


def test_random_masks_take_every_share_and_are_grained_or_smooth():
    masks = random_masks(400, (28, 28), generator(0, "gaps"))
    shares = masks.float().mean(dim=(1, 2, 3)).sort().values
    torch.testing.assert_close(shares, torch.linspace(0, 1, 400), atol=0.08, rtol=0)
    middle = masks[(masks.float().mean(dim=(1, 2, 3)) - 0.5).abs() < 0.25].float()
    borders = (middle[..., 1:] != middle[..., :-1]).float().mean(dim=(1, 2, 3))
    grained = (borders > 0.3).float().mean()
    assert 0.35 < grained < 0.65
    assert (borders < 0.2).float().mean() > 0.3


def drawn_masks(unit: str, count: int = 400, size: tuple[int, int] = (12, 16)) -> torch.Tensor:
    return random_masks(count, size, generator(0, "gaps"), unit, side=4)


def test_random_masks_of_pixels_are_those_that_were_always_drawn():
    """Written out independently: what networks were fine-tuned on does not change when other units do."""
    draw = generator(0, "gaps")
    noise = torch.rand(400, 1, 12, 16, generator=draw)
    blobs = torch.rand(400, 1, 1, 1, generator=draw) < 0.5
    values = torch.where(blobs, blurred(noise, 0.08 * 12), noise).flatten(1)
    gone = (torch.rand(400, 1, generator=draw) * 192).round()
    removed = [own.argsort().argsort() < count for own, count in zip(values, gone, strict=True)]
    assert torch.equal(drawn_masks("pixel").flatten(1), torch.stack(removed))


@pytest.mark.parametrize(("unit", "channels"), [("pixel", 1), ("feature", 3), ("region", 1)])
def test_random_masks_take_every_share_of_any_unit(unit, channels):
    masks = drawn_masks(unit)
    assert masks.shape == (400, channels, 12, 16)
    shares = masks.float().mean(dim=(1, 2, 3)).sort().values
    torch.testing.assert_close(shares, torch.linspace(0, 1, 400), atol=0.08, rtol=0)


def borders(masks: torch.Tensor) -> torch.Tensor:
    """The share of neighbours of which one is gone, in masks of about half of the places."""
    half = masks[(masks.float().mean(dim=(1, 2, 3)) - 0.5).abs() < 0.2].float()
    return (half[..., 1:] != half[..., :-1]).float().mean(dim=(1, 2, 3))


def test_half_of_the_random_masks_of_features_take_single_channels_and_the_others_whole_pixels():
    masks = drawn_masks("feature")
    partly = (masks.any(dim=1) & ~masks.all(dim=1)).flatten(1).sum(dim=1)
    whole = partly <= 1  # the last pixel may be removed incompletely
    assert 0.4 < whole.float().mean() < 0.6
    assert partly[~whole].float().mean() > 30
    for kind in (masks[whole], masks[~whole]):
        found = borders(kind)
        assert (found > 0.35).any(), "some are grained"
        assert (found < 0.25).any(), "some are smooth"


def test_half_of_the_random_masks_of_regions_remove_whole_regions_and_the_others_pixels():
    masks = drawn_masks("region")
    of_regions = masks.view(400, 3, 4, 4, 4).transpose(2, 3).reshape(400, 12, 16).float().mean(dim=2)
    broken = ((of_regions > 0) & (of_regions < 1)).sum(dim=1)
    aligned = broken <= 1  # the last region may be removed incompletely
    assert 0.45 < aligned.float().mean() < 0.65  # a few of pixels take next to none or all
    pixels = drawn_masks("pixel")
    assert torch.equal(masks[~aligned], pixels[~aligned])
    assert torch.equal(masks.flatten(1).sum(dim=1), pixels.flatten(1).sum(dim=1))
