"""A trial brings its controls, sharpens its scores, and ends with a verdict for every map."""

from collections import Counter

import pytest
import torch

import core
from core.methods.control import blobs
from core.methods.heatmap import HeatmapReady
from core.metrics.curves import CurvePoint, collect
from core.metrics.fidelity import Chance, FidelityReady, judge
from core.pictures.datasets import fashion_mnist
from core.randomness import picture_digest
from core.studies import trial
from core.studies.scoring import ScoresReady


@pytest.fixture
def fashion_trial():
    """A short trial on the first picture of Fashion-MNIST."""
    classifier = core.load_classifier("fashion_cnn", device="cpu")

    def run(**asked):
        pixels = fashion_mnist("test").pixels[:1].contiguous()
        return list(core.stream_trial(classifier, pixels, ["gradient"], steps=4, randoms=2, **asked))

    return run


CONTROLS = {"random", "blurred_random", "sobel", "centre"}
"""Those that look at no model; the negated map is tried like any other."""


def test_controls_are_always_there_and_every_map_gets_a_final_score(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=2))
    final = [event.fidelity for event in events if isinstance(event, FidelityReady) and event.final]
    assert {fidelity.method for fidelity in final} == {"gradient", "negated", *CONTROLS}
    scores = {fidelity.method: fidelity.value for fidelity in final}
    assert scores["negated"] == pytest.approx(-scores["gradient"], abs=0.05)  # equal pixels fall otherwise
    assert [fidelity.value for fidelity in final] == sorted((fidelity.value for fidelity in final), reverse=True)
    assert {fidelity.method for fidelity in final if fidelity.verdict == "control"} == CONTROLS


def test_rough_scores_come_before_final_ones_and_the_last_points_before_those(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=8, randoms=1))
    scored = [event for event in events if isinstance(event, FidelityReady)]
    assert [event.final for event in scored] == [False] * 6 + [True] * 6
    points = [event for event in events if isinstance(event, CurvePoint)]
    assert len(points) == 9 * 3 * 6


def test_scores_are_those_of_the_finished_curves(squeezenet, chelsea_for_squeezenet):
    events = list(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], steps=4, randoms=1))
    heatmap = next(
        event.heatmap for event in events if isinstance(event, core.HeatmapReady) and event.heatmap.method == "gradient"
    )
    curves = core.perturb(
        squeezenet, chelsea_for_squeezenet, {"gradient": heatmap.values}, heatmap.target, steps=4, randoms=1
    )
    (score,) = [
        event.fidelity
        for event in events
        if isinstance(event, FidelityReady) and event.final and event.fidelity.method == "gradient"
    ]
    assert abs(score.value - (curves["gradient", "lif"].area - curves["gradient", "mif"].area)) < 1e-5


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"imputer": "gray"}, "Did you mean grey"),
        ({"y": "loss"}, "y is one of"),
        ({"target": 1000}, "no class 1000"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(squeezenet, chelsea_for_squeezenet, asked, message):
    with pytest.raises(ValueError, match=message):
        next(core.stream_trial(squeezenet, chelsea_for_squeezenet, ["gradient"], **asked))


@pytest.mark.slow
@pytest.mark.parametrize("radius", [0.0, 1 / 14, 1 / 8])
def test_maps_that_know_nothing_are_rarely_called_better_or_worse_than_chance(squeezenet, radius):
    """Eight maps on each of three pictures; 95 % of them should be called like a random order."""
    verdicts: Counter[str] = Counter()
    for picture in core.gallery()[:3]:
        pixels = squeezenet.prepare(core.open_picture(picture.path))
        maps = {f"map {number}": blind_map(squeezenet.size, radius, number) for number in range(8)}
        verdicts += Counter(verdicts_of(squeezenet, pixels, maps))
    assert verdicts["random"] >= 20


def blind_map(size, radius, number):
    draw = torch.Generator().manual_seed(1000 + number)
    return blobs(size, radius, draw) if radius else torch.rand(size, generator=draw)


def verdicts_of(classifier, pixels, maps):
    blind = trial.smooth_random_maps(classifier.size, 10, seed=0, picture=picture_digest(pixels))
    both = {**maps, **blind}
    target = core.predict(classifier, pixels)[0].index
    curves = core.perturb(classifier, pixels, both, target, steps=8)
    mif, lif = ({name: curves[name, order] for name in both} for order in ("mif", "lif"))
    chance = Chance(trial.clustering(maps, blind), list(blind))
    return [score.verdict for score in judge(mif, lif, curves["map 0", "random"], {}, chance)]


def test_further_metrics_come_after_the_curves_and_those_of_every_trial_are_not_told_twice(fashion_trial):
    events = fashion_trial(metrics=["fidelity", "deletion", "mif_area"])
    scores = {event.method: event.scores for event in events if isinstance(event, ScoresReady)}
    heatmaps = {event.heatmap.method for event in events if isinstance(event, HeatmapReady)}
    assert scores.keys() == heatmaps
    assert all(each.keys() == {"deletion", "mif_area"} for each in scores.values())
    points = [event for event in events if isinstance(event, CurvePoint) and event.order == "mif"]
    for name, each in scores.items():
        assert each["mif_area"] == pytest.approx(collect(points, name, "mif").area)


@pytest.mark.parametrize("unit", ["region", "superpixel", "feature"])
def test_any_unit_makes_a_whole_trial(fashion_trial, unit):
    final = [event for event in fashion_trial(unit=unit, side=4) if isinstance(event, FidelityReady) and event.final]
    assert {event.fidelity.method for event in final} >= {"gradient", "random", "negated"}


def test_a_unit_or_metric_that_does_not_exist_is_refused_before_any_work(fashion_trial):
    with pytest.raises(ValueError, match="pixel, region, superpixel, feature"):
        fashion_trial(unit="patch")
    with pytest.raises(ValueError, match="Did you mean deletion"):
        fashion_trial(metrics=["deltion"])
