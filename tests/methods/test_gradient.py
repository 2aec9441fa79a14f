"""Gradients are signed and exact, and other ways back catch every form of ReLU."""

import copy

import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, InputXGradient, Saliency
from torch import Tensor, nn
from torch.nn import functional as F

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import MethodRefused
from core.methods.registry import capability


def test_gradient_of_a_linear_model_is_its_weights_with_their_signs(classifier_of, linear, pixels):
    heatmap = explain(classifier_of(linear), pixels, ["gradient"], target=1)["gradient"]
    torch.testing.assert_close(heatmap.attribution, linear.weight[1].detach(), rtol=0, atol=0)
    assert (heatmap.attribution < 0).any()


def test_input_x_gradient_of_a_linear_model_adds_up_to_the_logit(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    heatmap = explain(classifier, pixels, ["input_x_gradient"], target=2)["input_x_gradient"]
    torch.testing.assert_close(heatmap.values.sum(), classifier(pixels)[0, 2])


@pytest.mark.parametrize(
    ("name", "peer"),
    [("gradient", lambda net: Saliency(net)), ("input_x_gradient", lambda net: InputXGradient(net))],
)
def test_gradients_agree_with_captum(lite0, chelsea, name, peer):
    heatmap = explain(lite0, chelsea, [name])[name]
    keywords = {"abs": False} if name == "gradient" else {}
    theirs = peer(lite0).attribute(chelsea.clone().requires_grad_(), target=heatmap.target, **keywords)[0].detach()
    torch.testing.assert_close(heatmap.attribution, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


@pytest.mark.parametrize(("name", "peer"), [("guided_backprop", GuidedBackprop), ("deconvnet", Deconvolution)])
def test_other_ways_back_agree_with_captum_on_plain_relus(squeezenet, chelsea_for_squeezenet, name, peer):
    network = copy.deepcopy(squeezenet.network)
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    prepared = (chelsea_for_squeezenet - squeezenet._shift) * squeezenet._scale
    heatmap = explain(squeezenet, chelsea_for_squeezenet, [name])[name]
    theirs = peer(network).attribute(prepared.clone().requires_grad_(), target=heatmap.target)[0] * squeezenet._scale[0]
    torch.testing.assert_close(heatmap.attribution, theirs.detach(), rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


class Rectified(nn.Module):
    """Two layers with a ReLU between them, written in one of the ways people write it."""

    def __init__(self, rectify) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(5, 3)
        self.rectify = rectify

    def forward(self, pixels: Tensor) -> Tensor:
        hidden = self.first(pixels.to(self.first.weight.dtype))
        changed = self.rectify(hidden)
        return self.last((hidden if changed is None else changed).mean(dim=(2, 3)))


def in_place_statement(hidden: Tensor) -> None:
    hidden.relu_()


WAYS = {
    "module": nn.ReLU(),
    "in-place module": nn.ReLU(inplace=True),
    "function": F.relu,
    "torch function": torch.relu,
    "method": lambda hidden: hidden.relu(),
    "in-place statement": in_place_statement,
    "in-place function": lambda hidden: F.relu(hidden, inplace=True),
    "clamp": lambda hidden: hidden.clamp(min=0),
    "clamp from below": lambda hidden: hidden.clamp_min(0),
    "threshold": lambda hidden: F.threshold(hidden, 0, 0),
}


@pytest.mark.parametrize("rule", ["guided_backprop", "deconvnet"])
def test_every_way_to_write_a_relu_gives_one_map_which_is_not_the_gradient(classifier_of, pixels, rule):
    with torch.random.fork_rng():
        maps = {
            way: explain(classifier_of(Rectified(rectify)), pixels.float(), [rule, "gradient"], target=0)
            for way, rectify in WAYS.items()
        }
    for way in WAYS:
        torch.testing.assert_close(maps[way][rule].attribution, maps["module"][rule].attribution)
        assert not torch.allclose(maps[way][rule].attribution, maps[way]["gradient"].attribution), way


def test_relu6_is_caught_too(lite0, chelsea):
    maps = explain(lite0, chelsea, ["gradient", "guided_backprop", "deconvnet"])
    written = [module for module in lite0.network.modules() if isinstance(module, nn.ReLU | nn.ReLU6)]
    assert lite0.anatomy.rectifiers == len(written) > 0
    for name in ("guided_backprop", "deconvnet"):
        assert not torch.allclose(maps[name].attribution, maps["gradient"].attribution)


def test_guided_relu6_passes_positive_gradients_between_zero_and_six_only():
    from core.methods.rectifiers import RectifiersBecome

    values = torch.tensor([-1.0, 3.0, 3.0, 7.0], requires_grad=True)
    with RectifiersBecome("guided"):
        answer = F.relu6(values)
    (gradient,) = torch.autograd.grad(answer, values, torch.tensor([1.0, 1.0, -1.0, 1.0]))
    assert answer.tolist() == [0.0, 3.0, 3.0, 6.0]
    assert gradient.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_network_without_relu_is_told_which_activation_it_uses(classifier_of, pixels):
    classifier = classifier_of(Rectified(nn.SiLU()))
    reason = capability(classifier)["guided_backprop"]
    assert reason is not None
    assert "SiLU" in reason
    (event,) = stream_heatmaps(classifier, pixels.float(), ["guided_backprop"])
    assert event == MethodRefused("guided_backprop", reason)


def test_other_activations_beside_relus_are_noted(classifier_of, pixels):
    both = Rectified(lambda hidden: F.relu(hidden) + F.silu(hidden))
    heatmap = explain(classifier_of(both), pixels.float(), ["guided_backprop"])["guided_backprop"]
    assert any("SiLU" in note for note in heatmap.notes)


def test_relus_that_no_gradient_passes_on_its_way_to_the_pixels_do_not_count(classifier_of):
    class Aside(Rectified):
        def forward(self, pixels: Tensor) -> Tensor:
            return super().forward(pixels) + F.relu(self.last.bias)

    reason = capability(classifier_of(Aside(nn.GELU())))["guided_backprop"]
    assert reason is not None
    assert "GELU" in reason
