"""What verdicts rest on."""

from math import isnan, nan

import pytest

from core.sanity.verdict import CRITERION, LIMITS, MeanSimilarity, in_words, spread, standing


@pytest.mark.parametrize(
    ("mean", "last", "expected"),
    [
        (MeanSimilarity(0.2, 0.1, 0.3), MeanSimilarity(0.1, 0.0, 0.2), "passes"),
        (MeanSimilarity(0.7, 0.6, 0.8), MeanSimilarity(0.1, 0.0, 0.2), "fails"),
        (MeanSimilarity(0.2, 0.1, 0.3), MeanSimilarity(0.7, 0.6, 0.8), "fails"),
        (MeanSimilarity(0.45, 0.3, 0.6), MeanSimilarity(0.1, 0.0, 0.2), "unclear"),
        (MeanSimilarity(0.2, 0.1, 0.3), MeanSimilarity(0.45, 0.3, 0.6), "unclear"),
        (MeanSimilarity(0.5, 0.5, 0.5), MeanSimilarity(0.1, 0.0, 0.2), "unclear"),
        (MeanSimilarity(0.9), MeanSimilarity(0.9), "unclear"),
        (MeanSimilarity(0.2, 0.1, 0.3), MeanSimilarity(), "unclear"),
    ],
)
def test_a_method_passes_only_where_both_are_surely_below_half_and_fails_where_either_is_surely_above(
    mean: MeanSimilarity, last: MeanSimilarity, expected: str
) -> None:
    assert standing(mean, last) == expected


def test_one_draw_has_no_doubt_and_so_no_verdict() -> None:
    alone = spread([0.9])
    assert isnan(alone.low)
    assert standing(alone) == "unclear"
    assert spread([]) == pytest.approx((nan, nan, nan), nan_ok=True)


def test_the_sentence_tells_every_figure_that_it_rests_on() -> None:
    told = in_words(
        "passes", MeanSimilarity(0.25, 0.2, 0.3), MeanSimilarity(-0.1, -0.2, 0.0), (-0.04, 0.05), "3 draws", 2, 24
    )
    assert told == (
        "Passes: similarity 0.25 [0.20, 0.30] on average and −0.10 [−0.20, 0.00] fully randomised, over 3 draws. "
        "Copies of the map placed elsewhere: −0.04 to 0.05. "
        "2 of 24 maps were blank or refused, and have no similarity."
    )


def test_maps_that_can_not_be_compared_are_told_so() -> None:
    assert "no map to compare" in in_words("unclear", MeanSimilarity(), MeanSimilarity(), None, "1 draw", 8, 8)


def test_criterion_and_limits_are_told_as_ours_and_theirs() -> None:
    assert "ours" in CRITERION
    assert sum("arXiv" in limit for limit in LIMITS) >= 3
