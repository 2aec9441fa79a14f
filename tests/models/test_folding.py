"""Folding batch norms away changes no answer and no network."""

import pytest
import torch
from torch import Tensor, nn

import core
from core.models.folding import folded


@pytest.mark.parametrize("name", ["efficientnet_lite0", "torchvision/resnet18", "torchvision/mobilenet_v3_small"])
def test_the_copy_answers_alike_without_batch_norms_and_the_network_is_untouched(name, chelsea, fingerprint):
    classifier = core.load_classifier(name, device="cpu", pretrained="/" not in name)
    before = fingerprint(classifier)
    example = classifier.normalise(torch.cat([chelsea, chelsea.flip(3)]))
    twin = folded(classifier.network, example[:1])
    assert fingerprint(classifier) == before
    assert not any(isinstance(module, nn.BatchNorm2d) for module in twin.modules())
    with torch.inference_mode():
        torch.testing.assert_close(twin(example), classifier.network(example), rtol=1e-4, atol=1e-4)


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
    assert folded(network, torch.rand(1, 3, 8, 8)) is network


def test_a_network_without_batch_norms_is_not_even_run(listening, pixels):
    assert folded(listening, pixels) is listening
    assert listening.fed == []
