"""The paper's four directions on outcomes made to show them, the opposite, or nothing."""

from itertools import product

import numpy as np
import pytest

from core.metrics.statistics import Estimate
from core.retraining.directions import check_directions, finding, spread_difference
from core.retraining.outcomes import FRACTIONS, Accuracy, Curves

WHOLE = 0.9
METHODS = ("gradient", "smoothgrad", "smoothgrad_squared", "vargrad", "random")


def curves(roar: dict[str, float], kar: dict[str, float], pictures: int = 400, seeds: int = 3) -> Curves:
    """Outcomes with these accuracies at every share; the pictures are equally hard for all methods."""
    hardness = np.random.default_rng(0).random((seeds, pictures))
    return Curves(
        {
            (method, form, fraction): hardness < shares[method]
            for form, shares in (("roar", roar), ("kar", kar))
            for method in METHODS
            for fraction in FRACTIONS
        },
        whole=hardness < WHOLE,
    )


PAPER = dict(zip(METHODS, (0.7, 0.72, 0.3, 0.25, 0.65), strict=True))
LEVEL = dict.fromkeys(METHODS, 0.6)
OPPOSITE = dict(zip(METHODS, (0.3, 0.32, 0.8, 0.85, 0.65), strict=True))


@pytest.mark.parametrize(
    ("roar", "kar", "unadapted", "expected"),
    [
        (PAPER, LEVEL, dict.fromkeys(METHODS, 0.1), ["reproduced"] * 4),
        (OPPOSITE, OPPOSITE, dict.fromkeys(METHODS, 0.9), ["not reproduced"] * 3 + ["undecided"]),
        (LEVEL, PAPER, LEVEL, ["not reproduced", "undecided", "reproduced", "not reproduced"]),
    ],
)
def test_each_direction_is_found_where_it_is_and_denied_where_it_is_not(roar, kar, unadapted, expected):
    found = check_directions(curves(roar, kar), curves(unadapted, LEVEL, seeds=1), seed=0)
    assert [each.name for each in found] == ["a", "b", "c", "d"]
    assert [each.finding for each in found] == expected


def test_few_pictures_decide_nothing():
    near = {**LEVEL, "smoothgrad_squared": 0.55, "vargrad": 0.55}
    found = {each.name: each.finding for each in check_directions(curves(near, LEVEL, 12), curves(LEVEL, LEVEL, 12), 0)}
    assert found["b"] == "undecided"


@pytest.mark.parametrize(
    ("mean", "seeds", "expected"),
    [
        (-0.01, (-0.01, -0.012), "reproduced"),  # lower, yet by less than the margin
        (-0.06, (-0.06, -0.05), "not reproduced"),
        (-0.06, (-0.06, 0.01), "undecided"),
    ],
)
def test_with_a_margin_a_gap_counts_only_beyond_it(mean, seeds, expected):
    gap = Accuracy(Estimate(mean, mean - 0.005, mean + 0.005, 100), seeds)
    assert finding([gap], margin=0.02) == expected


def test_one_gap_of_forty_that_is_below_by_chance_denies_nothing():
    """Alone it would be enough; Holm's correction asks forty times as much of the smallest."""
    below = Accuracy(Estimate(-0.03, -0.055, -0.005, 400), (-0.03, -0.02))
    level = Accuracy(Estimate(0.0, -0.02, 0.02, 400), (0.01, -0.01))
    assert finding([below]) == "not reproduced"
    assert finding([below, *[level] * 39]) == "undecided"
    far = Accuracy(Estimate(-0.1, -0.125, -0.075, 400), (-0.1, -0.1))
    assert finding([far, *[level] * 39]) == "not reproduced"


def test_where_nothing_differs_a_direction_is_denied_in_at_most_five_of_a_hundred_studies():
    """Forty independent gaps a study, all zero; uncorrected, most studies would deny one of them."""
    drawn = np.random.default_rng(3)
    denied = corrected = 0
    for _ in range(200):
        means = drawn.normal(0.0, 0.02, 40)
        gaps = [Accuracy(Estimate(mean, mean - 0.0394, mean + 0.0394, 400), (mean,)) for mean in means]
        corrected += finding(gaps) == "not reproduced"
        denied += any(finding([gap]) == "not reproduced" for gap in gaps)
    assert denied > 100
    assert corrected <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_fewer_than_five_pictures_decide_nothing():
    assert finding([Accuracy(Estimate(1.0, 1.0, 1.0, 4), (1.0, 1.0))]) == "undecided"


def test_nothing_is_said_without_the_random_control():
    whole = curves(PAPER, LEVEL)
    bare = Curves({key: own for key, own in whole.recognised.items() if key[0] != "random"})
    assert check_directions(bare, whole, 0) == ()


