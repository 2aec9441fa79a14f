"""Many stamped pictures: behind the gate, on pictures that the model never saw, with every control and the oracle."""

from dataclasses import replace

import pytest
import torch

import core
from core.jobs.events import Progress, Returning
from core.methods.heatmap_request import requested
from core.metrics.distance import stamp_distance
from core.pictures.bases import collect_bases
from core.stamping.benchmark import (
    STAMP_METRICS,
    check_metrics,
    judge,
    stamp_study,
    stream_stamp_benchmark,
    stream_stamp_sweep,
    summarised,
)
from core.stamping.causal import CausalReady
from core.stamping.gate import GateReady
from core.stamping.models import load_stamp_model
from core.stamping.task import draw_examples
from core.studies.evaluation import PictureScored, SummaryReady

FEW = 300
"""Base pictures to learn from; a third as many to test on."""


@pytest.fixture(scope="module")
def model():
    return replace(load_stamp_model("trained/matched_filter", device="cpu"), learned_from=FEW)


@pytest.fixture(scope="module")
def events(model):
    return list(stream_stamp_benchmark(model, ["input_x_gradient", "gradient"], pictures=6))


def summary_of(events):
    last = [event for event in events if isinstance(event, SummaryReady)][-1]
    return {(row.metric, row.method): row for row in last.summary}


def test_the_gate_comes_first_and_then_as_many_pictures_as_asked(events):
    gates = [place for place, event in enumerate(events) if isinstance(event, GateReady)]
    scored = [place for place, event in enumerate(events) if isinstance(event, PictureScored)]
    assert len(gates) == 1
    assert gates[0] < scored[0]
    assert len(scored) == 6
    assert len({events[place].picture for place in scored}) == 6


def test_on_the_matched_filter_input_x_gradient_is_the_ideal_and_so_is_the_oracle(events):
    rows = summary_of(events)
    for method in ("input_x_gradient", "oracle"):
        assert rows["stamp_distance", method].mean == pytest.approx(0, abs=1e-5)
        assert rows["auroc", method].mean == 1
    assert rows["stamp_distance", "oracle"].high == pytest.approx(0, abs=1e-9)
    assert rows["stamp_distance", "random"].mean == pytest.approx(2, abs=0.2)
    assert rows["stamp_distance", "random"].low < 2 < rows["stamp_distance", "random"].high + 0.05


def test_every_pixel_of_a_matched_filter_s_stamp_is_causal(events):
    rows = summary_of(events)
    assert rows["causal_distance", "oracle"].mean < 0.05
    assert rows["causal_distance", "sobel"].mean > 0.5
    used = [event for event in events if isinstance(event, CausalReady)]
    assert used[-1].pictures == 6
    assert used[-1].share > 0.95
    assert used[-1].suffices == 1


def test_what_is_kept_of_a_picture_does_not_depend_on_those_before_it(model):
    study = stamp_study(model, requested(["gradient"], 0, None, "logit", None), ("causal_distance",))
    bases = model.test_bases()
    first, second = [each for each in draw_examples(model.task, len(bases), (48, 48), 0, "table") if each.stamp][:2]

    def kept(*examples):
        ran = [Returning(judge(study, each, bases, place, 2)) for place, each in enumerate(examples)]
        told = [event for each in ran for event in each]
        assert not any(isinstance(event, CausalReady) for event in told)
        return [each.result for each in ran]

    (after_another, alone) = kept(first, second)[1], kept(second)[0]
    assert after_another[0] == alone[0]
    assert torch.equal(after_another[1].effects, alone[1].effects)
    means = list(summarised([after_another, *kept(first)], seed=0))
    assert isinstance(means[0], CausalReady)
    assert means[0].pictures == 2


def test_scores_are_those_of_maps_of_the_class_of_the_stamp(model, events):
    bases = model.test_bases()
    example = next(each for each in draw_examples(model.task, len(bases), (48, 48), 0, "table") if each.stamp)
    pixels = example.pixels(bases[example.base])[None]
    values = core.explain(model.classifier, pixels, ["gradient"], target=1)["gradient"].values
    first = next(event for event in events if isinstance(event, PictureScored))
    assert first.picture == f"base picture {example.base:04}"
    told = {(score.metric, score.method): score.score for score in first.scores}
    assert told["stamp_distance", "gradient"] == pytest.approx(
        stamp_distance(values, example.stamp.mask((48, 48))), rel=1e-6
    )


def test_specificity_is_told_only_where_there_is_a_distractor(model, events):
    assert {metric for metric, _ in summary_of(events)} == set(STAMP_METRICS)
    assert "specificity" not in check_metrics(replace(model.task, distractor=None), None)
    with pytest.raises(ValueError, match="trained without one"):
        check_metrics(replace(model.task, distractor=None), ["specificity"])


def test_below_the_gate_nothing_is_scored(model):
    blind = replace(model, task=replace(model.task, opacities=(0.05,)))
    gate, *rest = [event for event in stream_stamp_benchmark(blind, ["gradient"]) if not isinstance(event, Progress)]
    assert not gate.gate.passed
    assert rest == []


def test_base_pictures_are_none_that_the_model_learnt_from(model):
    bases = collect_bases(model.task.bases, 48, model.seed, model.learned_from)
    assert torch.equal(model.test_bases(), bases.test)
    assert not set(bases.train_origins) & set(bases.test_origins)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"pictures": 0}, "at least 1 picture"),
        ({"metrics": ["deletion"]}, "says nothing about stamps"),
        ({"metrics": ["infidelity"]}, "says nothing about stamps"),
        ({"metrics": ["stamp_distanse"]}, "Did you mean stamp_distance"),
        ({"methods": ["gradiant"]}, "Did you mean gradient"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(model, asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        stream_stamp_benchmark(model, **{"methods": ["gradient"], **asked})


def test_a_sweep_tells_a_point_for_each_size_and_opacity_and_no_distance_below_the_gate(model):
    told = stream_stamp_sweep(model, ["input_x_gradient"], (4, 6), (0.1, 1.0), pictures=3)
    points = [event for event in told if hasattr(event, "distances")]
    assert [(point.size, point.opacity) for point in points] == [(6, 1.0), (4, 1.0), (6, 0.1), (4, 0.1)]
    assert [(point.done, point.total) for point in points] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [point.gate.passed for point in points] == [bool(point.distances) for point in points]
    assert points[0].distances["input_x_gradient"].mean == pytest.approx(0, abs=1e-5)
    assert points[0].distances["random"].n == 3
    assert not points[3].gate.passed


@pytest.mark.parametrize(
    ("sizes", "opacities", "sentence"),
    [
        ((), (1.0,), "at least one size"),
        ((2,), (1.0,), "at least 3 pixels"),
        ((7,), (1.0,), "3 to 6 pixels wide"),
        ((6,), (2.0,), "from 0 to 1"),
    ],
)
def test_a_sweep_over_stamps_that_cannot_be_drawn_is_refused(model, sizes, opacities, sentence):
    with pytest.raises(ValueError, match=sentence):
        stream_stamp_sweep(model, ["gradient"], sizes, opacities)


def test_two_runs_give_the_same_scores(model, events):
    again = list(stream_stamp_benchmark(model, ["gradient", "input_x_gradient"], pictures=2))
    scores = [event.scores for event in events if isinstance(event, PictureScored)][:2]
    assert [sorted(event.scores) for event in again if isinstance(event, PictureScored)] == [
        sorted(each) for each in scores
    ]
