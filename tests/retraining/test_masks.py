"""Which places are removed: exactly as many as requested, fixed for each picture, and the same for both forms."""

import pytest
import torch

from core.randomness import generator
from core.retraining.masks import digest_of, random_masks, rank_places
from core.retraining.outcomes import FRACTIONS

PIXELS = torch.rand(3, 3, 8, 6, generator=generator(1, "pictures"))


def maps_of(kind: str) -> torch.Tensor:
    values = torch.rand(3, 1, 8, 6, generator=generator(2, "maps"))
    return {
        "distinct": values,
        "constant": torch.full_like(values, 0.5),
        "mostly zero": torch.where(values > values.flatten(1).quantile(0.92), values, 0.0),
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


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_keeping_a_share_is_removing_the_rest_of_the_negated_map(fraction):
    maps = maps_of("distinct")
    kept, negated = rank_places(maps, PIXELS), rank_places(-maps, PIXELS)
    assert digest_of([kept.removed("kar", fraction)]) == digest_of([negated.removed("roar", 1 - fraction)])


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
