"""A method is held against every control that ignores the model, on outcomes made to show where it stands."""

import numpy as np
import pytest

from core.retraining.outcomes import FRACTIONS, Curves
from core.retraining.verdicts import judge

CONTROLS = {"random": 0.7, "centre": 0.4, "sobel": 0.6}


def standing_of(accuracy: float, seeds: int = 3) -> tuple[str, str]:
    """Standing and unbeaten control of a method with this accuracy, once what it calls important is removed."""
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
    return found.standing, found.unbeaten


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [
        (0.2, ("better", "")),
        (0.4, ("edge", "centre")),
        (0.5, ("edge", "centre")),
        (0.7, ("unclear", "centre")),
        (0.9, ("worse", "centre")),
    ],
)
def test_the_strongest_control_that_is_not_beaten_is_named(accuracy, expected):
    assert standing_of(accuracy) == expected


def test_controls_are_not_held_against_each_other():
    hardness = np.random.default_rng(0).random((2, 50))
    own = {(name, form, 0.5): hardness < share for name, share in CONTROLS.items() for form in ("roar", "kar")}
    assert {(each.standing, each.unbeaten) for each in judge(Curves(own), 0)} == {("control", "")}
