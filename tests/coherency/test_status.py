"""A metric's status, from what each check found."""

from dataclasses import replace

import numpy as np
import pytest

from core.coherency.anchor import Anchor
from core.coherency.consistency import consistency
from core.coherency.controls import placement
from core.coherency.degradation import degradation
from core.coherency.explained import Explained
from core.coherency.status import Checks, status
from core.metrics.ranking import rank_methods
from core.metrics.statistics import Score, Tally

METHODS = ("gradient", "rise", "random", "sobel")


def placed(levels, metric="fidelity", methods=METHODS):
    """Where a metric with these mean scores places the methods."""
    draw, tally = np.random.default_rng(2), Tally()
    for method, level in zip(methods, levels, strict=True):
        scores = level + 0.1 * draw.normal(size=30)
        tally.add(Score(f"picture {place:02}", method, metric, score) for place, score in enumerate(scores))
    return placement(rank_methods(tally, metric))


def test_controls_below_the_best_method_are_where_they_belong():
    found = placed([1, 0.5, 0, 0.3])
    assert (found.best, found.beats_random, found.preferred) == ("gradient", True, ())
    lower = placed([0, 0.5, 1, 0.7], metric="deletion")
    assert (lower.best, lower.beats_random, lower.preferred) == ("gradient", True, ())


def test_a_control_above_every_method_is_preferred_and_one_that_cannot_be_told_apart_is_not():
    assert placed([0.3, 0.5, 0, 1]).preferred == ("sobel",)
    assert placed([1, 0.5, 0, 1.001]).preferred == ()
    assert placed([0, 0, 0, -1]).beats_random is False


def test_a_method_above_the_oracle_is_named():
    names = ("gradient", "oracle", "random")
    assert placed([1, 0.5, 0], "relevance_mass", names).above_oracle == ("gradient",)
    assert placed([0.5, 1, 0], "relevance_mass", names).above_oracle == ()
    assert placed([0.5, 1, 0], "relevance_mass", names).preferred == ()


@pytest.fixture
def passed():
    draw = np.random.default_rng(4)
    clean = draw.normal(size=(20, 6))
    fall = degradation("fidelity", np.linspace(1, 0, 5) + 0.02 * draw.normal(size=(20, 5)), 1)
    return Checks(
        "fidelity",
        placed([1, 0.5, 0, 0.3]),
        fall,
        Explained("fidelity", "both", 0.2, 0.1, 0.3, 0.6, 20),
        (consistency("fidelity", "weights", clean, clean, clean - 1),),
        (Anchor("fidelity", "auroc", 0.8, 0.6, 0.9, 6, 20),),
    )


def test_a_metric_that_passes_every_check_is_sound(passed):
    assert status(passed).verdict == "sound"
    assert status(passed).reasons == ()
    assert status(replace(passed, explained=None, consistency=(), anchors=())).verdict == "sound"


def test_without_controls_or_degradation_nothing_is_called_sound(passed):
    for missing in ({"placement": None}, {"degradation": None}):
        found = status(replace(passed, **missing))
        assert found.verdict == "undecided"
        assert len(found.reasons) == 1


def test_one_bias_outweighs_all_that_is_well(passed):
    clean = np.random.default_rng(4).normal(size=(20, 6))
    biases = [
        {"placement": placed([0.3, 0.5, 0, 1])},
        {"degradation": degradation("fidelity", np.linspace(0, 1, 5) + 0.1 * clean[:, :5], 1)},
        {"explained": Explained("fidelity", "both", 0.8, 0.7, 0.9, 0.6, 20)},
        {"consistency": (consistency("fidelity", "weights", clean, clean, clean + 1),)},
        {"anchors": (Anchor("fidelity", "auroc", -0.8, -0.9, -0.6, 6, 20),)},
    ]
    for bias in biases:
        found = status(replace(passed, **bias))
        assert found.verdict == "biased"
        assert len(found.reasons) == 1
        assert len(found.reasons[0].split()) <= 12


def test_a_share_that_the_looks_of_other_methods_would_explain_is_no_bias(passed):
    assert status(replace(passed, explained=Explained("fidelity", "both", 0.7, 0.6, 0.8, 0.9, 20))).verdict == "sound"


def test_a_check_whose_interval_is_open_leaves_the_status_undecided(passed):
    draw = np.random.default_rng(4)
    one, other = draw.normal(size=(2, 6, 6))
    opened = [
        {"explained": Explained("fidelity", "both", 0.5, 0.3, 0.7, 0.4, 20)},
        {"consistency": (consistency("fidelity", "weights", one, other, other),)},
        {"anchors": (Anchor("fidelity", "auroc", 0.3, -0.2, 0.6, 6, 20),)},
        {"placement": placed([0, 0, 0, -1])},
    ]
    for each in opened:
        assert status(replace(passed, **each)).verdict == "undecided"


def test_nothing_is_said_of_what_explains_a_metric_that_never_varies(passed):
    undefined = Explained("fidelity", "both", *[np.nan] * 4, 20)
    assert status(replace(passed, explained=undefined)).verdict == "sound"
