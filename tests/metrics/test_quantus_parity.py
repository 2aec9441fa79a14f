"""Quantus 0.6 as the second opinion: the same number where it is right, and what it gets wrong where it is not."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.metrics import perturbation
from core.metrics.registry import find_metric
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
def ours(evidence_of) -> Callable[..., float | None]:
    def score(metric: str, values: Tensor, truth: Tensor | None = None) -> float | None:
        return find_metric(metric).measure(evidence_of(values, truth=truth))

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
