"""The networks whose weights ship with HeatCheck: there without a network connection, and loaded in a moment."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from safetensors.torch import load_file
from torch import nn

from core.assets import ASSETS
from core.models.classifier import IMAGENET_MEAN, RGB, Classifier, Preprocessing
from core.models.sources import UNSCALED, UNSHIFTED, ListedModel, seeded_construction

WEIGHTS = ASSETS / "weights"
GREY: RGB = (0.5, 0.5, 0.5)
CAFFE_MEAN: RGB = (123.68 / 255, 116.779 / 255, 103.939 / 255)
ONE_LEVEL: RGB = (1 / 255, 1 / 255, 1 / 255)


@dataclass(frozen=True)
class Bundled:
    """One network and how its pictures are prepared; every one sees 224 pixels cropped from 256."""

    title: str
    note: str
    build: Callable[[], nn.Module]
    interpolation: str
    mean: RGB
    std: RGB


def efficientnet_lite0() -> nn.Module:
    """EfficientNet-Lite0 without weights."""
    import timm

    network: nn.Module = timm.create_model("tf_efficientnet_lite0")
    return network


def squeezenet1_1() -> nn.Module:
    """SqueezeNet 1.1 without weights."""
    from torchvision.models import squeezenet1_1

    network: nn.Module = squeezenet1_1()
    return network


BUNDLED = {
    "efficientnet_lite0": Bundled(
        title="EfficientNet-Lite0",
        note="ImageNet, 75.1 % top-1 as published; no download",
        build=efficientnet_lite0,
        interpolation="bicubic",
        mean=GREY,
        std=GREY,
    ),
    "squeezenet1_1": Bundled(
        title="SqueezeNet 1.1",
        note="ImageNet; plain ReLU network without normalisation layers or skips; no download",
        build=squeezenet1_1,
        interpolation="bilinear",
        mean=CAFFE_MEAN,
        std=ONE_LEVEL,
    ),
}


def list_bundled() -> tuple[ListedModel, ...]:
    """The bundled networks, the default first."""
    return tuple(ListedModel(name, each.title, "bundled", each.note) for name, each in BUNDLED.items())


def load_bundled(name: str, device: torch.device, pretrained: bool) -> Classifier:
    """A bundled network; its weights are stored as float16 and computed with as float32."""
    from torchvision.models import SqueezeNet1_1_Weights
    from torchvision.transforms import InterpolationMode

    bundled = BUNDLED[name]
    weights = SqueezeNet1_1_Weights.IMAGENET1K_V1
    geometry = weights.transforms(mean=UNSHIFTED, std=UNSCALED, interpolation=InterpolationMode(bundled.interpolation))
    with seeded_construction():
        network = bundled.build()
    if pretrained:
        network.load_state_dict(load_file(WEIGHTS / f"{name}.safetensors"))
    return Classifier(
        name=name,
        title=bundled.title,
        network=network,
        preprocessing=Preprocessing(geometry, (224, 224), bundled.mean, bundled.std),
        labels=tuple(weights.meta["categories"]),
        device=device,
        dataset_mean=IMAGENET_MEAN,
    )
