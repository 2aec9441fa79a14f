"""A stamped picture's heatmaps, each with its scores right behind it."""

import numpy as np
import pytest
import torch

import core
from core.jobs.events import Progress, Returning
from core.methods.heatmap import HeatmapReady
from core.metrics.distance import share_as_near
from core.stamping.agreement import SpreadReady
from core.stamping.causal import CausalReady, find_causal
from core.studies.scoring import ScoresReady

MASK = torch.zeros(6, 8, dtype=torch.bool)
MASK[1:3, 2:5] = True
DECOY = torch.zeros(6, 8, dtype=torch.bool)
DECOY[4, 6] = True


@pytest.fixture
def classifier(classifier_of, linear):
    return classifier_of(linear)


def told(classifier, pixels, **asked):
    events = list(core.stream_agreement(classifier, pixels, ["gradient", "input_x_gradient"], MASK, **asked))
    return events, {event.method: event.scores for event in events if isinstance(event, ScoresReady)}


def test_each_final_heatmap_is_followed_by_its_scores(classifier, pixels):
    events, scores = told(classifier, pixels, target=1)
    for place, event in enumerate(events):
        if isinstance(event, HeatmapReady) and event.final:
            assert events[place + 1].method == event.heatmap.method
            values = event.heatmap.values
            assert scores[event.heatmap.method]["stamp_distance"] == core.stamp_distance(values, MASK)
            assert scores[event.heatmap.method]["copies_as_near"] == share_as_near(values, MASK)


def test_every_control_runs_along_and_the_oracle_is_the_ideal(classifier, pixels):
    _, scores = told(classifier, pixels)
    assert set(scores) >= {"random", "blurred_random", "sobel", "centre", "negated", "oracle"}
    oracle = scores["oracle"]
    assert oracle["stamp_distance"] == pytest.approx(0, abs=1e-12)
    assert {oracle[name] for name in ("relevance_mass", "rank_accuracy", "auroc", "pointing_game")} == {1.0}
    assert scores["negated"]["stamp_distance"] == pytest.approx(4 - scores["gradient"]["stamp_distance"])


def test_what_is_not_known_is_not_scored(classifier, pixels):
    _, scores = told(classifier, pixels)
    assert not {"causal_distance", "specificity"} & set(scores["gradient"])
    _, scores = told(classifier, pixels, distractor=DECOY)
    assert "specificity" in scores["gradient"]


def test_with_the_picture_before_it_the_used_pixels_of_the_stamp_are_scored_too(classifier, pixels):
    without = torch.where(MASK, 0.0, pixels)
    events, scores = told(classifier, pixels, target=1, without=without)
    assert isinstance(events[0], Progress)
    (used,) = (event for event in events if isinstance(event, CausalReady))
    finding = Returning(find_causal(classifier, without, pixels, MASK, 1))
    list(finding)
    assert (used.share, used.suffices, used.pictures) == (finding.result.share, finding.result.suffices, 1)
    heatmap = core.explain(classifier, pixels, ["gradient"], target=1)["gradient"]
    assert scores["gradient"]["causal_distance"] == core.stamp_distance(heatmap.values, finding.result.mask)


def test_a_mask_of_another_size_is_refused(classifier, pixels):
    with pytest.raises(ValueError, match=r"mask has shape \(8, 6\)"):
        core.stream_agreement(classifier, pixels, ["gradient"], MASK.T)


def test_methods_with_chance_in_them_tell_how_far_seeds_move_their_scores(classifier, pixels):
    events = list(core.stream_agreement(classifier, pixels, ["gradient", "smoothgrad"], MASK, target=1))
    spreads = {event.method: event for event in events if isinstance(event, SpreadReady)}
    assert set(spreads) == {"smoothgrad", "random", "blurred_random"}
    maps = [core.explain(classifier, pixels, ["random"], target=1, seed=seed)["random"].values for seed in range(5)]
    expected = np.std([core.stamp_distance(values, MASK) for values in maps], ddof=1)
    assert spreads["random"].spread["stamp_distance"] == pytest.approx(expected)
    assert spreads["random"].seeds == 5
    assert spreads["smoothgrad"].spread["stamp_distance"] == pytest.approx(0, abs=1e-9)  # a linear model has no noise


def test_a_run_without_chance_is_not_made_twice(classifier, pixels):
    heatmaps = [e for e in core.stream_agreement(classifier, pixels, ["gradient"], MASK) if isinstance(e, HeatmapReady)]
    assert len([event for event in heatmaps if event.heatmap.method == "gradient"]) == 1
