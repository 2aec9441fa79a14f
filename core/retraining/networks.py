"""The networks that are trained: small ones for small pictures, and torchvision's."""

from collections.abc import Callable, Mapping

import torch
from torch import nn

from core.lookup import find
from core.models.classifier import Classifier, Preprocessing
from core.models.cropping import centre_crop
from core.models.small import batch_norm_cnn
from core.models.sources import seeded_construction
from core.pictures.datasets import BACKGROUND
from core.retraining.data import HUB, LabelledData

USUAL = "batch_norm_cnn"
MOST_OF_A_RUN = 1000
"""Networks that learn from the same masks; by default a run has three."""
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


def resnet18_32(classes: int, size: tuple[int, int]) -> nn.Module:  # noqa: ARG001 - it averages over places
    """ResNet-18 for small pictures: a first convolution of 3 x 3 without stride, and no pool after it."""
    from torchvision.models import resnet18

    network: nn.Module = resnet18(num_classes=classes)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


NETWORKS: Mapping[str, Callable[[int, tuple[int, int]], nn.Module]] = {
    USUAL: batch_norm_cnn,
    resnet18_32.__name__: resnet18_32,
}
TITLES = {USUAL: "Small CNN", resnet18_32.__name__: "ResNet-18", f"{HUB}shufflenet_v2_x0_5": "ShuffleNet v2"}
"""What a person reads; any other of torchvision's goes by its own name."""


def title_of(name: str) -> str:
    """
    >>> title_of("resnet18_32"), title_of("torchvision/mobilenet_v2")
    ('ResNet-18', 'mobilenet_v2')
    """
    return TITLES.get(name, name.removeprefix(HUB))


def network_seed(run: int, number: int) -> int:
    """The seed of one of a run's networks, which no network of another run has.

    >>> network_seed(0, 2), network_seed(3, 2)
    (2, 3002)
    """
    return MOST_OF_A_RUN * run + number


def build(name: str, data: LabelledData, seed: int, device: torch.device) -> nn.Module:
    """A network with random weights for these pictures.

    Parameters
    ----------
    name
        One of :data:`NETWORKS`, or ``torchvision/NAME``.

    Raises
    ------
    ValueError
        Where there is no such network, or it cannot take pictures of this size.
    """
    with seeded_construction(seed):
        network = without_chance(maker(name)(len(data.labels), data.size))
    check_takes(name, network, data.size)
    return network.to(device).to(memory_format=torch.channels_last)


def without_chance(network: nn.Module) -> nn.Module:
    """The same without dropout and stochastic depth, whose draws would depend on what else the process has trained."""
    from torchvision.ops import StochasticDepth

    for module in network.modules():
        if isinstance(module, (*DROPOUTS, StochasticDepth)):
            module.p = 0.0
    return network


def check_takes(name: str, network: nn.Module, size: tuple[int, int]) -> None:
    """Refuses a network whose pools leave nothing of a picture of this size, or that was made for another one."""
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, *size))
    except (RuntimeError, AssertionError) as error:  # torchvision asserts the size of a transformer's pictures
        height, width = size
        raise ValueError(
            f"{name} cannot take pictures of {height} × {width} pixels. Choose larger ones (224 for most of "
            f"torchvision's networks), or {USUAL}."
        ) from error
    network.train()


def maker(name: str) -> Callable[[int, tuple[int, int]], nn.Module]:
    """What makes such a network for a number of classes and a size of pictures."""
    if not name.startswith(HUB):
        find(dict.fromkeys([*NETWORKS, f"{HUB}NAME"]), name, "network")
        return NETWORKS[name]
    from torchvision import models

    wanted = name.removeprefix(HUB)
    find({each: each for each in models.list_models(module=models)}, wanted, "network of torchvision")
    return lambda classes, _: models.get_model(wanted, weights=None, num_classes=classes)


def as_classifier(network: nn.Module, data: LabelledData, device: torch.device) -> Classifier:
    """The network with what a heatmap needs to know of it."""
    size = data.size
    geometry = Preprocessing(lambda picture: centre_crop(picture, size=size), size, data.mean, data.std)
    return Classifier(
        name=f"trained on {data.name}",
        title=f"Network trained on {data.title}",
        network=network,
        preprocessing=geometry,
        labels=data.labels,
        device=device,
        dataset_mean=data.mean,
        dataset=data.name,
        background=data.train.pixels[:BACKGROUND],
        reading="softmax",
    )


def untrained(name: str, data: LabelledData, device: torch.device) -> Classifier:
    """A network with random weights that answers as a trained one would, and as fast: for timing."""
    return as_classifier(build(name, data, 0, device), data, device)
