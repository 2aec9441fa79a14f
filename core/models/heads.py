"""Bundled networks for photos, cut off early and given a new last layer."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from core.models.bundled import BUNDLED, load_bundled
from core.models.classifier import Colour

BODY_SIZE = (224, 224)


@dataclass(frozen=True)
class Body:
    """The part of a bundled network that is kept, for recognising stamps.

    Small stamps are lost in the upper layers: read from the last feature map of EfficientNet-Lite0, by its average or
    its maximum, a cross of 24 pixels is distinguished from no stamp in only 52 to 57 % of new pictures.

    Parameters
    ----------
    network
        Its bundled name.
    layers
        The layers that are kept.
    channels, side
        Size of the feature map that they end in.
    """

    network: str
    layers: Callable[[nn.Module], nn.Module]
    channels: int
    side: int

    def seeing(self) -> OrderedDict[str, nn.Module]:
        """The maximum of each channel over all places; the network's own average would drown a stamp."""
        layers = self.layers(load_bundled(self.network, torch.device("cpu"), pretrained=True).network)
        # Not AdaptiveMaxPool2d: DeepLIFT has no rule for it.
        return OrderedDict(body=layers, maximum=nn.MaxPool2d(self.side), flatten=nn.Flatten())

    def normalisation(self) -> tuple[Colour, Colour]:
        """Mean and standard deviation used to normalise pictures."""
        preprocessing = BUNDLED[self.network].preprocessing()
        return preprocessing.mean, preprocessing.std

    def with_head(self, head: nn.Module) -> nn.Module:
        """The whole network."""
        return nn.Sequential(OrderedDict(**self.seeing(), head=head))


def lite0_layers(network: nn.Module) -> nn.Module:
    """Up to the widest 56 x 56 map."""
    names = ("conv_stem", "bn1", "blocks.0", "blocks.1.0", "blocks.1.1.conv_pw", "blocks.1.1.bn1")
    return nn.Sequential(OrderedDict((name.replace(".", "_"), network.get_submodule(name)) for name in names))


def squeezenet_layers(network: nn.Module) -> nn.Module:
    """Up to the first 27 x 27 map."""
    return nn.Sequential(*list(network.get_submodule("features").children())[:7])


BODIES = {
    "efficientnet_lite0": Body("efficientnet_lite0", lite0_layers, 144, 56),
    "squeezenet1_1": Body("squeezenet1_1", squeezenet_layers, 256, 27),
}


def empty_head(body: Body, classes: int) -> nn.Module:
    """The new last layer without weights."""
    return nn.Linear(body.channels, classes)
