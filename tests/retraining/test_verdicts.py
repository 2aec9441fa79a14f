"""A method is held against every control that ignores the model, on outcomes made to show where it stands."""

import numpy as np
import pytest

from core.metrics.statistics import Estimate
from core.retraining.outcomes import FRACTIONS, Accuracy, Curves
from core.retraining.verdicts import Verdict, beside_the_leak, judge

CONTROLS = {"random": 0.7, "centre": 0.4, "sobel": 0.6}
AREA = Accuracy(Estimate(0.2, 0.1, 0.3, 400), (0.2,))


def standing_of(accuracy: float, seeds: int = 3) -> tuple[str, str, str]:
    """Standing, unbeaten and better control of a method with this accuracy, once what it calls important is removed."""
    hardness = np.random.default_rng(0).random((seeds, 400))
    curves = Curves(
        {
            (method, form, fraction): hardness < share
            for method, share in {"gradient": accuracy, **CONTROLS}.items()
            for form in ("roar", "kar")
            for fraction in FRACTIONS
        }
    )
    [found] = [each for each in judge(curves, 0) if each.method == "gradient"]
    return found.standing, found.unbeaten, found.beaten_by


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [
        (0.2, ("better", "", "")),
        (0.4, ("edge", "centre", "")),
        (0.5, ("edge", "centre", "centre")),
        (0.7, ("unclear", "centre", "centre")),
        (0.9, ("worse", "centre", "centre")),
    ],
)
def test_the_strongest_control_that_is_not_beaten_is_named_and_the_one_that_beats(accuracy, expected):
    assert standing_of(accuracy) == expected


@pytest.mark.parametrize(
    ("standing", "decides", "decided"),
    [
        ("better", (True, True, False), True),
        ("better", (True, False), False),
        ("worse", (True,) * 5, True),
        ("better", (False,), False),
    ],
)
def test_the_leak_takes_a_verdict_at_more_than_half_of_the_shares(standing, decides, decided):
    found = beside_the_leak(Verdict("gradient", AREA, None, standing), decides)
    assert (found.leaky, found.leak_decides) == (sum(decides), decided)
    assert found.standing == ("unclear" if decided else standing)


@pytest.mark.parametrize("standing", ["better", "worse"])
@pytest.mark.parametrize("decides", [(None, False), (None, True, True), (None,)])
def test_there_is_no_verdict_before_the_leak_of_every_share_is_known(standing, decides):
    found = beside_the_leak(Verdict("gradient", AREA, None, standing), decides)
    assert (found.standing, found.leak_decides) == ("unclear", False)


@pytest.mark.parametrize("decides", [(True,) * 5, (True, None)])
def test_the_leak_takes_nothing_from_a_control_which_has_no_verdict(decides):
    found = beside_the_leak(Verdict("sobel", AREA, None, "control"), decides)
    assert (found.leaky, found.leak_decides, found.standing) == (decides.count(True), False, "control")


def test_controls_are_not_held_against_each_other():
    hardness = np.random.default_rng(0).random((2, 50))
    own = {(name, form, 0.5): hardness < share for name, share in CONTROLS.items() for form in ("roar", "kar")}
    assert {(each.standing, each.unbeaten) for each in judge(Curves(own), 0)} == {("control", "")}
