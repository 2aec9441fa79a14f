"""Occlusion covers every pixel, divides by how often it did, and needs no gradient."""

import pytest
import torch
from captum.attr import Occlusion

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady


def occluded(classifier, pixels, **settings):
    return explain(classifier, pixels, ["occlusion"], target=0, settings={"occlusion": settings})["occlusion"]


def test_windows_side_by_side_lose_what_they_covered_of_a_linear_model(classifier_of, linear, pixels):
    heatmap = occluded(classifier_of(linear), pixels, window=1 / 3, overlap=0.0, cover="black")
    contribution = (linear.weight[0] * pixels[0]).detach().sum(dim=0)
    sums = contribution.view(3, 2, 4, 2).sum(dim=(1, 3)).repeat_interleave(2, 0).repeat_interleave(2, 1)
    torch.testing.assert_close(heatmap.values, sums)


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_occlusion_agrees_with_captum(squeezenet, chelsea_for_squeezenet, overlap):
    heatmap = explain(
        squeezenet, chelsea_for_squeezenet, ["occlusion"], target=285,
        settings={"occlusion": {"window": 0.25, "overlap": overlap, "cover": "grey"}},
    )["occlusion"]  # fmt: skip
    stride = int(56 * (1 - overlap))
    theirs = Occlusion(squeezenet).attribute(
        chelsea_for_squeezenet, (3, 56, 56), (3, stride, stride), 0.5, 285, perturbations_per_eval=8
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
