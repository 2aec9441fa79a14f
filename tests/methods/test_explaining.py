"""A run leaves the model as it was, repeats to the bit, and loses nothing when one method fails."""

import random

import nine_networks
import numpy as np
import pytest
import torch
from nine_networks import QUICKLY
from torch import Tensor, nn
from torch.nn import functional

import core
from core.jobs.events import Progress
from core.methods import registry
from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady, MethodRefused, reduce_channels
from core.methods.registry import capability, find_method


@pytest.fixture(scope="module")
def fitting(small_squeezenet):
    """Every method that fits SqueezeNet."""
    return [method for method, reason in capability(small_squeezenet).items() if reason is None]


def asks_much(name):
    """Methods with many answers, and those that average over draws of what another method asks for: most of a large
    network's time, and nothing that distinguishes one architecture from another.
    """
    method = find_method(name)
    return method.family == "perturbation" or method.drawn


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", nine_networks.NETWORKS)
def test_every_method_leaves_every_network_as_it_was_and_answers_twice_the_same(name, fingerprint):
    classifier = nine_networks.load(name, side=128)
    before = fingerprint(classifier)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    large = name in nine_networks.LARGE
    names = [each for each in nine_networks.every_method() if not (large and asks_much(each))]
    first = nine_networks.run(classifier, names)
    assert fingerprint(classifier) == before
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]
    assert nine_networks.silent_twins(first) == []
    known = nine_networks.known()["reasons"][name]
    assert nine_networks.reasons(first) == {each: known[each] for each in names if each in known}
    if large:
        return
    second = nine_networks.run(classifier, nine_networks.every_method())
    assert fingerprint(classifier) == before
    for method, heatmap in first.items():
        if isinstance(heatmap, core.Heatmap):
            assert torch.equal(heatmap.attribution, second[method].attribution), method


