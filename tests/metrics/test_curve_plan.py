"""A plan asks about every perturbed picture once, and its curves are those of the engine."""

import pytest
import torch

from core.jobs.events import Returning
from core.metrics.answers import Answers
from core.metrics.curve_plan import Perturbation, Plan, kept_values, trace_curves
from core.metrics.curves import perturb
from core.metrics.evidence import LIF, MIF, RANDOM, Trace


def finished(stream):
    returning = Returning(stream)
    list(returning)
    return returning.result


def traced(classifier, pixels, maps, traces, perturbation, target=2, seed=0):
    answers = Answers(classifier, pixels, target, perturbation.y)
    return finished(trace_curves(classifier, pixels, maps, traces, answers, perturbation, seed))


@pytest.mark.parametrize("imputer", ["black", "blur", "uniform_noise", "noisy_linear"])
@pytest.mark.parametrize("unit", ["pixel", "region", "superpixel", "feature"])
def test_traces_are_the_curves_of_the_engine(classifier_of, linear, pixels, imputer, unit):
    maps = {"one": pixels[0, 0], "two": pixels[0, 1]}
    perturbation = Perturbation(imputer, unit, 3, "relative_logit", steps=4, randoms=2)
    found = traced(classifier_of(linear), pixels, maps, (MIF, LIF, RANDOM), perturbation)
    expected = perturb(
        classifier_of(linear),
        pixels,
        maps,
        2,
        steps=4,
        imputer=imputer,
        y="relative_logit",
        randoms=2,
        unit=unit,
        side=3,
    )
    for (name, order), curve in expected.items():
        trace = Trace(order)
        torch.testing.assert_close(found[name][trace].fractions, curve.fractions)
        torch.testing.assert_close(found[name][trace].values, curve.values)
        torch.testing.assert_close(found[name][trace].draws, curve.draws)


def test_a_picture_that_two_traces_pass_through_is_asked_about_once(classifier_of, linear, pixels):
    traces = (LIF, Trace("lif", "dataset_mean", (0.5, 0.75)), Trace("lif", "dataset_mean"))
    plan = Plan(classifier_of(linear), pixels, {"map": pixels[0, 0]}, traces, Perturbation(steps=4), seed=0)
    assert sorted(visit.gone for visit in plan.visits()) == [12, 24, 36]


def test_each_trace_meets_its_own_imputer(classifier_of, listening, pixels):
    traces = (Trace("mif", "black"), Trace("mif", "grey"))
    answers = Answers(classifier_of(listening), pixels, 2, "relative_logit")
    stream = trace_curves(
        classifier_of(listening), pixels, {"map": pixels[0, 0]}, traces, answers, Perturbation(steps=2), 0
    )
    listening.fed.clear()
    finished(stream)
    halves = sorted(
        level for picture in listening.fed for level in (0.0, 0.5) if (picture == level).all(dim=0).sum() == 24
    )
    assert halves == [0.0, 0.5]


def test_a_copy_is_the_same_for_every_map_of_a_picture(classifier_of, linear, pixels):
    maps = {"one": pixels[0, 0], "twin": pixels[0, 0]}
    traces = (MIF, Trace("mif", copy=1), Trace("mif", copy=2))
    found = traced(classifier_of(linear), pixels, maps, traces, Perturbation("black", y="relative_logit"))
    own, one, other = (found["one"][trace].values for trace in traces)
    assert torch.equal(one, found["twin"][traces[1]].values)
    assert not torch.allclose(own, one)
    assert not torch.allclose(one, other)


def test_without_a_trace_nothing_is_asked(classifier_of, linear, pixels):
    assert traced(classifier_of(linear), pixels, {"map": pixels[0, 0]}, (), Perturbation(y="accuracy")) == {"map": {}}


def test_an_unknown_imputer_is_refused(classifier_of, linear, pixels):
    with pytest.raises(ValueError, match="Did you mean grey"):
        traced(classifier_of(linear), pixels, {"map": pixels[0, 0]}, (MIF,), Perturbation("gray", y="accuracy"))


def test_what_is_kept_is_the_picture_times_the_map(classifier_of, linear, pixels):
    """With normalised pixels u = x - mean, the network sees s u: its logit is known in closed form."""
    classifier = classifier_of(linear)
    classifier.dataset_mean = (0.0, 0.0, 0.0)
    values = torch.rand(6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64) - 0.4
    answers = Answers(classifier, pixels, 2, "relative_logit")
    kept = finished(kept_values(classifier, pixels, {"map": values, "against": -torch.ones(6, 8)}, answers))
    weights = values.clamp(min=0) / values.max()
    expected = float((linear.weight[2] * pixels[0] * weights).sum() / (linear.weight[2] * pixels[0]).sum())
    assert kept["map"] == pytest.approx(expected)
    assert "against" not in kept
