"""The same maps under every imputer."""

import pytest

import core
from core.studies.imputer_rankings import ImputerRanked


def test_every_imputer_is_tried_and_each_score_is_the_engine_s(classifier_of, linear, pixels):
    maps = {"one": pixels[0, 0], "two": pixels[0, 1]}
    asked = {"target": 2, "y": "relative_logit", "steps": 4, "unit": "region", "side": 2}
    events = list(core.stream_imputer_rankings(classifier_of(linear), pixels, maps, **asked))
    ranked = [event for event in events if isinstance(event, ImputerRanked)]
    assert [event.imputer for event in ranked] == [imputer.name for imputer in core.list_imputers()]
    for event in ranked:
        curves = core.perturb(classifier_of(linear), pixels, maps, imputer=event.imputer, **asked)
        for name, score in event.scores.items():
            assert score == pytest.approx(curves[name, "lif"].area - curves[name, "mif"].area)


def test_progress_only_grows(classifier_of, linear, pixels):
    events = core.stream_imputer_rankings(classifier_of(linear), pixels, {"map": pixels[0, 0]}, 2, "relative_logit")
    shares = [event.done / event.total for event in events if not isinstance(event, ImputerRanked)]
    assert shares == sorted(shares)
    assert shares[-1] == 1
