"""Networks of torchvision and timm with random weights, for tests that only look at them."""

import functools

import torch
from torch import nn

import core


@functools.lru_cache(maxsize=12)
def untrained(name: str) -> core.Classifier:
    """The network with random weights, shared by a process: whoever asks must leave it as it is."""
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    draw_head(classifier.network)
    return classifier


def draw_head(network: nn.Module) -> None:
    """Draws a head of zeros, by which torchvision's vision transformers answer all alike and have no gradient."""
    draw = torch.Generator().manual_seed(0)
    for weight in network.parameters():
        if weight.dim() == 2 and not weight.any():
            weight.normal_(std=0.02, generator=draw)
