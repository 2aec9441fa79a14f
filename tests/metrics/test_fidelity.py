"""Fidelity is the sum of its halves, and its verdict follows from what random orders and controls reach."""

import pytest
import torch
from scipy import stats

from core.metrics.curves import Curve
from core.metrics.fidelity import MARGIN, Chance, coarse_share, judge, matched_spread, null_spread, pass_verdict


def curve(values, draws=None) -> Curve:
    values = torch.tensor(values, dtype=torch.float64)
    return Curve(
        torch.linspace(0, 1, len(values), dtype=torch.float64), values, values[None] if draws is None else draws
    )


FALLING, STRAIGHT, HOLDING = curve([1.0, 0.2, 0.0]), curve([1.0, 0.5, 0.0]), curve([1.0, 0.9, 0.0])
PAIRS = torch.tensor([[1.0, 0.5, 0.0], [1.0, 0.52, 0.0], [1.0, 0.51, 0.0], [1.0, 0.5, 0.0]], dtype=torch.float64)
RANDOM = curve(PAIRS.mean(dim=0).tolist(), PAIRS)


def test_fidelity_is_the_sum_of_its_halves_and_the_area_between_the_curves():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {}, Chance({"map": 0.0}))
    assert fidelity.value == pytest.approx(0.35)
    assert fidelity.mrg + fidelity.lrg == pytest.approx(fidelity.value)


def test_the_artifact_share_is_the_lif_drop_over_the_mif_drop():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {}, Chance({"map": 0.0}))
    assert fidelity.best_bound == pytest.approx(1 - 0.7)
    assert fidelity.artifact_share == pytest.approx((1 - 0.7) / (1 - 0.35))


def test_a_curve_that_loses_nothing_has_no_artifact_share():
    (fidelity,) = judge({"map": curve([1.0, 1.0, 1.0])}, {"map": HOLDING}, RANDOM, {}, Chance({"map": 0.0}))
    assert fidelity.artifact_share is None


def test_the_spread_is_student_s_interval_around_zero():
    assert null_spread([0.1, -0.1, 0.1, -0.1, 0.1]) == pytest.approx(0.1 * stats.t.ppf(0.975, 5))
    assert null_spread([]) == 0


def test_scattered_maps_are_not_clustered_and_smooth_ones_are():
    draw = torch.Generator().manual_seed(0)
    scattered = torch.randperm(96 * 96, generator=draw).view(96, 96)
    rows = torch.arange(96 * 96).view(96, 96)
    assert coarse_share(scattered, 1 / 14) < 0.02
    assert coarse_share(rows, 1 / 14) > 0.9


def test_chance_is_matched_to_how_clustered_a_map_is():
    assert matched_spread(0.1, 0.3, 0.0) == pytest.approx(0.1)
    assert matched_spread(0.1, 0.3, 1.0) == pytest.approx(0.3)
    assert matched_spread(0.1, 0.3, 0.5) == pytest.approx((0.05 * 0.1 + 0.05 * 0.9) ** 0.5)


def test_blind_maps_widen_the_spread_of_clustered_maps_and_get_no_score():
    mif, lif = {"map": FALLING, "blind": FALLING}, {"map": HOLDING, "blind": HOLDING}
    (smooth,) = judge(mif, lif, RANDOM, {}, Chance({"map": 1.0}, ["blind"]))
    (scattered,) = judge(mif, lif, RANDOM, {}, Chance({"map": 0.0}, ["blind"]))
    assert smooth.spread == pytest.approx(0.35 * stats.t.ppf(0.975, 1))
    assert scattered.spread < 0.1


def test_the_best_bound_is_the_smallest_loss_of_any_lif_curve():
    mif, lif = {"good": FALLING, "bad": FALLING}, {"good": HOLDING, "bad": STRAIGHT}
    scores = judge(mif, lif, RANDOM, {}, Chance({"good": 0.0, "bad": 0.0}))
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
    assert pass_verdict(value, 0.05, {"Sobel": (0.2, 0.05), "Random": (0.0, 0.01)})[0] == verdict


def test_a_difference_that_nobody_could_see_is_never_a_finding():
    assert pass_verdict(MARGIN / 2, 1e-6, {})[0] == "random"


def test_controls_are_called_controls_and_scores_come_highest_first():
    mif, lif = {"map": FALLING, "sobel": STRAIGHT}, {"map": HOLDING, "sobel": STRAIGHT}
    scores = judge(mif, lif, RANDOM, {"sobel": "Sobel"}, Chance({"map": 0.0, "sobel": 0.0}))
    assert [(score.method, score.verdict) for score in scores] == [("map", "finds"), ("sobel", "control")]
