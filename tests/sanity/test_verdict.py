"""What verdicts rest on."""

from math import isnan, nan

import pytest

from core.sanity.verdict import CRITERION, LIMITS, Alike, in_words, spread, standing


@pytest.mark.parametrize(
    ("mean", "last", "expected"),
    [
        (Alike(0.2, 0.1, 0.3), Alike(0.1, 0.0, 0.2), "passes"),
        (Alike(0.7, 0.6, 0.8), Alike(0.1, 0.0, 0.2), "fails"),
        (Alike(0.2, 0.1, 0.3), Alike(0.7, 0.6, 0.8), "fails"),
        (Alike(0.45, 0.3, 0.6), Alike(0.1, 0.0, 0.2), "unclear"),
        (Alike(0.2, 0.1, 0.3), Alike(0.45, 0.3, 0.6), "unclear"),
        (Alike(0.5, 0.5, 0.5), Alike(0.1, 0.0, 0.2), "unclear"),
        (Alike(0.9), Alike(0.9), "unclear"),
        (Alike(0.2, 0.1, 0.3), Alike(), "unclear"),
    ],
)
def test_a_method_passes_only_where_both_are_surely_below_half_and_fails_where_either_is_surely_above(
    mean: Alike, last: Alike, expected: str
) -> None:
    assert standing(mean, last) == expected


def test_one_draw_has_no_doubt_and_so_no_verdict() -> None:
    alone = spread([0.9])
    assert isnan(alone.low)
    assert standing(alone) == "unclear"
    assert spread([]) == pytest.approx((nan, nan, nan), nan_ok=True)


def test_the_sentence_tells_every_figure_that_it_rests_on() -> None:
    told = in_words("passes", Alike(0.25, 0.2, 0.3), Alike(-0.1, -0.2, 0.0), (-0.04, 0.05), "3 draws", 2, 24)
    assert told == (
        "Passes: it changes with the weights, .25 [.20, .30] on average and −.10 [−.20, .00] with everything "
        "randomised, over 3 draws. Copies of the map that lie elsewhere: −.04 to .05. "
        "2 of 24 maps were blank or refused, and have no likeness."
    )


def test_maps_that_can_not_be_compared_are_told_so() -> None:
    assert "no map that could be compared" in in_words("unclear", Alike(), Alike(), None, "1 draw", 8, 8)


def test_criterion_and_limits_are_told_as_ours_and_theirs() -> None:
    assert "ours" in CRITERION
    assert sum("arXiv" in limit for limit in LIMITS) >= 3
