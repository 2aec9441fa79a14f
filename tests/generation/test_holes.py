"""Holes: exactly as large as asked for, and controls that are exactly as large as they."""

import pytest
import torch

from core.generation.hidden import hidden_regions
from core.generation.holes import hole_of, region_of
from core.randomness import generator

SHARES = (0.0, 0.1, 0.37, 0.5, 0.9, 1.0)


@pytest.fixture
def values():
    """A map of 9 x 7 in which most values are equal, as a rectified one has them."""
    return torch.rand(9, 7, generator=torch.Generator().manual_seed(4)).sub(0.7).clamp(min=0)


@pytest.mark.parametrize("share", SHARES)
def test_a_hole_by_area_has_the_share_asked_for_to_the_pixel_and_hides_the_highest_values(values, share):
    hole = hole_of("mine", values, (9, 7), share, "area", generator(0))
    assert int(hole.sum()) == round(share * 63)
    if 0 < share < 1:
        assert values[hole].min() >= values[~hole].max()


@pytest.mark.parametrize("share", SHARES)
def test_the_random_region_is_as_large_as_the_hole_to_the_pixel_and_the_inverted_one_is_the_rest(values, share):
    hole = hole_of("mine", values, (9, 7), share, "area", generator(0))
    for seed in range(20):
        assert int(region_of("random", hole, generator(seed)).sum()) == int(hole.sum())
    assert torch.equal(region_of("inverted", hole, generator(0)), ~hole)
    assert torch.equal(region_of("unfilled", hole, generator(0)), hole)


def test_random_regions_cover_every_pixel_as_often_as_any_other():
    hole = torch.zeros(6, 6, dtype=torch.bool)
    hole[:2, :3] = True
    drawn = torch.stack([region_of("random", hole, generator(seed)) for seed in range(3000)])
    often = drawn.float().mean(dim=0)
    assert (often - 1 / 6).abs().max() < 5 * (1 / 6 * 5 / 6 / 3000) ** 0.5


def test_a_hole_by_threshold_hides_what_is_near_the_maximum_and_nothing_that_speaks_against_the_class():
    values = torch.tensor([[1.0, 0.8, 0.5, 0.0, -2.0]])
    assert hole_of("mine", values, (1, 5), 0.2, "threshold", generator(0)).tolist() == [[True, True] + [False] * 3]
    assert hole_of("mine", values, (1, 5), 0.5, "threshold", generator(0)).tolist() == [[True] * 3 + [False] * 2]
    assert int(hole_of("mine", values, (1, 5), 1.0, "threshold", generator(0)).sum()) == 3
    assert not hole_of("mine", -values.abs(), (1, 5), 0.5, "threshold", generator(0)).any()


def test_what_a_person_has_marked_is_the_hole_whatever_the_shares_are():
    marked = torch.eye(5, dtype=torch.bool)
    (only,) = hidden_regions({"marked": marked}, (5, 5), (0.5, 0.9), "area", ["salient"], 0, "")
    assert torch.equal(only.hole, marked)
    assert only.share == pytest.approx(0.2)


def test_every_map_comes_before_every_control(values):
    planned = hidden_regions({"a": values, "b": -values}, (9, 7), (0.5, 0.9), "area", ["random", "salient"], 0, "")
    assert [each[:3] for each in planned] == [
        (name, share, region) for region in ("salient", "random") for name in "ab" for share in (0.5, 0.9)
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"maps": {"mine": torch.zeros(4, 4)}}, r"mine: the map has shape \(4, 4\), the picture \(9, 7\)"),
        ({"maps": {"mine": torch.full((9, 7), torch.nan)}}, "not finite"),
        ({"maps": {}}, "at least one map"),
        ({"shares": (1.5,)}, "from 0 to 1; got 1.5"),
        ({"by": "size"}, "area or threshold, not by 'size'"),
        ({"regions": ("salient", "sailent")}, "got sailent"),
    ],
)
def test_what_hides_nothing_sensible_is_refused_in_words(values, wrong, words):
    asked = {"maps": {"mine": values}, "shares": (0.5,), "by": "area", "regions": ("salient",)}
    with pytest.raises(ValueError, match=words):
        hidden_regions(size=(9, 7), seed=0, digest="", **{**asked, **wrong})
