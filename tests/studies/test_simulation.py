"""How long a study takes on many workers: closed forms where there are any, and the share that dispatch costs."""

from math import ceil

import pytest

from core.studies.simulation import MEASURED, Costs, simulate

FREE = Costs(start=10.0, block=0.0, unit=0.0)
PICTURES = 50_000
SPREAD = (0.65, 0.78, 0.84, 0.90, 0.93, 0.97, 1.0, 1.0, 1.03, 1.08, 1.15, 1.28, 1.39)
"""Seconds of units by their mean, of SqueezeNet on photographs while other programs ran."""


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("pictures", [1, 24, 240])
def test_equal_units_without_costs_take_as_many_rounds_as_there_are(workers, pictures):
    found = simulate(pictures, [5.0], workers, FREE)
    assert found.seconds == pytest.approx(10.0 + 5.0 * ceil(pictures / workers))
    assert found.asking == 0


def test_no_plan_is_faster_than_all_workers_at_work_all_the_time():
    found = simulate(5_000, [0.7 * share for share in SPREAD], 16, FREE)
    least = 10.0 + 5_000 * 0.7 / 16
    assert 0.98 * least < found.seconds < 1.02 * least
    assert found.waiting < 0.02


def test_one_who_takes_a_result_as_long_as_all_workers_need_for_one_is_the_bottleneck():
    found = simulate(2_000, [0.1], 64, Costs(start=0.0, block=0.0, unit=0.01))
    assert found.seconds == pytest.approx(2_000 * 0.01, rel=0.05)
    assert found.asking > 0.95
    assert found.waiting > 0.8


@pytest.mark.parametrize("workers", [1, 8, 64])
def test_dispatch_costs_less_than_5_percent_of_64_workers_for_pictures_of_a_second(workers):
    found = simulate(PICTURES, SPREAD, workers, MEASURED)
    assert found.waiting < 0.05
    assert found.asking < 0.85
