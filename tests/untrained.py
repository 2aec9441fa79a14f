"""Networks of torchvision and timm with random weights, for tests that only look at them."""

import functools

import torch

import core


@functools.lru_cache(maxsize=12)
def untrained(name: str) -> core.Classifier:
    """The network with random weights, shared by a process: whoever asks must leave it as it is.

    torchvision's vision transformers start with a head of zeros, by which all answers are equal and all gradients zero;
    these weights are drawn too.
    """
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    draw = torch.Generator().manual_seed(0)
    for weight in classifier.network.parameters():
        if weight.dim() == 2 and not weight.any():
            weight.normal_(std=0.02, generator=draw)
    return classifier