@pytest.mark.slow
def test_a_map_does_not_depend_on_what_runs_beside_it(small_squeezenet, small_chelsea, fitting):
    together = explain(small_squeezenet, small_chelsea, fitting, settings=QUICKLY)
    for name in fitting:
        alone = explain(small_squeezenet, small_chelsea, [name], settings=QUICKLY)[name]
        scale = float(alone.attribution.abs().max())
        torch.testing.assert_close(alone.attribution, together[name].attribution, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("stop_after", [1, 5, 9, 14])
def test_a_cancelled_run_gives_back_all_that_it_borrowed(
    small_squeezenet, small_chelsea, fingerprint, fitting, stop_after
):
    before = fingerprint(small_squeezenet)
    stream = stream_heatmaps(small_squeezenet, small_chelsea, fitting, settings=QUICKLY)
    for _ in range(stop_after):
        next(stream)
        assert fingerprint(small_squeezenet) == before
    stream.close()
    assert fingerprint(small_squeezenet) == before


def raises(passes):
    """Fails."""
    passes.gradient()
    raise KeyError("a secret")


def is_not_a_number(passes):
    """Divides by zero."""
    return passes.gradient() * float("nan")


def is_not_a_number_without_a_pass(passes):
    """Divides by zero at once."""
    return passes.pixels[0] * float("nan")


def has_no_shape(passes):
    """Forgets that a map has rows."""
    return passes.gradient().sum()


def overflows_among_samples(passes):
    """Fails on half-known answers too."""
    return passes.noisy_gradients(15, 0.15).mean * float("inf")


@pytest.fixture(params=[raises, is_not_a_number, is_not_a_number_without_a_pass, has_no_shape, overflows_among_samples])
def broken_method(request):
    registry.method(label="Broken", family="gradient", signed=True, paper="")(request.param)
    yield request.param.__name__
    del registry._METHODS[request.param.__name__]


def test_one_method_s_failure_is_told_once_and_the_others_go_on(
    squeezenet, chelsea_for_squeezenet, fingerprint, broken_method
):
    others = ["gradient", "smoothgrad", "vargrad", "sobel"]
    before = fingerprint(squeezenet)
    events = list(stream_heatmaps(squeezenet, chelsea_for_squeezenet, ["gradient", broken_method, *others[1:]]))
    (refused,) = [event for event in events if isinstance(event, MethodRefused)]
    assert refused.method == broken_method
    assert "secret" not in refused.reason
    final = [event.heatmap.method for event in events if isinstance(event, HeatmapReady) and event.final]
    assert sorted(final) == sorted(others)
    assert max(event.done for event in events if isinstance(event, Progress)) == 16
    assert fingerprint(squeezenet) == before


class FailsLate(nn.Module):
    """A small network whose last module fails while it is ill and a gradient is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.relu, self.last, self.ill = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Linear(4, 3), True

    def forward(self, pixels: Tensor) -> Tensor:
        answer = self.last(self.relu(self.layer(pixels)).mean(dim=(2, 3)))
        if self.ill and torch.is_grad_enabled():
            raise RuntimeError("out of order")
        return answer


def test_a_pass_that_raises_while_hooks_are_installed_leaves_none(classifier_of, pixels, fingerprint):
    network = FailsLate()
    network.ill = False
    classifier = classifier_of(network)
    assert classifier.anatomy.rectifiers == 1
    before, network.ill = fingerprint(classifier), True
    names = ["grad_cam", "guided_backprop"]
    events = list(stream_heatmaps(classifier, pixels.float(), names))
    assert {event.method for event in events if isinstance(event, MethodRefused)} == set(names)
    assert fingerprint(classifier) == before
    network.ill = False
    assert set(explain(classifier, pixels.float(), names)) == set(names)


def test_a_heatmap_keeps_no_more_in_memory_than_itself(lite0, chelsea):
    for heatmap in explain(lite0, chelsea, ["gradient", "smoothgrad", "grad_cam"]).values():
        assert heatmap.attribution.untyped_storage().nbytes() == heatmap.attribution.nbytes


class RefusesGradients(nn.Module):
    """Fails whenever a gradient is asked for."""

    def forward(self, pixels: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            raise RuntimeError("no gradients here")
        return pixels.mean(dim=(2, 3))


def test_methods_that_need_outputs_only_survive_a_network_without_gradients(classifier_of, pixels):
    classifier = classifier_of(RefusesGradients())
    events = list(stream_heatmaps(classifier, pixels, ["gradient", "smoothgrad", "occlusion", "sobel"]))
    assert {event.method for event in events if isinstance(event, MethodRefused)} == {"gradient", "smoothgrad"}
    final = {event.heatmap.method for event in events if isinstance(event, HeatmapReady) and event.final}
    assert final == {"occlusion", "sobel"}


def test_the_first_event_of_every_batch_gives_way(lite0, chelsea):
    events = list(stream_heatmaps(lite0, chelsea, ["smoothgrad"]))
    batches = -(-15 // lite0.batch_size("gradient").size)
    progress = [event for event in events if isinstance(event, Progress)]
    assert len(progress) == batches
    assert progress[-1].done == progress[-1].total == 15


def test_another_class_can_be_explained_and_changes_the_map(lite0, chelsea):
    maps = [explain(lite0, chelsea, ["gradient"], target=target)["gradient"] for target in (282, 400)]
    assert [heatmap.target for heatmap in maps] == [282, 400]
    assert not torch.allclose(maps[0].values, maps[1].values)


def test_the_predicted_class_is_explained_unless_told_otherwise(lite0, chelsea):
    assert explain(lite0, chelsea, ["sobel"])["sobel"].target == core.predict(lite0, chelsea)[0].index


@pytest.mark.parametrize("target", [-1, 1000])
def test_a_class_that_does_not_exist_is_refused(lite0, chelsea, target):
    with pytest.raises(ValueError, match=f"classes 0 to 999; there is no class {target}"):
        explain(lite0, chelsea, ["gradient"], target=target)


def test_pixels_of_another_precision_are_explained_and_others_than_finite_ones_refused(lite0, chelsea):
    exact, halved = (explain(lite0, each, ["gradient"])["gradient"] for each in (chelsea.double(), chelsea.half()))
    torch.testing.assert_close(exact.values.float(), explain(lite0, chelsea, ["gradient"])["gradient"].values)
    assert halved.values.dtype == torch.float32
    with pytest.raises(ValueError, match=r"does not accept pixels of torch\.uint8; they are numbers from 0 to 1"):
        explain(lite0, (255 * chelsea).byte(), ["gradient"])
    with pytest.raises(ValueError, match="needs finite pixels"):
        explain(lite0, chelsea * float("nan"), ["gradient"])


class OneOutput(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.square().mean(dim=(1, 2, 3))[:, None]


def test_a_network_with_one_class_has_no_margin(classifier_of, pixels):
    classifier = classifier_of(OneOutput(), classes=1)
    explain(classifier, pixels, ["gradient"])
    with pytest.raises(ValueError, match="no others to take a margin from"):
        explain(classifier, pixels, ["gradient"], output="logit_margin")
    with pytest.raises(ValueError, match="one of logit, probability, logit_margin, not 'softmax'"):
        explain(classifier, pixels, ["gradient"], output="softmax")


def test_pixels_of_another_shape_are_refused_with_the_right_one(lite0, chelsea):
    with pytest.raises(ValueError, match=r"shape \(1, 3, 224, 224\); these have \(1, 3, 100, 224\)"):
        explain(lite0, chelsea[:, :, :100], ["gradient"])


def test_outputs_are_told_apart(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    maps = {
        output: explain(classifier, pixels, ["gradient"], target=0, output=output)["gradient"].attribution
        for output in ("logit", "probability", "logit_margin")
    }
    weight = linear.weight.detach()
    shares = classifier(pixels)[0].detach().softmax(dim=0)
    torch.testing.assert_close(maps["logit"], weight[0])
    torch.testing.assert_close(maps["logit_margin"], weight[0] - (weight[1] + weight[2]) / 2)
    expected = shares[0] * (weight[0] - torch.einsum("k,kchw->chw", shares, weight))
    torch.testing.assert_close(maps["probability"], expected)


def test_sum_and_absolute_sum_rank_noise_differently():
    noise = torch.randn(3, 20, 20, generator=torch.Generator().manual_seed(0))
    ranks = [reduce_channels(noise, how).flatten().argsort().argsort().double() for how in ("sum", "abs_sum")]
    assert abs(float(torch.corrcoef(torch.stack(ranks))[0, 1])) < 0.2


def test_the_reduction_is_named_and_the_attribution_stays_signed(lite0, chelsea):
    for reduction in ("sum", "abs_sum", "max_abs"):
        heatmap = explain(lite0, chelsea, ["gradient"], reduction=reduction)["gradient"]
        assert heatmap.reduction == reduction
        assert (heatmap.attribution < 0).any()
        torch.testing.assert_close(heatmap.values, reduce_channels(heatmap.attribution, reduction))


def test_gradient_and_input_x_gradient_cost_one_pass(lite0, chelsea):
    maps = explain(lite0, chelsea, ["gradient", "input_x_gradient"])
    assert maps["gradient"].passes.backward + maps["input_x_gradient"].passes.backward == 1


class PoolsByShape(nn.Module):
    """Settings that are worked out from shapes, and an unusual argument."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        found = self.layer(pixels).relu()
        pooled = functional.avg_pool2d(found, found.size()[2:]).flatten(1)
        return self.last(pooled + found.mean(dim=(2, 3), dtype=torch.float32))


def test_a_network_that_can_t_be_taken_apart_is_explained_by_all_other_methods(classifier_of, pixels):
    classifier = classifier_of(PoolsByShape())
    reasons = capability(classifier)
    assert reasons["deeplift"]
    assert reasons["lrp"]
    events = list(stream_heatmaps(classifier, pixels.float(), ["gradient", "deeplift", "lrp"]))
    told = [event.reason for event in events if isinstance(event, MethodRefused)]
    assert len(told) == 2
    assert not any("failed" in reason for reason in told)


def test_a_function_s_own_complaint_reaches_the_person(pixels):
    answered = [0]

    def answer(given: Tensor) -> Tensor:
        answered[0] += 1
        return given.mean(dim=(2, 3)) * (float("nan") if answered[0] > 6 else 1)

    classifier = core.as_classifier(answer, (6, 8), ("red", "green", "blue"))
    events = list(stream_heatmaps(classifier, pixels.float(), ["rise"], target=0))
    (refused,) = [event for event in events if isinstance(event, MethodRefused)]
    assert "numbers that are not finite" in refused.reason


@pytest.mark.slow
def test_another_seed_gives_another_map_where_chance_has_a_part_and_only_there(
    small_squeezenet, small_chelsea, fitting
):
    one, other = (explain(small_squeezenet, small_chelsea, fitting, seed=seed, settings=QUICKLY) for seed in (0, 1))
    moved = {name for name in fitting if not torch.equal(one[name].values, other[name].values)}
    assert moved == {name for name in fitting if find_method(name).drawn}
