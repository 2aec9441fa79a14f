"""Training the flow: straight paths from noise to pictures, in holes of every shape and size.

Flow matching after Lipman et al. 2023, arXiv:2210.02747: at a random time between noise and picture, the network learns
the way from one to the other. It sees everything outside of the hole, and the loss counts the hole alone.
"""

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from core.generation.velocity import Velocity
from core.randomness import generator

SMALLEST_HOLE, LARGEST_HOLE = 0.1, 0.95
"""Shares of the picture."""
COARSEST = 3
"""Cells along a side of the noise whose highest places become a hole."""
LONGEST_RECTANGLE = 2.0
BATCH = 64
PEAK = 2e-3
WARM_UP = 200
DECAY = 0.01
FORGETTING = 0.001
"""Of the mean over the steps: the weights that are stored."""
REPORTED = 100


class Example(NamedTuple):
    """Pictures in [-1, 1], the hole of each, and the noise and the time at which their velocities are learned."""

    pictures: Float[Tensor, "n channels height width"]
    hole: Float[Tensor, "n 1 height width"]
    noise: Float[Tensor, "n channels height width"]
    moment: Float[Tensor, " n"]


@dataclass(frozen=True)
class Learned:
    """The progress of a prior's training.

    Parameters
    ----------
    loss
        Mean over the steps since the last report: of a flow, the squared error of the velocity in the hole.
    seconds
        Since the first step.
    """

    step: int
    steps: int
    loss: float
    seconds: float


def train_flow(
    pixels: Float[Tensor, "n channels height width"], block: int, steps: int, seed: int
) -> Iterator[Learned | Velocity]:
    """Trains a network on pictures in [0, 1]; the last thing it gives is the network. A step is a hundred batches."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Velocity(pixels.shape[1], block)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps))
    averaged = copy.deepcopy(network)
    began, lost = time.monotonic(), 0.0
    for step, example in zip(range(1, steps + 1), examples(pixels, seed), strict=False):
        with torch.enable_grad():
            with torch.autocast("cpu", torch.bfloat16):  # 1.6 times as fast where the processor has it
                loss = flow_loss(network, example)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        follow(averaged, network, max(FORGETTING, 1 / step))
        lost += loss.item()
        if step % REPORTED == 0 or step == steps:
            yield Learned(step, steps, lost / ((step - 1) % REPORTED + 1), time.monotonic() - began)
            lost = 0.0
    yield averaged.eval()


def rate(step: int, steps: int) -> float:
    """The learning rate as a share of its peak: up in a line, down like half a cosine."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - WARM_UP) / max(1, steps - WARM_UP)))


def follow(averaged: nn.Module, network: nn.Module, share: float) -> None:
    """Moves the averaged weights towards the network's by that share."""
    with torch.no_grad():
        for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, share)


def examples(pixels: Float[Tensor, "n channels height width"], seed: int) -> Iterator[Example]:
    """Batches without end, each picture once an epoch."""
    for epoch in count():
        draw = generator(seed, "flow", epoch)
        for places in torch.split(torch.randperm(len(pixels), generator=draw), BATCH):
            pictures = 2 * pixels[places] - 1
            hole = holes(len(places), (pixels.shape[2], pixels.shape[3]), draw)
            noise = torch.randn(pictures.shape, generator=draw)
            yield Example(pictures, hole, noise, torch.rand(len(places), generator=draw))


def flow_loss(network: nn.Module, example: Example) -> Float[Tensor, ""]:
    """The mean squared error of the velocity in the hole, every picture counting the same."""
    pictures, hole, noise, moment = example
    noisy = torch.lerp(noise, pictures, moment[:, None, None, None])
    seen = pictures * (1 - hole)
    error = network(noisy * hole + seen, moment, seen, hole).float() - (pictures - noise)
    squares = (error.square() * hole).sum(dim=(1, 2, 3))
    loss: Tensor = (squares / (hole.sum(dim=(1, 2, 3)) * pictures.shape[1])).mean()
    return loss


def holes(number: int, size: tuple[int, int], draw: torch.Generator) -> Float[Tensor, "n 1 height width"]:
    """That many holes: rectangles, and the highest places of noise, from patches down to single pixels; and what
    remains of a picture without them.
    """
    drawn = []
    for turn in range(number):
        share = SMALLEST_HOLE + (LARGEST_HOLE - SMALLEST_HOLE) * float(torch.rand((), generator=draw))
        inside = bool(turn % 4 == 3)
        make = rectangle if turn % 2 else highest
        hole = make(1 - share if inside else share, size, draw)
        drawn.append(~hole if inside else hole)
    return torch.stack(drawn)[:, None].float()


def rectangle(share: float, size: tuple[int, int], draw: torch.Generator) -> Bool[Tensor, "height width"]:
    """About that share of the picture: a rectangle anywhere, at most twice as long as wide."""
    height, width = size
    stretch = LONGEST_RECTANGLE ** float(torch.rand((), generator=draw) - 0.5)
    rows = min(height, max(1, round(height * math.sqrt(share) * stretch)))
    columns = min(width, max(1, round(height * width * share / rows)))
    top, left = (int(torch.randint(room + 1, (), generator=draw)) for room in (height - rows, width - columns))
    hole = torch.zeros(size, dtype=torch.bool)
    hole[top : top + rows, left : left + columns] = True
    return hole


def highest(share: float, size: tuple[int, int], draw: torch.Generator) -> Bool[Tensor, "height width"]:
    """Exactly that share of the picture, rounded: the highest places of noise that is smooth or not."""
    height, width = size
    finest = min(size)
    cells = round(COARSEST * (finest / COARSEST) ** float(torch.rand((), generator=draw)))
    noise = torch.rand((1, 1, cells, cells), generator=draw)
    levels = F.interpolate(noise, size=size, mode="bicubic", align_corners=False).flatten()
    hole = torch.zeros(height * width, dtype=torch.bool)
    hole[levels.topk(round(share * height * width)).indices] = True
    return hole.view(height, width)
