"""What hides parts of a picture divides by how often it did, grows from rough to fine, and needs outputs only."""

import random

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from torch import nn
from torch.nn import functional as F

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady
from core.methods.repeatability import correlation
from core.models.batching import BatchSize
from core.models.functions import as_classifier

FROM_OUTPUTS = ["occlusion", "rise", "lime", "kernel_shap", "extremal_perturbation", "mask_search"]
QUICKLY = {
    "rise": {"samples": 40},
    "lime": {"samples": 40},
    "kernel_shap": {"samples": 40},
    "extremal_perturbation": {"rounds": 2, "masks": 10},
    "mask_search": {"chains": 10, "steps": 4},
}


def occluded(classifier, pixels, **settings):
    return explain(classifier, pixels, ["occlusion"], target=0, settings={"occlusion": settings})["occlusion"]


def test_windows_side_by_side_lose_what_they_covered_of_a_linear_model(classifier_of, linear, pixels):
    heatmap = occluded(classifier_of(linear), pixels, window=1 / 3, overlap=0.0, cover="black")
    contribution = (linear.weight[0] * pixels[0]).detach().sum(dim=0)
    sums = contribution.view(3, 2, 4, 2).sum(dim=(1, 3)).repeat_interleave(2, 0).repeat_interleave(2, 1)
    torch.testing.assert_close(heatmap.values, sums)


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_occlusion_agrees_with_captum(small_squeezenet, small_chelsea, overlap):
    heatmap = explain(
        small_squeezenet, small_chelsea, ["occlusion"], target=285,
        settings={"occlusion": {"window": 0.25, "overlap": overlap, "cover": "grey"}},
    )["occlusion"]  # fmt: skip
    stride = int(32 * (1 - overlap))
    theirs = Occlusion(small_squeezenet).attribute(
        small_chelsea, (3, 32, 32), (3, stride, stride), 0.5, 285, perturbations_per_eval=8
    )
    torch.testing.assert_close(heatmap.values, theirs[0, 0].float(), rtol=1e-4, atol=1e-3)


def test_every_window_is_fed_once_and_only_its_pixels_change(classifier_of, listening, pixels):
    occluded(classifier_of(listening), pixels, window=0.5, overlap=0.5, cover="grey")
    changed = [(picture != pixels[0]).any(dim=0) for picture in listening.fed]
    windows = [mask for mask in changed if mask.any()]
    assert len({tuple(mask.flatten().tolist()) for mask in windows}) == len(windows)
    assert all(mask.sum() == 9 for mask in windows)
    assert torch.stack(windows).any(dim=0).all()
    assert all(
        (picture[:, mask] == 0.5).all() for picture, mask in zip(listening.fed, changed, strict=True) if mask.any()
    )


def test_a_rough_map_comes_before_the_final_one(squeezenet, chelsea_for_squeezenet):
    events = list(stream_heatmaps(squeezenet, chelsea_for_squeezenet, ["occlusion"]))
    maps = [event for event in events if isinstance(event, HeatmapReady)]
    assert [event.final for event in maps] == [False] * (len(maps) - 1) + [True]
    assert len(maps) >= 3
    assert maps[0].heatmap.passes.forward < maps[-1].heatmap.passes.forward / 4


