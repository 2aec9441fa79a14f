"""Fidelity is the sum of its halves, and its verdict follows from what random orders and controls reach."""

import pytest
import torch

from core.metrics.curves import Curve
from core.metrics.fidelity import MARGIN, judge, null_spread, pass_verdict


def curve(values, draws=None) -> Curve:
    values = torch.tensor(values, dtype=torch.float64)
    return Curve(
        torch.linspace(0, 1, len(values), dtype=torch.float64), values, values[None] if draws is None else draws
    )


FALLING, STRAIGHT, HOLDING = curve([1.0, 0.2, 0.0]), curve([1.0, 0.5, 0.0]), curve([1.0, 0.9, 0.0])
PAIRS = torch.tensor([[1.0, 0.5, 0.0], [1.0, 0.52, 0.0], [1.0, 0.51, 0.0], [1.0, 0.5, 0.0]], dtype=torch.float64)
RANDOM = curve(PAIRS.mean(dim=0).tolist(), PAIRS)


def test_fidelity_is_the_sum_of_its_halves_and_the_area_between_the_curves():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {})
    assert fidelity.value == pytest.approx(0.35)
    assert fidelity.mrg + fidelity.lrg == pytest.approx(fidelity.value)


def test_the_artifact_share_is_the_lif_drop_over_the_mif_drop():
    (fidelity,) = judge({"map": FALLING}, {"map": HOLDING}, RANDOM, {})
    assert fidelity.artifact_bound == pytest.approx(1 - 0.7)
    assert fidelity.artifact_share == pytest.approx((1 - 0.7) / (1 - 0.35))


def test_a_curve_that_loses_nothing_has_no_artifact_share():
    (fidelity,) = judge({"map": curve([1.0, 1.0, 1.0])}, {"map": HOLDING}, RANDOM, {})
    assert fidelity.artifact_share is None


def test_the_spread_covers_95_percent_of_random_orders():
    draw = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(2000):
        noise = torch.randn(6, generator=draw, dtype=torch.float64)
        middles = torch.stack([0.5 - noise / 2, 0.5 + noise / 2], dim=1).flatten()
        draws = torch.stack([torch.ones(12), middles, torch.zeros(12)], dim=1).double()
        areas = torch.trapezoid(draws, torch.linspace(0, 1, 3, dtype=torch.float64))
        new = float(areas[11] - areas[10])
        covered += abs(new) <= null_spread(curve([1.0, 0.5, 0.0], draws[:10]))
    assert 0.92 < covered / 2000 < 0.97


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
    assert pass_verdict(MARGIN / 2, 1e-6, {})[0] == "random"


def test_controls_are_called_controls_and_scores_come_highest_first():
    mif, lif = {"map": FALLING, "sobel": STRAIGHT}, {"map": HOLDING, "sobel": STRAIGHT}
    scores = judge(mif, lif, RANDOM, {"sobel": "Sobel"})
    assert [(score.method, score.verdict) for score in scores] == [("map", "finds"), ("sobel", "control")]
