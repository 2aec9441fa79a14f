"""Three small networks that differ in what they were told: the true labels, the same again, and shuffled ones."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.jobs.events import Progress, Returning
from core.models.bundled import FASHION_MEAN, FASHION_MNIST, FASHION_STD
from core.models.catalogue import chosen_device
from core.models.classifier import Classifier
from core.models.small import label_cnn
from core.models.sources import seeded_construction
from core.models.trained import PREFIX, Description, load_trained
from core.models.training import EpochDone, Examples, stream_training
from core.pictures.datasets import fashion_mnist
from core.randomness import generator

Role = Literal["true", "retrained", "shuffled"]
ROLES: Mapping[Role, str] = {
    "true": "true labels",
    "retrained": "true labels, trained anew",
    "shuffled": "shuffled labels",
}
BUNDLED_SEED = 0
LEARNED_FROM = 1000
EPOCHS, PEAK, BATCH = 40, 4e-3, 32
ENOUGH = 0.95
"""Share of its training pictures that a network must name as it was told; below it did not learn what it was told."""
SIZE = (28, 28)


@dataclass(frozen=True)
class NetworkLearning:
    """How the training of one of the networks goes."""

    role: Role
    epoch: EpochDone


@dataclass(frozen=True)
class Learned:
    """What a network came to.

    Parameters
    ----------
    accuracy
        Share of its training pictures that it names as it was told.
    held_out
        Share of the test pictures that it names rightly.
    """

    role: Role
    accuracy: float
    held_out: float


@dataclass(frozen=True, eq=False)
class LabelNetwork:
    """A network, and what it came to."""

    classifier: Classifier
    learned: Learned


Networks = Mapping[Role, LabelNetwork]


def bundled_networks(device: torch.device | str = "auto") -> Generator[Progress, None, Networks]:
    """Those that come with HeatCheck, each asked anew what it learned; a step is one of them."""
    place = chosen_device(device)
    found: dict[Role, LabelNetwork] = {}
    for role in ROLES:
        yield Progress(len(found), len(ROLES), f"Network with {ROLES[role]}")
        found[role] = measured(role, load_trained(bundled_name(role), place), BUNDLED_SEED)
    return found


def trained_networks(
    seed: int, device: torch.device | str = "auto", epochs: int = EPOCHS
) -> Generator[Progress | NetworkLearning, None, Networks]:
    """The same, trained here; a step is one batch."""
    place = chosen_device(device)
    found: dict[Role, LabelNetwork] = {}
    for role in ROLES:
        training = Returning(train(role, seed, place, epochs))
        for event in training:
            if isinstance(event, EpochDone):
                yield NetworkLearning(role, event)
            else:
                done, total = len(found) * event.total + event.done, len(ROLES) * event.total
                yield Progress(done, total, f"Network with {ROLES[role]}: {event.what}")
        classifier = described(role, seed, {}).classifier(ROLES[role], training.result, place)
        found[role] = measured(role, classifier, seed)
    return found


def train(
    role: Role, seed: int, device: torch.device, epochs: int = EPOCHS
) -> Generator[Progress | EpochDone, None, nn.Module]:
    """A network that learns by heart what it is told; all learn from the same pictures.

    The second and the third begin with the same random weights and meet the pictures in the same order, others than the
    first: what differs between these two is their labels alone.
    """
    start = 2 * seed + (role != "true")
    with seeded_construction(start):
        network = label_cnn(len(FASHION_MNIST.labels()), SIZE)
    share_among_channels(network)
    network = network.to(device).to(memory_format=torch.channels_last)
    told = seen(fashion_mnist("train").pixels[:LEARNED_FROM], told_labels(role, seed), device)
    held_out = seen(fashion_mnist("test").pixels, fashion_mnist("test").labels, device)
    yield from stream_training(network, lambda _: told, held_out, epochs, start, PEAK, BATCH)
    return network


def share_among_channels(network: nn.Module) -> None:
    """Lets the first layer begin with equal weights for the three channels.

    They are always equal here, so that the weights stay so. What goes is noise that no training would touch, and that a
    map would show that adds up the channels' magnitudes.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight.copy_(first.weight.mean(dim=1, keepdim=True).expand_as(first.weight))


def told_labels(role: Role, seed: int) -> Int[Tensor, " n"]:
    """What a network is told of the pictures that it learns from: the truth, or the same labels dealt out anew."""
    labels = fashion_mnist("train").labels[:LEARNED_FROM]
    if role == "shuffled":
        return labels[torch.randperm(len(labels), generator=generator(seed, "shuffled labels"))]
    return labels


def seen(pixels: Float[Tensor, "n 3 _ _"], labels: Int[Tensor, " n"], device: torch.device) -> Examples:
    """Pictures as a network is fed them, with what it is told of each."""
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (FASHION_MEAN, FASHION_STD))
    return ((pixels - shift) / scale).to(device, memory_format=torch.channels_last), labels.to(device)


def measured(role: Role, classifier: Classifier, seed: int) -> LabelNetwork:
    """The network with what it came to, asked as it is now."""
    test = fashion_mnist("test")
    told = share_named(classifier, fashion_mnist("train").pixels[:LEARNED_FROM], told_labels(role, seed))
    return LabelNetwork(classifier, Learned(role, told, share_named(classifier, test.pixels, test.labels)))


def share_named(classifier: Classifier, pixels: Float[Tensor, "n 3 _ _"], labels: Int[Tensor, " n"]) -> float:
    """The share of the pictures that the classifier names as these labels do."""
    named = classifier.logits(pixels.to(classifier.device)).argmax(dim=1).cpu()
    return float((named == labels).double().mean())


def described(role: Role, seed: int, about: Mapping[str, Any]) -> Description:
    """How such a network is built and used."""
    return Description(
        network="label_cnn",
        labels=FASHION_MNIST.labels(),
        size=SIZE,
        mean=FASHION_MEAN,
        std=FASHION_STD,
        dataset_mean=FASHION_MNIST.mean,
        title=f"Fashion-MNIST, {ROLES[role]}",
        dataset=FASHION_MNIST.name,
        about={"labels": role, "seed": seed, "pictures": LEARNED_FROM, **about},
    )


def bundled_name(role: Role) -> str:
    """What a bundled network can be loaded by."""
    return f"{PREFIX}labels_{role}"
