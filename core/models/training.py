"""Training a small network one batch at a time, so that others get their turn and a person sees it learn."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from core.jobs.events import Progress
from core.randomness import generator

DECAY = 0.01
Examples = tuple[Tensor, Tensor]
"""The inputs of a network, and the class of each."""


@dataclass(frozen=True)
class EpochDone:
    """The result of one epoch of training.

    Parameters
    ----------
    epoch
        From 1 on.
    loss, accuracy
        Cross-entropy and accuracy over the epoch's examples, each measured just before the network learned from it.
    held_out
        Accuracy on examples that it does not learn from.
    seconds
        Time since the first epoch began.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    held_out: float
    seconds: float


def stream_training(
    network: nn.Module,
    draw: Callable[[int], Examples],
    held_out: Examples,
    epochs: int,
    seed: int,
    peak: float,
    batch: int = 64,
    precision: torch.dtype = torch.float32,
) -> Iterator[Progress | EpochDone]:
    """Trains the network in place; the learning rate rises once and falls. A step is one batch.

    Parameters
    ----------
    draw
        Gives the examples of an epoch, from 0 on; the same number in each.
    peak
        The highest learning rate.
    precision
        Of the layers' passes while it learns; weights, loss and held-out passes are float32.
    """
    began, seen = time.monotonic(), 0
    learning: Learning | None = None
    for epoch in range(epochs):
        inputs, labels = draw(epoch)
        order = torch.randperm(len(labels), generator=generator(seed, "training order", epoch))
        parts = in_batches(order, batch)
        learning = learning or Learning(network, peak, epochs * len(parts), precision)
        loss = right = 0.0
        for places in parts:
            lost, named = learning.step(inputs[places], labels[places])
            loss, right, seen = loss + lost, right + named, seen + len(places)
            yield Progress(seen, epochs * len(labels), f"Epoch {epoch + 1} of {epochs}", "picture")
        shares = loss / len(labels), right / len(labels), share_right(network, held_out, batch)
        yield EpochDone(epoch + 1, epochs, *shares, time.monotonic() - began)


def in_batches(order: Int[Tensor, " n"], batch: int) -> Sequence[Int[Tensor, " _"]]:
    """Batches of that size; a last one of a single example joins the one before, since nothing can normalise it.

    >>> [len(part) for part in in_batches(torch.arange(7), 3)]
    [3, 4]
    """
    parts = torch.split(order, batch)
    return (*parts[:-2], torch.cat(parts[-2:])) if len(parts) > 1 and len(parts[-1]) == 1 else parts


class Learning:
    """A network's weights during a number of training steps.

    Parameters
    ----------
    precision
        Of the layers' passes; the weights are float32.
    """

    def __init__(self, network: nn.Module, peak: float, steps: int, precision: torch.dtype = torch.float32) -> None:
        self._precision = precision
        self._network = pools_first(network)
        self._optimiser = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, peak, steps)

    def step(self, inputs: Float[Tensor, "n ..."], labels: Int[Tensor, " n"]) -> tuple[float, int]:
        """Learns from these examples; gives the sum of their losses, and how many were correct before."""
        self._network.train()
        with torch.enable_grad():
            with torch.autocast(inputs.device.type, self._precision, enabled=self._precision != torch.float32):
                logits = self._network(inputs).float()
            loss = F.cross_entropy(logits, labels)
            self._optimiser.zero_grad()
            torch.autograd.backward(loss)
        self._optimiser.step()
        self._schedule.step()
        return loss.item() * len(labels), int((logits.argmax(dim=1) == labels).sum())


def pools_first(network: nn.Module) -> nn.Module:
    """The same layers, each maximum pool before the ReLU that it follows, which is left with fewer values to clip.

    The maximum of clipped values is the clipped maximum: outputs and gradients are the same to the bit.
    """
    if type(network) is not nn.Sequential:
        return network
    layers = list(network)
    for place, pair in enumerate(pairwise(network)):
        if type(pair[0]) is nn.ReLU and type(pair[1]) is nn.MaxPool2d:
            layers[place : place + 2] = reversed(pair)
    return nn.Sequential(*layers)


def share_right(network: nn.Module, examples: Examples, batch: int) -> float:
    """Accuracy of the network on these examples."""
    network.eval()
    inputs, labels = examples
    with torch.inference_mode():
        named = torch.cat([network(part).argmax(dim=1) for part in torch.split(inputs, batch)])
    return float((named == labels).double().mean())