def test_what_learning_with_gaps_costs_on_whole_pictures_is_not_counted_for_random_removal():
    """The one that learned with gaps begins 20 points lower and loses 10, the other loses 40."""
    drawn = np.random.default_rng(1).random((1, 4000))

    def losing(whole: float, lost: float) -> Curves:
        own = {("random", "roar", share): drawn < whole - lost for share in FRACTIONS}
        return Curves(own, drawn < whole)

    assert finding_of("a", losing(0.7, 0.1), losing(0.9, 0.4)) == "reproduced"
    assert finding_of("a", losing(0.7, 0.3), losing(0.9, 0.4)) == "not reproduced"


@pytest.mark.parametrize(("lost", "expected"), [(0.2, "reproduced"), (0.4, "undecided"), (0.75, "not reproduced")])
def test_random_removal_falls_slowly_where_it_costs_less_than_half_of_what_it_costs_unprepared(lost, expected):
    """Down to chance on both sides, a few points between them reproduce nothing."""
    drawn = np.random.default_rng(1).random((1, 4000))

    def losing(points: float) -> Curves:
        return Curves({("random", "roar", share): drawn < 0.9 - points for share in FRACTIONS}, drawn < 0.9)

    assert finding_of("a", losing(lost), losing(0.8)) == expected


def test_cells_with_fewer_seeds_are_judged_by_those_that_they_have():
    """As where a study stops early; by seed, the ones that all cells have."""
    whole = curves(PAPER, LEVEL)
    fewer = {key: own[:2] if key[0] in ("gradient", "random") else own for key, own in whole.recognised.items()}
    found = check_directions(Curves(fewer, whole.whole), curves(dict.fromkeys(METHODS, 0.1), LEVEL, seeds=1), 0)
    assert [each.finding for each in found] == ["reproduced"] * 4


def finding_of(name: str, trained: Curves, unadapted: Curves) -> str:
    return next(each.finding for each in check_directions(trained, unadapted, 0) if each.name == name)


def test_a_seed_whose_methods_differ_more_when_parts_are_kept_leaves_it_open():
    drawn = np.random.default_rng(2)
    removed, kept = np.full((2, 1, 2, 1), 0.5), np.full((2, 1, 2, 1), 0.5)
    removed[:, 0, 0, 0] = (0.1, 0.9)
    kept[:, 0, 1, 0] = (0.45, 0.55)
    outcomes = [(drawn.random((2, 1, 2, 500)) < each).astype(float) for each in (removed, kept)]
    found = spread_difference(*outcomes, seed=0)
    assert found.over_pictures.low > 0
    assert found.by_seed[0] > 0.3
    assert found.by_seed[1] < 0
    assert finding([found]) == "undecided"


def test_the_spread_s_interval_is_that_of_spreads_over_new_pictures():
    """Against the percentile bootstrap of the spread itself."""
    drawn = np.random.default_rng(5)
    shares = np.array([0.8, 0.5, 0.6])[:, None, None] + np.array([0.0, -0.1])[None, :, None]
    removed, kept = (drawn.random((3, 2, 300)) < level for level in (shares, np.full_like(shares, 0.6)))
    found = spread_difference(removed[:, :, None].astype(float), kept[:, :, None].astype(float), seed=0).over_pictures

    def spread(values: np.ndarray) -> float:
        return float(values.mean(axis=2).std(axis=0).mean())

    assert found.mean == pytest.approx(spread(removed) - spread(kept))
    again = [drawn.integers(300, size=300) for _ in range(2000)]
    low, high = np.quantile([spread(removed[..., own]) - spread(kept[..., own]) for own in again], (0.025, 0.975))
    assert found.high - found.low == pytest.approx(high - low, rel=0.25)


def test_one_picture_gives_figures_without_an_interval():
    found = check_directions(curves(PAPER, LEVEL, pictures=1), curves(LEVEL, LEVEL, pictures=1), seed=0)
    assert [each.name for each in found] == ["a", "b", "c", "d"]
    assert {each.finding for each in found} == {"undecided"}
    assert not any("nan" in each.why for each in found)


def test_each_direction_names_the_accuracies_that_it_rests_on():
    found = {each.name: {*each.accuracies} for each in check_directions(curves(PAPER, LEVEL), curves(LEVEL, LEVEL), 0)}
    squares = product(("smoothgrad_squared", "vargrad"), ("roar",), FRACTIONS)
    means = product(("gradient", "smoothgrad"), ("roar",), [each for each in FRACTIONS if each >= 0.5])
    everything = product(METHODS[:-1], ("roar", "kar"), FRACTIONS)
    assert found == {"a": set(), "b": {*squares}, "c": {*means}, "d": {*everything}}


def test_a_lone_accuracy_is_named_once():
    outcomes = {
        (method, "roar", 0.5): np.arange(100)[None] < 100 * share
        for method, share in (("gradient", 0.7), ("random", 0.6))
    }
    [found] = [each for each in check_directions(Curves(outcomes), Curves(outcomes), 0) if each.name == "c"]
    assert found.why.count("Gradient, 50 % removed") == 1
    assert " to 10 points" not in found.why