class Bent(nn.Module):
    """A small network with an answer that is not linear in the pixels."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(5)
        self.early, self.late = nn.Conv2d(3, 6, 3, padding=1), nn.Linear(6, 3)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=draw, dtype=torch.float64)

    def forward(self, pixels):
        return self.late(self.early(pixels).relu().square().mean(dim=(2, 3)))


@pytest.mark.parametrize("name", FROM_OUTPUTS)
def test_a_map_is_the_same_however_its_passes_are_batched(classifier_of, pixels, name):
    maps = [
        explain(classifier_of(Bent(), batch=batch), pixels, [name], target=0, settings=QUICKLY)[name].attribution
        for batch in (1, 7, 64)
    ]
    for other in maps[1:]:
        torch.testing.assert_close(other, maps[0], rtol=1e-5, atol=1e-5 * float(maps[0].abs().max()))


@pytest.mark.parametrize("size", [(28, 28), (20, 12)])
def test_a_plain_function_without_gradients_is_explained_by_forward_passes_alone(size):
    def answer(pictures):
        lit = pictures.numpy()[:, :, :, : size[1] // 2].mean(axis=(1, 2, 3))
        return np.stack([20 * lit, 5 * np.ones_like(lit)], axis=1)

    classifier = as_classifier(answer, size, ("left is lit", "else"))
    classifier._batch_sizes.update(forward=BatchSize(16), gradient=BatchSize(16))
    maps = explain(classifier, torch.full((1, 3, *size), 0.7), FROM_OUTPUTS, target=0)
    for name, heatmap in maps.items():
        assert heatmap.passes.backward == 0, name
        assert heatmap.values.shape == size, name
        left, right = heatmap.values[:, : size[1] // 2], heatmap.values[:, size[1] // 2 :]
        assert left.mean() > right.mean() + 0.2 * float(heatmap.values.abs().max()), name


@pytest.mark.parametrize("name", FROM_OUTPUTS)
def test_two_runs_are_alike_to_the_bit_and_the_global_generators_are_not_touched(classifier_of, pixels, name):
    classifier = classifier_of(Bent())
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    one, other = (explain(classifier, pixels, [name], settings=QUICKLY)[name] for _ in range(2))
    assert torch.equal(one.attribution, other.attribution)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]


@pytest.mark.parametrize("name", [name for name in FROM_OUTPUTS if name != "occlusion"])
def test_another_seed_draws_anew(classifier_of, pixels, name):
    one, other = (
        explain(classifier_of(Bent()), pixels, [name], settings=QUICKLY, seed=seed)[name].values for seed in (0, 1)
    )
    assert not torch.allclose(one, other)


class Indifferent(nn.Module):
    """Answers every picture alike."""

    def forward(self, pixels):
        return pixels.new_tensor([3.0, 1.0, 0.1]).expand(len(pixels), 3)


@pytest.mark.parametrize("name", [name for name in FROM_OUTPUTS if name != "mask_search"])
def test_a_network_that_answers_every_picture_alike_gets_a_map_that_says_nothing(classifier_of, pixels, name):
    heatmap = explain(classifier_of(Indifferent()), pixels, [name], settings=QUICKLY)[name]
    assert "Constant: this map does not distinguish any pixels." in heatmap.notes
    assert not any("agree" in note for note in heatmap.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [("occlusion", 0.5), ("rise", 0.5), ("extremal_perturbation", 0.3)],
)
def test_the_map_after_64_passes_is_already_like_the_final_one(small_squeezenet, small_chelsea, name, least):
    settings = {"extremal_perturbation": {"rounds": 5}} if name == "extremal_perturbation" else {}
    maps = [
        event.heatmap
        for event in stream_heatmaps(small_squeezenet, small_chelsea, [name], settings=settings)
        if isinstance(event, HeatmapReady)
    ]
    early = [heatmap for heatmap in maps if heatmap.passes.forward <= 70][-1]
    assert correlation(early.values, maps[-1].values) > least


def rise(classifier, pixels, **settings):
    return explain(classifier, pixels, ["rise"], target=0, settings={"rise": settings})["rise"]


def test_rise_is_the_mean_score_of_the_masks_that_show_a_pixel_less_the_mean_of_all(classifier_of, listening, pixels):
    white = torch.ones_like(pixels)
    classifier = classifier_of(listening)
    heatmap = rise(classifier, white, samples=200, shown=0.3)
    masks = torch.stack(listening.fed[-200:])
    assert torch.equal(masks[:, 0], masks[:, 2])
    scores, shown = classifier(masks)[:, 0].detach(), masks[:, 0]
    mean = torch.einsum("n,nhw->hw", scores, shown) / shown.sum(dim=0)
    torch.testing.assert_close(heatmap.values, mean - scores.mean())


def test_rise_hides_in_black_and_shows_the_share_that_was_asked_for(classifier_of, listening, pixels):
    picture = 0.2 + 0.6 * pixels
    rise(classifier_of(listening), picture, samples=1000, shown=0.3)
    masks = torch.stack(listening.fed[-1000:]) / picture
    torch.testing.assert_close(masks[:, 0], masks[:, 1])
    assert masks.min() >= 0
    assert masks.max() <= 1 + 1e-9
    assert float(masks.mean()) == pytest.approx(0.3, abs=0.01)
    assert (masks.mean(dim=(0, 1)) - 0.3).abs().max() < 0.05
    assert len({tuple(mask.flatten().tolist()) for mask in masks.round(decimals=6)}) > 990


def test_rise_of_a_linear_model_is_the_covariance_of_its_score_with_each_pixel_s_mask(classifier_of, linear, pixels):
    heatmap = rise(classifier_of(linear), pixels, samples=8000, cells=3, shown=0.4)
    height, width = pixels.shape[2:]
    cells = torch.eye(9, dtype=torch.float64).view(9, 1, 3, 3)
    spread = [F.interpolate(cells, (4 * 2, 4 * 3), mode="bilinear", align_corners=False)]
    shifted = [
        spread[0][:, 0, down : down + height, across : across + width].flatten(1)
        for down in range(2)
        for across in range(3)
    ]
    covariance = 0.4 * 0.6 * torch.stack([each.T @ each for each in shifted]).mean(dim=0)
    contribution = (linear.weight[0] * pixels[0]).detach().sum(dim=0).flatten()
    expected = (covariance @ contribution / 0.4).view(height, width)
    assert correlation(heatmap.values, expected) > 0.99
    assert float((heatmap.values * expected).sum() / expected.square().sum()) == pytest.approx(1, abs=0.05)


def test_negative_scores_keep_their_order(classifier_of, linear, pixels):
    """A mean of scores below 0 must not be ranked by its size."""
    low = nn.Sequential(linear, Minus(1000))
    torch.testing.assert_close(
        rise(classifier_of(low), pixels).values, rise(classifier_of(linear), pixels).values, rtol=1e-6, atol=1e-6
    )


class Minus(nn.Module):
    def __init__(self, amount):
        super().__init__()
        self.amount = amount

    def forward(self, logits):
        return logits - self.amount
