"""The range of chance: the F of copies of a map, shifted, flipped and turned on the same picture."""

import pytest
import torch

import core
from core.jobs.events import Returning
from core.metrics.answers import Answers
from core.metrics.chance import COPIES, FRACTIONS, count_copy_visits, score_copies
from core.metrics.curve_plan import Perturbation, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import Trace
from core.metrics.fidelity import null_spread
from core.pictures.datasets import fashion_mnist
from core.randomness import generator


@pytest.fixture(scope="module")
def fashion():
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    pixels = fashion_mnist("test").pixels[:1].contiguous()
    return classifier, pixels, core.predict(classifier, pixels)[0].index


def scored(fashion, maps, **asked):
    classifier, pixels, target = fashion
    perturbation = Perturbation(**asked)
    answers = Answers(classifier, pixels, target, perturbation.y)
    scoring = Returning(score_copies(classifier, pixels, maps, answers, perturbation))
    steps = list(scoring)
    return scoring.result, steps


def smooth(number, size=(28, 28)):
    noise = torch.randn(1, 1, 4, 4, generator=generator(number, "cells"))
    return torch.nn.functional.interpolate(noise, size, mode="bicubic")[0, 0]


def test_every_map_has_its_copies_and_they_cost_what_was_planned(fashion):
    scores, steps = scored(fashion, {"one": smooth(1), "other": smooth(2)})
    assert {name: len(each) for name, each in scores.items()} == {"one": COPIES, "other": COPIES}
    assert count_copy_visits(2, Perturbation(), (28, 28)) == 2 * COPIES * 2 * len(FRACTIONS)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[-1].done, steps[-1].total) == (count_copy_visits(2, Perturbation(), (28, 28)),) * 2


def test_a_map_s_chance_does_not_depend_on_the_other_maps_of_the_run(fashion):
    alone, _ = scored(fashion, {"one": smooth(1)})
    together, _ = scored(fashion, {"other": smooth(2), "one": smooth(1)})
    assert alone["one"] == pytest.approx(together["one"], abs=1e-6)


def test_four_shares_removed_give_the_range_that_twenty_steps_give(fashion):
    classifier, pixels, target = fashion
    pairs = [(Trace("mif", copy=copy), Trace("lif", copy=copy)) for copy in range(1, COPIES + 1)]
    for number in range(3):
        few, _ = scored(fashion, {"map": smooth(number)})
        answers, over_all = Answers(classifier, pixels, target, "probability"), Perturbation(steps=20)
        traces = [trace for pair in pairs for trace in pair]
        tracing = Returning(trace_curves(classifier, pixels, {"map": smooth(number)}, traces, answers, over_all))
        list(tracing)
        curves = tracing.result["map"]
        fine = [area_between(curves[lif], curves[mif]) for mif, lif in pairs]
        assert null_spread(few["map"]) == pytest.approx(null_spread(fine), rel=0.15)
        assert torch.corrcoef(torch.tensor([few["map"], fine]))[0, 1] > 0.9


def test_a_map_without_content_is_within_its_own_chance(fashion):
    classifier, pixels, target = fashion
    constant = torch.zeros(28, 28)
    scores, _ = scored(fashion, {"map": constant})
    curves = core.perturb(classifier, pixels, {"map": constant}, target, steps=20)
    assert abs(curves["map", "lif"].area - curves["map", "mif"].area) < max(null_spread(scores["map"]), 0.01)


@pytest.mark.parametrize("unit", ["region", "superpixel", "feature"])
def test_copies_are_removed_in_the_units_of_the_run(fashion, unit):
    pixelwise, _ = scored(fashion, {"map": smooth(1)})
    scores, _ = scored(fashion, {"map": smooth(1)}, unit=unit, side=7)
    assert len(scores["map"]) == COPIES
    assert scores["map"] != pixelwise["map"]
