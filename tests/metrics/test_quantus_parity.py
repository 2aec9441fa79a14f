"""Quantus 0.6 as the second opinion: the same number where it is right, and what it gets wrong where it is not."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.metrics import complexity, localisation, perturbation
from core.metrics.similarity import map_entropy
from core.metrics.statistics import Score, Tally


@pytest.fixture(scope="module")
def quantus() -> ModuleType:
    """Imported late: it takes seconds, which other tests need not wait for."""
    import quantus

    return quantus


@pytest.fixture
def theirs(quantus, linear, pixels) -> Callable[..., list[float]]:
    """A metric of Quantus on the linear network, for maps of one channel or three, all of them in one batch."""

    def score(metric: str, maps: list[Tensor], masks: list[Tensor] | None = None, **settings: object) -> list[float]:
        made = getattr(quantus, metric)(disable_warnings=True, **settings)
        attributions = torch.stack([each.reshape(-1, 6, 8) for each in maps]).numpy().copy()
        marked = None if masks is None else torch.stack([mask[None] for mask in masks]).numpy()
        pictures = pixels.expand(len(maps), -1, -1, -1).numpy().copy()
        found = made(linear.eval(), pictures, np.full(len(maps), 2), a_batch=attributions, s_batch=marked)
        return found if isinstance(found, dict) else [np.asarray(each).tolist() for each in found]

    return score


@pytest.fixture
def values() -> Tensor:
    """A map of positive values without two equal ones."""
    return torch.rand(6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.fixture
def box() -> Tensor:
    mask = torch.zeros(6, 8, dtype=torch.bool)
    mask[1:3, 2:5] = True
    return mask


@pytest.fixture
def other_box() -> Tensor:
    mask = torch.zeros(6, 8, dtype=torch.bool)
    mask[4, 1:6] = True
    return mask


@pytest.mark.parametrize(
    ("metric", "measure"),
    [
        ("RelevanceMassAccuracy", localisation.relevance_mass),
        ("RelevanceRankAccuracy", localisation.rank_accuracy),
        ("AUC", localisation.auroc),
        ("PointingGame", localisation.pointing_game),
    ],
)
def test_localisation_is_the_same_on_maps_without_ties(theirs, evidence_of, values, box, other_box, metric, measure):
    masks = [box, other_box, values == values.max()]
    found = [float(each) for each in theirs(metric, [values] * 3, masks)]
    assert [measure(evidence_of(values, truth=mask)) for mask in masks] == pytest.approx(found, abs=1e-6)
    assert len(set(found)) > 1


def test_sparseness_is_the_same(theirs, evidence_of, values):
    maps = [values, values**4, values - 0.5]
    found = [theirs("Sparseness", [each])[0] for each in maps]
    assert [complexity.gini(evidence_of(each)) for each in maps] == pytest.approx(found, abs=1e-5)


def test_complexity_is_theirs_over_the_largest_entropy(theirs, evidence_of, values):
    maps = [values, values**4, values - 0.5]
    found = [theirs("Complexity", [each])[0] for each in maps]
    expected = (np.array(found) / np.log(48)).tolist()
    assert [complexity.complexity(evidence_of(each)) for each in maps] == pytest.approx(expected, abs=1e-6)


def test_the_entropy_of_a_map_is_the_same(quantus, values):
    for each in (values, values**4, values - 0.5):
        theirs = quantus.functions.complexity_func.discrete_entropy(each.numpy(), each.numpy())
        assert map_entropy(each) == pytest.approx(theirs, abs=1e-9)


def test_an_empty_mask_is_skipped_where_their_pointing_game_counts_a_hit(theirs, evidence_of, values, box):
    empty = torch.zeros_like(box)
    assert theirs("PointingGame", [values], [empty]) == [True]
    assert localisation.pointing_game(evidence_of(values, truth=empty)) is None


def test_a_map_that_points_everywhere_hits_by_chance_where_theirs_always_hits(theirs, evidence_of, box):
    flat = torch.full((6, 8), 0.5, dtype=torch.float64)
    flat[5, 7] = 0.4
    assert theirs("PointingGame", [flat], [box]) == [True]
    assert localisation.pointing_game(evidence_of(flat, truth=box)) == pytest.approx(6 / 47)


def test_equal_pixels_rank_by_chance_where_theirs_rank_by_where_they_lie(theirs, evidence_of, box):
    flat = torch.zeros(6, 8, dtype=torch.float64)
    flat[5, 7] = 1
    top, bottom = torch.zeros_like(box), torch.zeros_like(box)
    top[0, :7], bottom[5, :7] = True, True
    found = theirs("RelevanceRankAccuracy", [flat, flat], [top, bottom])
    assert found[0] != found[1], "the same map, and as many pixels: only the place differs"
    ours = [localisation.rank_accuracy(evidence_of(flat, truth=mask)) for mask in (top, bottom)]
    assert ours == pytest.approx([6 / 47] * 2)


def test_a_map_is_judged_alone_where_theirs_is_divided_by_the_largest_map_of_the_batch(theirs, evidence_of, values):
    weak = values * 1e-8
    (alone,), (beside, _) = theirs("Sparseness", [weak]), theirs("Sparseness", [weak, values])
    assert alone == pytest.approx(theirs("Sparseness", [values])[0], abs=1e-5)
    assert beside < alone / 5
    assert complexity.gini(evidence_of(weak)) == pytest.approx(complexity.gini(evidence_of(values)))


def test_pixel_flipping_walks_our_curve_of_features(theirs, classifier_of, linear, pixels):
    scores = torch.rand(3, 6, 8, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    (flipped,) = theirs("PixelFlipping", [scores], features_in_step=1, perturb_baseline=0.0, abs=False)
    asked = {"orders": ("mif",), "steps": 144, "imputer": "black", "unit": "feature"}
    curve = core.perturb(classifier_of(linear), pixels, {"map": scores}, 2, **asked)["map", "mif"]
    assert curve.values[1:].tolist() == pytest.approx(flipped, abs=1e-5)
    assert len(curve.values) == len(flipped) + 1, "theirs lacks the clean point"
    assert float(curve.values[0]) == pytest.approx(float(linear(pixels).softmax(dim=1)[0, 2].detach()))


def test_black_is_black_where_theirs_is_the_darkest_value_of_the_picture(theirs, classifier_of, linear, pixels):
    scores = torch.zeros(3, 6, 8, dtype=torch.float64)
    scores[1, 2, 3] = 1
    (flipped,) = theirs("PixelFlipping", [scores], features_in_step=1, perturb_baseline="black", abs=False)
    asked = {"orders": ("mif",), "steps": 144, "imputer": "black", "unit": "feature"}
    curve = core.perturb(classifier_of(linear), pixels, {"map": scores}, 2, **asked)["map", "mif"]
    answers = []
    for fill in (float(pixels.min()), 0.0):
        changed = pixels.clone()
        changed[0, 1, 2, 3] = fill
        answers.append(float(linear(changed).softmax(dim=1)[0, 2].detach()))
    assert [flipped[0], float(curve.values[1])] == pytest.approx(answers, abs=1e-6)
    assert abs(answers[0] - answers[1]) > 1e-4


def test_our_area_does_not_grow_with_the_number_of_steps_as_theirs_does(quantus, monkeypatch, classifier_of, linear):
    """They count steps, not shares; and numpy 2.4 has no `trapz` any more, which they call."""
    monkeypatch.setattr(np, "trapz", np.trapezoid, raising=False)
    area = quantus.helpers.utils.calculate_auc
    falling = [np.linspace(1, 0, steps + 1) for steps in (10, 40)]
    assert [area(curve) for curve in falling] == pytest.approx([5, 20])
    grey = torch.full((1, 3, 6, 8), 0.5, dtype=torch.float64)
    with torch.no_grad():
        linear.weight[2] = 1
    for steps in (12, 48):
        asked = {"orders": ("mif",), "steps": steps, "imputer": "black", "y": "relative_logit"}
        curve = core.perturb(classifier_of(linear), grey, {"map": torch.ones(6, 8)}, 2, **asked)["map", "mif"]
        assert curve.area == pytest.approx(0.5)


@pytest.mark.filterwarnings("ignore:The settings for perturbing")
def test_road_takes_a_colour_picture_where_theirs_ends_in_an_index_error(theirs, evidence_of, values):
    with pytest.raises(IndexError):
        theirs("ROAD", [values])
    assert np.isfinite(perturbation.road_morf(evidence_of(values, "road_morf")))


class Mean(nn.Module):
    """Two classes: how bright the picture is, and a constant."""

    def forward(self, pixels: Tensor) -> Tensor:
        bright = pixels.mean(dim=(1, 2, 3))
        return torch.stack([bright, torch.full_like(bright, 0.5)], dim=1)


def test_every_picture_counts_where_their_road_stops_at_the_first_batch(quantus):
    pictures = np.full((2, 1, 6, 8), 0.9, dtype=np.float32)
    maps = np.random.default_rng(0).random((2, 1, 6, 8))
    labels = np.array([0, 1])  # right on the first picture only
    road = quantus.ROAD(percentages=[10], disable_warnings=True)
    assert road(Mean().eval(), pictures, labels, a_batch=maps.copy(), batch_size=2) == {10: 0.5}
    assert road(Mean().eval(), pictures, labels, a_batch=maps.copy(), batch_size=1) == {10: 1.0}
    tally = Tally()
    for name, score in (("right", 1.0), ("wrong", 0.0)):
        tally.add([Score(name, "gradient", "road_morf", score)])
    assert tally.summary()[0].mean == 0.5
