"""The stamp's place is the truth only about a model that was shown to go by such stamps."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.pictures.stamps import Stamp
from core.stamping.models import ListedStampModel
from core.stamping.task import Task
from dashboard.library.models import shelf
from dashboard.stamp.ground_truth import BELOW, UNPROVEN, unlike, why_no_truth

FEW = {"methods": "gradient"}
LEARNED = Stamp("cross", 5, "#ff00ff", 0.8)
Page = Callable[..., AppTest]
Words = Callable[[AppTest], str]


def test_the_place_is_the_truth_only_behind_the_gate_and_for_what_was_learned(cross: ListedStampModel) -> None:
    def why(stamp: Stamp, said: tuple[int, int] = (0, 1), **changes: Any) -> str:
        return why_no_truth(replace(cross, **changes), stamp, said)

    assert why_no_truth(None, LEARNED, (0, 0)) == UNPROVEN
    assert "says “stamped” without any stamp" in why(LEARNED, (1, 1))
    assert "still says “regular”" in why(LEARNED, (0, 0))
    assert why(LEARNED) == ""
    assert why(LEARNED, gate=None) == BELOW
    assert why(LEARNED, gate=replace(cross.gate, flips=0.98)) == BELOW
    assert "this size and opacity: the model learned a cross, 4, 5 or 6 px wide" in why(
        replace(LEARNED, size=3, opacity=0.45)
    )


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (Stamp("cross", 6), []),
        (Stamp("cross", 6, "magenta"), []),
        (Stamp("ring", 3, "red", 0.1), ["design"]),
        (Stamp("cross", 5), ["size"]),
        (Stamp("cross", 6, "red", 0.9), ["colour", "opacity"]),
    ],
)
def test_without_sizes_a_task_knows_its_stamp_as_it_is(stamp: Stamp, words: list[str]) -> None:
    assert unlike(Task("patches", (Stamp("cross", 6),)), stamp) == words


def test_a_photo_model_says_that_the_stamp_is_no_truth(stamp_page: Page, words: Words) -> None:
    app = stamp_page(model="EfficientNet-Lite0", **FEW)
    assert UNPROVEN in words(app)
    assert "Agreement with the stamp, not ground truth" in words(app)


def test_where_a_model_sees_a_stamp_that_is_not_there_its_place_is_no_truth(stamp_page: Page, words: Words) -> None:
    """A photo is nothing that the network for clothes knows: colours alone look like a stamp to it."""
    assert shelf.ask("trained/stamp_fashion").ended.wait(60)
    app = stamp_page(model="Cross on clothes (Fashion-MNIST)", picture="flower", **FEW)
    assert "without any stamp" in words(app)
    assert "Agreement with the stamp, not ground truth" in words(app)


def test_the_truth_is_asked_about_with_the_stamp_above_the_distractor(
    stamp_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def predicted_classes(_model: str, _picture: str, placed: Any) -> tuple[int, int]:
        asked.append([each.stamp.design for each in placed])
        return 0, 1

    monkeypatch.setattr("dashboard.stamp.one_picture.panel.predicted_classes", predicted_classes)
    stamp_page(distractor="true", **FEW)
    assert asked == [["saltire", "cross"]]
