"""Folding batch norms away changes no answer and no network."""

import pytest
import torch
from timm.layers import Conv2dSame
from torch import Tensor, nn

import core
from core.models.folding import Foldable, evenly_padded, find_foldable, folded


@pytest.mark.parametrize("name", ["efficientnet_lite0", "torchvision/resnet18", "torchvision/mobilenet_v3_small"])
def test_the_copy_answers_alike_without_batch_norms_and_the_network_is_untouched(name, chelsea, fingerprint):
    classifier = core.load_classifier(name, device="cpu", pretrained="/" not in name)
    before = fingerprint(classifier)
    example = classifier.normalise(torch.cat([chelsea, chelsea.flip(3)]))
    twin = classifier.outputs_only().network
    assert fingerprint(classifier) == before
    assert not any(isinstance(module, nn.BatchNorm2d) for module in twin.modules())
    with torch.inference_mode():
        torch.testing.assert_close(twin(example), classifier.network(example), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(14, 11), (7, 8), (1, 5)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (3, 1), (2, 2), (4, 3)])
def test_padding_moved_into_the_kernel_gives_the_same(size, kernel, stride):
    convolution = Conv2dSame(4, 4, kernel, stride=stride, groups=2).double().requires_grad_(False)
    pictures = torch.randn(2, 4, *size, dtype=torch.float64)
    even = evenly_padded(convolution, size)
    assert type(even) is nn.Conv2d
    torch.testing.assert_close(even(pictures), convolution(pictures), rtol=1e-12, atol=1e-12)


class ReadsTwice(nn.Module):
    """What the convolution gives is used beside the norm, so that folding would change the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        nn.init.uniform_(self.norm.running_mean)

    def forward(self, pixels: Tensor) -> Tensor:
        raw = self.convolution(pixels)
        return (raw + self.norm(raw)).mean(dim=(2, 3))


def test_a_network_whose_answer_would_change_stays_as_it_is():
    network = ReadsTwice().eval()
    assert find_foldable(network, torch.rand(1, 3, 8, 8)) == Foldable()
    assert folded(network, Foldable()) is network
    network.convolution.weight.data *= 1e-6  # small answers are no excuse
    network.convolution.bias.data *= 1e-6
    network.norm.running_mean.data *= 1e-6
    network.norm.running_var.data *= 1e-12
    network.norm.eps, network.norm.weight.data = 1e-30, network.norm.weight.data * 1e-6
    assert find_foldable(network, torch.rand(1, 3, 8, 8)) == Foldable()


def test_a_network_without_batch_norms_is_not_even_run(listening, pixels):
    assert find_foldable(listening, pixels) == Foldable()
    assert listening.fed == []


def test_weights_that_change_are_met_by_the_next_copy(classifier_of):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier, pixels = classifier_of(network, classes=4), torch.rand(2, 3, 6, 8)
    classifier.outputs_only()
    network[0].weight.data += 1
    twin = classifier.outputs_only().network
    assert isinstance(twin[1], nn.Identity)
    torch.testing.assert_close(twin(pixels), network(pixels))
