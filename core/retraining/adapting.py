"""Copies of a trained network that go on learning, from pictures with gaps, until gaps are nothing new to them."""

import copy
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from core.jobs.events import Progress
from core.jobs.side_by_side import side_by_side, threads_at_hand
from core.models.training import EpochDone, stream_training
from core.retraining.data import LabelledData
from core.retraining.training import BATCH, recognised, without

Learning = Callable[[], Iterator[Any]]
"""Starts a stream of events whose last is the copy."""
EPOCHS, PEAK = 1, 2e-3
Masks = Callable[[int], Bool[Tensor, "n _ height width"]]
"""The places that each training picture loses in an epoch, from 0 on."""


def streams_at_once(device: torch.device) -> int:
    """As many as there are threads for one operation; a GPU is busy with one stream."""
    return threads_at_hand() if device.type == "cpu" else 1


def adapted_copies(
    copies: Sequence[Learning], device: torch.device, what: str = "Fine-tuning"
) -> Generator[Any, None, list[nn.Module]]:
    """The copies in their order, which learn side by side.

    Parameters
    ----------
    what
        What a person reads beside their common progress.
    """
    found: dict[int, nn.Module] = {}
    done: Counter[int] = Counter()
    for number, event in side_by_side(copies, streams_at_once(device)):
        if isinstance(event, nn.Module):
            found[number] = event
        elif isinstance(event, Progress):
            done[number] = int(event.done)
            yield Progress(done.total(), len(copies) * event.total, what, "picture")
        else:
            yield event
    return [found[number] for number in range(len(copies))]


def adapted_copy(
    network: nn.Module, data: LabelledData, masks: Masks, seed: int, device: torch.device, epochs: int = EPOCHS
) -> Generator[Progress | EpochDone, None, nn.Module]:
    """A copy that has learned from the training pictures without these places; a step is one batch.

    Parameters
    ----------
    seed
        Of the order of the pictures.
    """
    copied = copy.deepcopy(network)
    for weights in copied.parameters():
        weights.requires_grad_(True)
    inputs, labels = data.inputs["train"], data.train.labels.to(device)
    held_out = data.inputs["test"].to(device), data.test.labels.to(device)

    def draw(epoch: int) -> tuple[Tensor, Tensor]:
        return without(inputs, masks(epoch)).to(device), labels

    yield from stream_training(copied, draw, held_out, epochs, seed, PEAK, BATCH)
    return copied


def accuracy_on_tests(
    network: nn.Module,
    data: LabelledData,
    device: torch.device,
    removed: Bool[Tensor, "n _ height width"] | None = None,
) -> float:
    """The share of test pictures that is recognised.

    Parameters
    ----------
    removed
        The places that each lost; none where not given.
    """
    inputs = data.inputs["test"]
    shown = inputs if removed is None else without(inputs, removed)
    return float(recognised(network, shown.to(device), data.test.labels.numpy()).mean())
