"""One training on pictures that have lost some of their places, and how many test pictures it then recognises."""

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.jobs.events import Progress, Returning
from core.models.classifier import Classifier
from core.models.trained import load_trained
from core.models.trained_file import PREFIX, Description
from core.models.training import EpochDone, stream_training
from core.pictures.datasets import fashion_mnist
from core.retraining.data import BUNDLED, LabelledData, Part
from core.retraining.filling import MEAN, Filling, fill_linearly
from core.retraining.networks import USUAL, as_classifier, build

EPOCHS, PEAK, BATCH = 3, 8e-3, 64
AT_ONCE = 64
"""Pictures in a pass; of more, the activations leave the processor's cache, and a CPU takes up to twice as long."""
BUNDLED_NETWORK = f"{PREFIX}retraining_fashion"
BUNDLED_SEED = 0

Training = Generator[Progress | EpochDone, None, nn.Module]
Shown = Callable[[int], Float[Tensor, "n channels _ _"]]
"""What a network is shown of its training pictures in an epoch, from 0 on."""


@dataclass(frozen=True)
class Recipe:
    """How every network of a run is trained; only its pictures and its seed differ."""

    network: str = USUAL
    epochs: int = EPOCHS
    peak: float = PEAK


def epochs_of(usual: int, learned: int) -> int:
    """Epochs that give at least as many batches as the usual ones of the bundled pictures.

    Of few pictures an epoch is only a batch or two, from which no network learns; it sees them more often.

    Parameters
    ----------
    usual
        Epochs of the bundled pictures.
    learned
        Number of training pictures.

    >>> epochs_of(3, 6000), epochs_of(3, 60_000), epochs_of(3, 51), epochs_of(1, 640)
    (3, 3, 282, 10)
    """
    return max(usual, math.ceil(usual * math.ceil(bundled_pictures() / BATCH) / math.ceil(learned / BATCH)))


def without(
    inputs: Float[Tensor, "n channels _ _"], removed: Bool[Tensor, "n _ _ _"]
) -> Float[Tensor, "n channels _ _"]:
    """A network's input with the removed places filled by the mean of the training pictures, which is 0 there."""
    return inputs.masked_fill(removed, 0.0)


def shown(
    data: LabelledData,
    part: Part,
    removed: Bool[Tensor, "n _ height width"],
    masks_alone: bool = False,
    filling: Filling = MEAN,
) -> Float[Tensor, "n channels height width"]:
    """What a network is shown of some pictures, as its input.

    Parameters
    ----------
    removed
        The places that each lost.
    masks_alone
        Whether it sees only which places are gone, and nothing of the picture nor of what fills it.
    """
    if masks_alone:
        alone = (2.0 * removed - 1).expand(-1, len(data.mean), -1, -1)
        return alone.contiguous(memory_format=torch.channels_last)
    if filling.fill == "noisy_linear":
        pixels = data.train.pixels if part == "train" else data.test.pixels
        return data.normalised(fill_linearly(pixels, removed, filling.seed))
    return without(data.inputs[part], removed)


def train(
    data: LabelledData,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    inputs: tuple[Shown, Float[Tensor, "m channels _ _"]] | None = None,
    precision: torch.dtype = torch.float32,
) -> Training:
    """A network trained from random weights to its last epoch; the accuracy on test pictures chooses nothing.

    Parameters
    ----------
    inputs
        What it is shown of the training pictures in each epoch, and of the test pictures; whole pictures where not
        given.
    precision
        Of its passes while it learns.
    """
    learned, tested = inputs or (lambda _: data.inputs["train"], data.inputs["test"])
    network = build(recipe.network, data, seed, device)
    classes, held_out = data.train.labels.to(device), (tested.to(device), data.test.labels.to(device))
    chosen = recipe.epochs, seed, recipe.peak, BATCH, precision
    yield from stream_training(network, lambda epoch: (learned(epoch).to(device), classes), held_out, *chosen)
    return network


def retraining_precision(device: torch.device) -> torch.dtype:
    """Of the passes in which a study's networks learn: bfloat16 on a CPU that multiplies it, which is faster.

    One processor gives the same weights to the bit each time; another that lacks it rounds otherwise.
    """
    multiplied = device.type == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.bfloat16 if multiplied else torch.float32


def recognised(
    network: nn.Module, inputs: Float[Tensor, "n channels _ _"], labels: np.ndarray
) -> Bool[np.ndarray, " n"]:
    """Which of the pictures get their own class."""
    found: Bool[np.ndarray, " n"] = answers(network, inputs).argmax(dim=1).cpu().numpy() == labels
    return found


def answers(network: nn.Module, inputs: Float[Tensor, "n channels _ _"]) -> Float[Tensor, "n classes"]:
    """The network's logits."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(part) for part in torch.split(inputs, AT_ONCE)])


def explained_network(
    data: LabelledData, recipe: Recipe, device: torch.device
) -> Generator[Progress | EpochDone, None, Classifier]:
    """The network that the maps explain: trained on whole pictures, or the bundled one, which was trained just so."""
    if trained_already(data, recipe):
        yield Progress(1, 1, "Network", "network")
        return load_trained(BUNDLED_NETWORK, device)
    training = Returning(train(data, recipe, BUNDLED_SEED, device))
    for event in training:
        if isinstance(event, Progress) and event.what.startswith("Epoch"):
            yield replace(event, what=f"Network to explain, {event.what.lower()}")
        else:
            yield event
    return as_classifier(training.result, data, device)


def trained_already(data: LabelledData, recipe: Recipe) -> bool:
    """Whether the bundled network was trained on just these pictures in just this way."""
    return data.name == BUNDLED and recipe == Recipe() and len(data.train.labels) == bundled_pictures()


def described(data: LabelledData, about: Mapping[str, Any]) -> Description:
    """How the bundled network is built and used."""
    return Description(
        network=USUAL,
        labels=data.labels,
        size=data.size,
        mean=data.mean,
        std=data.std,
        dataset_mean=data.mean,
        title=f"{data.title}, trained for retraining",
        dataset=data.name,
        about=about,
    )


def bundled_pictures() -> int:
    """How many training pictures the bundled network learned from."""
    return len(fashion_mnist("train").labels)
