"""The same maps from their own baseline and from what the imputer fills in."""

import pytest
import torch

import core
from core.jobs.events import Progress
from core.studies.baselines import COMPARED, BaselineScored, with_baseline

ASKED = {"target": 2, "imputer": "grey", "y": "relative_logit", "steps": 4}
METHODS = ["input_x_gradient", "integrated_gradients"]


def scored(events):
    return {event.replaces[1:]: event.score for event in events if isinstance(event, BaselineScored)}


def test_of_a_linear_network_each_score_is_that_of_the_weights_times_the_distance_from_the_baseline(
    classifier_of, linear, pixels
):
    found = scored(core.stream_baselines(classifier_of(linear), pixels, METHODS, **ASKED))
    assert len(found) == len(METHODS) * 2 * len(COMPARED)
    for baseline, value in (("black", 0.0), ("grey", 0.5)):
        shares = (pixels[0] - value) * linear.weight.detach()[2]
        expected = {"sum": shares.sum(0), "abs_sum": shares.abs().sum(0)}
        curves = core.perturb(classifier_of(linear), pixels, expected, **ASKED)
        for method in METHODS:
            for reduction in COMPARED:
                area = curves[reduction, "lif"].area - curves[reduction, "mif"].area
                assert found[method, baseline, reduction] == pytest.approx(area, abs=1e-6)


def test_where_the_baseline_is_what_the_imputer_fills_in_the_signed_sum_has_the_largest_score(
    classifier_of, linear, pixels
):
    """What each pixel adds is then exactly what its removal takes away [SCIENCE.md, section 3]."""
    found = scored(core.stream_baselines(classifier_of(linear), pixels, METHODS[:1], **ASKED))
    best = found["input_x_gradient", "grey", "sum"]
    assert best > max(score for kind, score in found.items() if kind[1:] != ("grey", "sum"))
    others = {str(seed): torch.rand(6, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(20)}
    curves = core.perturb(classifier_of(linear), pixels, others, **ASKED)
    assert best > max(curves[name, "lif"].area - curves[name, "mif"].area for name in others)


def test_where_channels_are_removed_by_themselves_they_are_ranked_by_themselves(classifier_of, linear, pixels):
    """As in every other score, so that F from a map's own baseline is that of its card."""
    asked = {**ASKED, "unit": "feature"}
    found = scored(core.stream_baselines(classifier_of(linear), pixels, METHODS[:1], **asked))
    shares = pixels[0] * linear.weight.detach()[2]
    curves = core.perturb(classifier_of(linear), pixels, {"sum": shares, "abs_sum": shares.abs()}, **asked)
    for reduction in COMPARED:
        area = curves[reduction, "lif"].area - curves[reduction, "mif"].area
        assert found["input_x_gradient", "black", reduction] == pytest.approx(area, abs=1e-6)


def test_a_map_that_starts_from_the_fill_already_is_made_once(classifier_of, linear, pixels):
    settings = {"input_x_gradient": {"baseline": "grey"}}
    events = core.stream_baselines(classifier_of(linear), pixels, METHODS, settings=settings, **ASKED)
    made = {(method, baseline) for method, baseline, _ in scored(events)}
    assert made == {("input_x_gradient", "grey"), ("integrated_gradients", "black"), ("integrated_gradients", "grey")}


def test_progress_only_grows_and_ends_at_its_total(classifier_of, linear, pixels):
    events = core.stream_baselines(classifier_of(linear), pixels, METHODS, **ASKED)
    shares = [event.share for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"methods": ["gradient"]}, "Gradient has no baseline; leave it out"),
        ({"methods": METHODS, "imputer": "noisy_linear"}, "no baseline like the imputer noisy_linear"),
        ({"methods": METHODS, "imputer": "gray"}, "gray"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(classifier_of, linear, pixels, asked, words):
    with pytest.raises(ValueError, match=words):
        core.stream_baselines(classifier_of(linear), pixels, **{**ASKED, **asked})


def test_the_baseline_of_a_method_is_the_one_that_was_set_for_it():
    settings = {"deeplift": {"baseline": "blur"}}
    assert with_baseline(["gradient", "deeplift", "input_x_gradient"], settings) == {
        "deeplift": "blur",
        "input_x_gradient": "black",
    }
