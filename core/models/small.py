"""The small networks that ``assets/train_fashion_mnist.py`` and the rooms of stamps, sanity and retraining train."""

from collections import OrderedDict
from itertools import pairwise

from torch import nn

CLASSES = 10


def fashion_vit() -> nn.Module:
    """A vision transformer without weights: 7 x 7 tokens and a class token, 64 wide, 4 blocks of 4 heads."""
    from timm.models.vision_transformer import VisionTransformer

    network: nn.Module = VisionTransformer(
        img_size=28, patch_size=4, num_classes=CLASSES, embed_dim=64, depth=4, num_heads=4, mlp_ratio=2
    )
    return network


def three_convolutions(first: int, second: int, third: int) -> dict[str, nn.Module]:
    """Convolutions with these numbers of channels, each with its own ReLU, and a pool after the first two."""
    return {
        "conv1": nn.Conv2d(3, first, 3, padding=1),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(first, second, 3, padding=1),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(2),
        "conv3": nn.Conv2d(second, third, 3, padding=1),
        "relu3": nn.ReLU(),
    }


def fashion_cnn() -> nn.Module:
    """Three convolutions without weights, each with its own ReLU; then the average of each channel and one layer."""
    return nn.Sequential(
        OrderedDict(
            **three_convolutions(32, 64, 128),
            average=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            head=nn.Linear(128, CLASSES),
        )
    )


def stamp_cnn(classes: int, size: tuple[int, int]) -> nn.Module:
    """Three convolutions without weights, each with its own ReLU; then the maximum of each channel and one layer.

    A stamp covers few pixels, and an average over all places would drown it.

    Parameters
    ----------
    size
        Height and width of the pictures; the weights do not depend on it.
    """
    height, width = size
    return nn.Sequential(
        OrderedDict(
            **three_convolutions(16, 32, 64),
            maximum=nn.MaxPool2d((height // 4, width // 4)),  # DeepLIFT has no rule for AdaptiveMaxPool2d
            flatten=nn.Flatten(),
            head=nn.Linear(64, classes),
        )
    )


def label_cnn(classes: int, size: tuple[int, int]) -> nn.Module:
    """Three convolutions without weights, each with its own ReLU; then one layer over every place of every channel.

    An average over all places would leave it too little to memorise labels that have nothing to do with the picture.

    Parameters
    ----------
    size
        Height and width of the pictures.
    """
    height, width = size
    return nn.Sequential(
        OrderedDict(
            **three_convolutions(16, 32, 64),
            pool3=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            head=nn.Linear(64 * (height // 8) * (width // 8), classes),
        )
    )


def batch_norm_cnn(classes: int, size: tuple[int, int]) -> nn.Module:  # noqa: ARG001 - pools reduce any size
    """Four convolutions without weights, each with batch normalisation and its own ReLU; 99 thousand weights.

    Normalised activations let it learn in three epochs, and its early pools keep a pass cheap, so that hundreds of such
    networks can be trained on a CPU.

    Parameters
    ----------
    size
        Height and width of the pictures, at least 8; the weights do not depend on it.
    """
    layers: list[tuple[str, nn.Module]] = []
    for place, (before, after) in enumerate(pairwise((3, 16, 32, 64, 128)), start=1):
        layers += [(f"pool{place - 1}", nn.MaxPool2d(2))] if place > 1 else []
        layers += [
            (f"conv{place}", nn.Conv2d(before, after, 3, padding=1, bias=False)),
            (f"norm{place}", nn.BatchNorm2d(after)),
            (f"relu{place}", nn.ReLU()),
        ]
    layers += [("average", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("head", nn.Linear(128, classes))]
    return nn.Sequential(OrderedDict(layers))
