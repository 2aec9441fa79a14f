"""Ensembles share their noisy passes, and their noise is a share of the picture's range."""

import torch

from core.methods.explaining import explain
from core.methods.requests import SampleMoments

FAMILY = ["smoothgrad", "smoothgrad_squared", "vargrad"]


def test_squared_and_plain_smoothgrad_cost_one_set_of_passes(lite0, chelsea):
    maps = explain(lite0, chelsea, FAMILY)
    assert sum(heatmap.passes.backward for heatmap in maps.values()) == 15
    assert sum(heatmap.passes.forward for heatmap in maps.values()) == 15


def test_one_noiseless_sample_is_the_gradient(lite0, chelsea):
    maps = explain(lite0, chelsea, ["smoothgrad", "gradient"], settings={"smoothgrad": {"samples": 1, "level": 0.0}})
    torch.testing.assert_close(maps["smoothgrad"].attribution, maps["gradient"].attribution, rtol=1e-4, atol=1e-6)


def test_variance_is_mean_square_minus_squared_mean_in_float64_however_it_is_batched():
    samples = 1000 + torch.randn(15, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for size in (1, 4, 15):
        fold = SampleMoments()
        for start in range(0, 15, size):
            fold.add(range(start, min(start + size, 15)), samples[start : start + size])
        moments = fold.value()
        torch.testing.assert_close(moments.mean, samples.mean(dim=0))
        torch.testing.assert_close(moments.variance, samples.var(dim=0, correction=0), rtol=1e-9, atol=0)
        torch.testing.assert_close(moments.mean_square, samples.square().mean(dim=0))


def test_noise_is_a_share_of_the_picture_s_own_range_and_is_not_clipped(classifier_of, listening, pixels):
    picture = 0.2 + 0.5 * pixels
    explain(
        classifier_of(listening),
        picture,
        ["smoothgrad"],
        target=0,
        settings={"smoothgrad": {"samples": 200, "level": 0.3}},
    )
    noise = torch.stack(listening.fed[-200:]) - picture[0]
    assert abs(float(noise.std() / (picture.max() - picture.min())) - 0.3) < 0.01
    assert abs(float(noise.mean())) < 0.01
    assert torch.stack(listening.fed).min() < 0


def test_all_ensembles_meet_the_same_noise_whatever_runs_beside_them(lite0, chelsea):
    alone = explain(lite0, chelsea, ["vargrad"])["vargrad"]
    together = explain(lite0, chelsea, ["gradient", *FAMILY])["vargrad"]
    torch.testing.assert_close(alone.attribution, together.attribution, rtol=1e-4, atol=1e-8)


def test_ensembles_of_a_linear_model_are_its_gradient_and_no_variance(classifier_of, linear, pixels):
    maps = explain(classifier_of(linear), pixels, FAMILY, target=0)
    weight = linear.weight[0].detach()
    torch.testing.assert_close(maps["smoothgrad"].attribution, weight)
    torch.testing.assert_close(maps["smoothgrad_squared"].attribution, weight.square())
    torch.testing.assert_close(maps["vargrad"].attribution, torch.zeros_like(weight))
