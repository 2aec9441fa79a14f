"""Fidelity is the sum of its halves, and its verdict follows from what moved copies and controls reach."""

import pytest
import torch
from scipy import stats

from core.metrics.curves import Curve
from core.metrics.fidelity import MARGIN, judge, null_spread, pass_verdict, to_beat


def curve(values, draws=None) -> Curve:
    values = torch.tensor(values, dtype=torch.float64)
    return Curve(
        torch.linspace(0, 1, len(values), dtype=torch.float64), values, values[None] if draws is None else draws
    )


FALLING, STRAIGHT, HOLDING = curve([1.0, 0.2, 0.0]), curve([1.0, 0.5, 0.0]), curve([1.0, 0.9, 0.0])
PAIRS = torch.tensor([[1.0, 0.5, 0.0], [1.0, 0.52, 0.0], [1.0, 0.51, 0.0], [1.0, 0.5, 0.0]], dtype=torch.float64)
RANDOM = curve(PAIRS.mean(dim=0).tolist(), PAIRS)
COPIES = {"map": [0.01, -0.02, 0.01, 0.02]}


def test_fidelity_is_the_sum_of_its_halves_and_the_area_between_the_curves():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {}, COPIES)
    assert fidelity.value == pytest.approx(0.35)
    assert fidelity.mrg + fidelity.lrg == pytest.approx(fidelity.value)


def test_the_artifact_share_is_the_lif_drop_over_the_mif_drop():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {}, COPIES)
    assert fidelity.best_bound == pytest.approx(1 - 0.7)
    assert fidelity.artifact_share == pytest.approx((1 - 0.7) / (1 - 0.35))


def test_a_curve_that_loses_nothing_has_no_artifact_share():
    (fidelity,) = judge({"map": curve([1.0, 1.0, 1.0])}, {"map": HOLDING}, RANDOM, {}, COPIES)
    assert fidelity.artifact_share is None


def test_the_spread_is_student_s_interval_around_zero():
    assert null_spread([0.1, -0.1, 0.1, -0.1, 0.1]) == pytest.approx(0.1 * stats.t.ppf(0.975, 5))


def test_the_range_of_chance_is_that_of_a_map_s_own_copies():
    mif, lif = {"one": FALLING, "other": FALLING}, {"one": HOLDING, "other": HOLDING}
    scores = judge(mif, lif, RANDOM, {}, {"one": [0.3, -0.4], "other": [0.01, 0.02]})
    spreads = {score.method: score.spread for score in scores}
    assert spreads["one"] == pytest.approx(0.125**0.5 * stats.t.ppf(0.975, 2))
    assert spreads["other"] == pytest.approx(0.00025**0.5 * stats.t.ppf(0.975, 2))
    assert {score.method: score.verdict for score in scores} == {"one": "random", "other": "finds"}


def test_a_map_that_shares_anything_with_a_control_beats_it_by_luck_as_rarely_as_it_beats_chance():
    """F is linear here: r of the map's order is the control's, the rest of it luck, for every r and every control."""
    draw = torch.Generator().manual_seed(0)
    luck = torch.randn(200_000, generator=draw, dtype=torch.float64)
    for theirs in (-0.1, 0.0, 0.1, 0.2, 0.5):
        for shared in torch.linspace(0, 0.99, 12).tolist():
            scored = shared * theirs + (1 - shared**2) ** 0.5 * 0.1 * luck
            found = scored > to_beat(0.196, theirs)
            assert float(found.double().mean()) < 0.026


def test_what_beats_a_control_beats_chance_and_the_control_s_own_score():
    assert to_beat(0.2, -0.5) == to_beat(0.2, 0.0) == 0.2
    assert to_beat(0.2, 0.5) > 0.5
    assert to_beat(0.001, 0.5) == pytest.approx(0.5 + MARGIN)


def test_the_best_bound_is_the_smallest_loss_of_any_lif_curve():
    mif, lif = {"good": FALLING, "bad": FALLING}, {"good": HOLDING, "bad": STRAIGHT}
    scores = judge(mif, lif, RANDOM, {}, {"good": [0.01], "bad": [0.01]})
    assert [score.best_bound for score in scores] == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (-0.2, "worse"),
        (-0.05, "random"),
        (0.0, "random"),
        (0.05, "random"),
        (0.12, "edge"),
        (0.2, "edge"),
        (0.3, "finds"),
    ],
)
def test_verdicts_follow_their_thresholds(value, verdict):
    assert pass_verdict(value, 0.05, {"Sobel": 0.2, "Random": 0.0})[0] == verdict


def test_a_difference_that_nobody_could_see_is_never_a_finding():
    assert pass_verdict(0.8 * MARGIN, 1e-6, {})[0] == "random"


def test_where_every_order_gives_one_curve_no_verdict_is_given():
    assert pass_verdict(0.001, 0.001, {})[0] == pass_verdict(-0.001, 0.0, {"Sobel": 0.0})[0] == "flat"
    assert pass_verdict(0.001, 0.2, {})[0] == "random"


def test_controls_are_called_controls_and_scores_come_highest_first():
    mif, lif = {"map": FALLING, "sobel": STRAIGHT}, {"map": HOLDING, "sobel": STRAIGHT}
    scores = judge(mif, lif, RANDOM, {"sobel": "Sobel"}, COPIES)
    assert [(score.method, score.verdict) for score in scores] == [("map", "finds"), ("sobel", "control")]
    assert scores[1].spread is None


def test_a_control_that_knows_something_gets_no_verdict_and_is_no_rival():
    mif, lif = {"map": FALLING, "oracle": FALLING}, {"map": HOLDING, "oracle": HOLDING}
    scores = judge(mif, lif, RANDOM, {}, COPIES, ["oracle"])
    assert {score.method: score.verdict for score in scores} == {"map": "finds", "oracle": "control"}
    assert "ignores the model" not in {score.method: score.sentence for score in scores}["oracle"]
