"""The networks whose weights ship with HeatCheck: available offline, and loaded in a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from safetensors.torch import load_file
from torch import nn

from core.assets import ASSETS
from core.models.answering import Answering
from core.models.classifier import IMAGENET_MEAN, RGB, Classifier, Preprocessing, in_own_layout
from core.models.cropping import grey_centre_crop
from core.models.small import fashion_cnn, fashion_vit
from core.models.sources import UNSCALED, UNSHIFTED, ListedModel, seeded_construction

WEIGHTS = ASSETS / "weights"
GREY: RGB = (0.5, 0.5, 0.5)
CAFFE_MEAN: RGB = (123.68 / 255, 116.779 / 255, 103.939 / 255)
ONE_LEVEL: RGB = (1 / 255, 1 / 255, 1 / 255)
FASHION_MEAN: RGB = (0.286, 0.286, 0.286)
FASHION_STD: RGB = (0.353, 0.353, 0.353)


@dataclass(frozen=True)
class TrainingData:
    """What networks were trained on: its name, its mean colour in [0, 1] and the names of its classes."""

    name: str
    mean: RGB
    labels: Callable[[], tuple[str, ...]]


@dataclass(frozen=True)
class Bundled:
    """One network, the preparation of its pictures, and its training data."""

    title: str
    note: str
    build: Callable[[], nn.Module]
    preprocessing: Callable[[], Preprocessing]
    trained_on: TrainingData


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


def photo_preprocessing(interpolation: str, mean: RGB, std: RGB) -> Preprocessing:
    """A 224-pixel crop from 256 pixels, the usual input of ImageNet networks."""
    from torchvision.models import SqueezeNet1_1_Weights
    from torchvision.transforms import InterpolationMode

    crop = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms(
        mean=UNSHIFTED, std=UNSCALED, interpolation=InterpolationMode(interpolation)
    )
    return Preprocessing(crop, (224, 224), mean, std)


def fashion_preprocessing() -> Preprocessing:
    """28 pixels without colour, like Fashion-MNIST."""
    size = (28, 28)
    return Preprocessing(partial(grey_centre_crop, size=size), size, FASHION_MEAN, FASHION_STD)


def imagenet_labels() -> tuple[str, ...]:
    """The 1,000 classes in ImageNet's order."""
    from torchvision.models import SqueezeNet1_1_Weights

    return tuple(SqueezeNet1_1_Weights.IMAGENET1K_V1.meta["categories"])


def fashion_labels() -> tuple[str, ...]:
    """The ten classes in Fashion-MNIST's order."""
    return (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )


IMAGENET = TrainingData("imagenet", IMAGENET_MEAN, imagenet_labels)
FASHION_MNIST = TrainingData("fashion_mnist", FASHION_MEAN, fashion_labels)

BUNDLED = {
    "efficientnet_lite0": Bundled(
        title="EfficientNet-Lite0",
        note="ImageNet, 75.1 % top-1 as published; no download",
        build=efficientnet_lite0,
        preprocessing=partial(photo_preprocessing, "bicubic", mean=GREY, std=GREY),
        trained_on=IMAGENET,
    ),
    "squeezenet1_1": Bundled(
        title="SqueezeNet 1.1",
        note="ImageNet; plain ReLU network without normalisation layers or skip connections; no download",
        build=squeezenet1_1,
        preprocessing=partial(photo_preprocessing, "bilinear", mean=CAFFE_MEAN, std=ONE_LEVEL),
        trained_on=IMAGENET,
    ),
    "fashion_vit": Bundled(
        title="Tiny ViT (Fashion-MNIST)",
        note="10 classes of clothes at 28 × 28, 88.3 % top-1; transformer with 7 × 7 tokens; no download",
        build=fashion_vit,
        preprocessing=fashion_preprocessing,
        trained_on=FASHION_MNIST,
    ),
    "fashion_cnn": Bundled(
        title="Small CNN (Fashion-MNIST)",
        note="10 classes of clothes at 28 × 28, 90.9 % top-1; three plain convolutions; no download",
        build=fashion_cnn,
        preprocessing=fashion_preprocessing,
        trained_on=FASHION_MNIST,
    ),
    "fashion_cnn_erased": Bundled(
        title="Small CNN, trained with erased pixels",
        note="10 classes of clothes at 28 × 28, 87.8 % top-1; the Small CNN's twin, shows how much of a curve's drop "
        "is artifact; no download",
        build=fashion_cnn,
        preprocessing=fashion_preprocessing,
        trained_on=FASHION_MNIST,
    ),
}


def list_bundled() -> tuple[ListedModel, ...]:
    """The bundled networks, the default first."""
    return tuple(
        ListedModel(name, each.title, "bundled", each.note, each.trained_on.name) for name, each in BUNDLED.items()
    )


def load_bundled(name: str, device: torch.device, pretrained: bool) -> Classifier:
    """A bundled network; its weights are stored as float16 and used as float32."""
    bundled = BUNDLED[name]
    with seeded_construction():
        network = bundled.build()
    if pretrained:
        network.load_state_dict(load_file(WEIGHTS / f"{name}.safetensors"))
    classifier = Classifier(
        name=name,
        title=bundled.title,
        network=network,
        preprocessing=bundled.preprocessing(),
        labels=bundled.trained_on.labels(),
        device=device,
        dataset_mean=bundled.trained_on.mean,
        dataset=bundled.trained_on.name,
        answering=Answering(),
    )
    return in_own_layout(classifier)
