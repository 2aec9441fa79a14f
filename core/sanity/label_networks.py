"""Three small networks that differ in their training labels: true labels, true labels again, and shuffled ones."""

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
from core.models.trained import load_trained
from core.models.trained_file import PREFIX, Description
from core.models.training import EpochDone, Examples, stream_training
from core.pictures.datasets import fashion_mnist
from core.randomness import generator

Role = Literal["true", "retrained", "shuffled"]
ROLES: Mapping[Role, str] = {
    "true": "true labels",
    "retrained": "true labels, retrained",
    "shuffled": "shuffled labels",
}
BUNDLED_SEED = 0
LEARNED_FROM = 1000
EPOCHS, PEAK, BATCH = 40, 4e-3, 32
ENOUGH = 0.95
"""Training accuracy that a network needs; below it did not learn its labels."""
SIZE = (28, 28)


@dataclass(frozen=True)
class NetworkLearning:
    """The training progress of one of the networks."""

    role: Role
    epoch: EpochDone


@dataclass(frozen=True)
class Learned:
    """The result of a network's training.

    Parameters
    ----------
    accuracy
        Training accuracy, on the labels that it was given.
    held_out
        Test accuracy, on the true labels.
    """

    role: Role
    accuracy: float
    held_out: float


@dataclass(frozen=True, eq=False)
class LabelNetwork:
    """A network, and the result of its training."""

    classifier: Classifier
    learned: Learned


Networks = Mapping[Role, LabelNetwork]


def bundled_networks(device: torch.device | str = "auto") -> Generator[Progress, None, Networks]:
    """The bundled ones, each measured again; a step is one of them."""
    place = chosen_device(device)
    found: dict[Role, LabelNetwork] = {}
    for role in ROLES:
        yield Progress(len(found), len(ROLES), f"Network with {ROLES[role]}", "network")
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
                yield Progress(done, total, f"Network with {ROLES[role]}: {event.what}", "picture")
        classifier = described(role, seed, {}).classifier(ROLES[role], training.result, place)
        found[role] = measured(role, classifier, seed)
    return found


def train(
    role: Role, seed: int, device: torch.device, epochs: int = EPOCHS
) -> Generator[Progress | EpochDone, None, nn.Module]:
    """A network that memorises its labels; all learn from the same pictures.

    The second and the third start with the same random weights and see the pictures in the same order, both different
    from the first: these two differ only in their labels.
    """
    start = 2 * seed + (role != "true")
    with seeded_construction(start):
        network = label_cnn(len(FASHION_MNIST.labels()), SIZE)
    share_among_channels(network)
    network = network.to(device).to(memory_format=torch.channels_last)
    learned = examples(fashion_mnist("train").pixels[:LEARNED_FROM], training_labels(role, seed), device)
    held_out = examples(fashion_mnist("test").pixels, fashion_mnist("test").labels, device)
    yield from stream_training(network, lambda _: learned, held_out, epochs, start, PEAK, BATCH)
    return network


def share_among_channels(network: nn.Module) -> None:
    """Gives the first layer equal initial weights for the three channels.

    The channels are always equal here, so the weights stay equal. This removes noise that training would not change,
    and that would show in maps that add up the channels' magnitudes.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight.copy_(first.weight.mean(dim=1, keepdim=True).expand_as(first.weight))


def training_labels(role: Role, seed: int) -> Int[Tensor, " n"]:
    """The labels a network is trained on: the true ones, or the same ones shuffled."""
    labels = fashion_mnist("train").labels[:LEARNED_FROM]
    if role == "shuffled":
        return labels[torch.randperm(len(labels), generator=generator(seed, "shuffled labels"))]
    return labels


def examples(pixels: Float[Tensor, "n 3 _ _"], labels: Int[Tensor, " n"], device: torch.device) -> Examples:
    """Pictures as the network's input, with their labels."""
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (FASHION_MEAN, FASHION_STD))
    return ((pixels - shift) / scale).to(device, memory_format=torch.channels_last), labels.to(device)


def measured(role: Role, classifier: Classifier, seed: int) -> LabelNetwork:
    """The network with its current accuracy."""
    test = fashion_mnist("test")
    accuracy = share_named(classifier, fashion_mnist("train").pixels[:LEARNED_FROM], training_labels(role, seed))
    return LabelNetwork(classifier, Learned(role, accuracy, share_named(classifier, test.pixels, test.labels)))


def share_named(classifier: Classifier, pixels: Float[Tensor, "n 3 _ _"], labels: Int[Tensor, " n"]) -> float:
    """The classifier's accuracy on these pictures with these labels."""
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
    """The name to load a bundled network by."""
    return f"{PREFIX}labels_{role}"
