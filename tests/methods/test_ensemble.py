"""Ensembles share their noisy passes, and their noise is a share of the picture's range."""

import pytest
import torch
from torch import nn

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


NINE = [f"{name}{base}" for base in ("", "_guided_backprop", "_integrated_gradients") for name in FAMILY]


def test_nine_ensembles_cost_three_sets_of_passes(squeezenet, chelsea_for_squeezenet):
    few = {name: {"samples": 3, **({"steps": 2} if "integrated" in name else {})} for name in NINE}
    maps = explain(squeezenet, chelsea_for_squeezenet, NINE, settings=few)
    assert sum(heatmap.passes.backward for heatmap in maps.values()) == 3 + 3 + 3 * 2
    for base in ("", "_guided_backprop", "_integrated_gradients"):
        mean, square, variance = (maps[f"{name}{base}"].attribution.double() for name in FAMILY)
        torch.testing.assert_close(variance, square - mean.square(), rtol=1e-3, atol=1e-6 * float(square.max()))


@pytest.mark.parametrize("base", ["guided_backprop", "integrated_gradients"])
def test_one_noiseless_sample_is_the_base_itself(small_squeezenet, small_chelsea, base):
    settings = {f"smoothgrad_{base}": {"samples": 1, "level": 0.0}}
    maps = explain(small_squeezenet, small_chelsea, [base, f"smoothgrad_{base}"], settings=settings)
    one, other = maps[base].attribution, maps[f"smoothgrad_{base}"].attribution
    torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5 * float(one.abs().max()))


def test_integrated_gradients_of_noisy_copies_of_a_linear_model_are_weights_times_noisy_pixels(
    classifier_of, listening, pixels
):
    names = [f"{name}_integrated_gradients" for name in FAMILY]
    settings = {name: {"samples": 5, "steps": 1, "level": 0.4, "baseline": "grey"} for name in names}
    maps = explain(classifier_of(listening), pixels, names, target=1, settings=settings)
    half_way = torch.stack(listening.fed[-5:])
    contributions = listening.weight[1].detach() * (2 * (half_way - 0.5))
    torch.testing.assert_close(maps[names[0]].attribution, contributions.mean(dim=0))
    torch.testing.assert_close(maps[names[1]].attribution, contributions.square().mean(dim=0))
    torch.testing.assert_close(maps[names[2]].attribution, contributions.var(dim=0, correction=0))


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_an_ensemble_of_paths_does_not_depend_on_the_batch(classifier_of, pixels, batch):
    draw = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draw)
    name = "vargrad_integrated_gradients"
    settings = {name: {"samples": 4, "steps": 5}}
    (values,) = explain(classifier_of(network, batch=batch), pixels.float(), [name], 0, settings=settings).values()
    (alone,) = explain(classifier_of(network, batch=7), pixels.float(), [name], 0, settings=settings).values()
    torch.testing.assert_close(values.attribution, alone.attribution, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", NINE)
def test_an_ensemble_without_noise_says_so(squeezenet, chelsea_for_squeezenet, name):
    few = {"samples": 2, "level": 0.0, **({"steps": 1} if "integrated" in name else {})}
    noted, quiet = (
        explain(squeezenet, chelsea_for_squeezenet, [name], settings={name: few | {"level": level}})[name].notes
        for level in (0.0, 0.1)
    )
    assert any("Without noise" in note for note in noted)
    assert not any("Without noise" in note for note in quiet)
