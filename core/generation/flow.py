"""The flow: a network that carries noise, or a donor with noise, to what fits the seen pixels."""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from typing import Literal

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load_file
from torch import Tensor

from core.assets import ASSETS
from core.generation.donors import donors
from core.generation.pools import CLOTHES, PATCHES, Kind, in_channels
from core.generation.priors import FEW, Draws, Filler, Scene, prior, whole
from core.generation.velocity import Velocity
from core.models.sources import seeded_construction

FOLDER = ASSETS / "priors"
STEPS = 12
START = 0.4
"""The time at which a donor is taken up: it then makes up 0.4 of what the flow starts from, and noise the rest."""
LIPMAN = "Lipman et al. 2023, arXiv:2210.02747"


@dataclass(frozen=True)
class Shape:
    """The pictures that a network was trained on: their size, their channels, and the side of its blocks."""

    size: tuple[int, int]
    channels: int
    block: int


FLOWS: dict[str, Shape] = {CLOTHES: Shape((28, 28), 1, 2), PATCHES: Shape((48, 48), 3, 4)}


@lru_cache(maxsize=4)
def load_flow(name: Literal["fashion_mnist", "patches"] | str, device: torch.device | str = "cpu") -> Velocity:
    """The bundled network for such pictures; its weights are stored as float16 and used as float32."""
    shape = FLOWS[name]
    with seeded_construction():
        network = Velocity(shape.channels, shape.block)
    network.load_state_dict(load_file(FOLDER / f"{name}.safetensors"))
    return network.eval().to(device)


def check_flow(pool: Kind) -> None:
    """Refuses pictures for which no network is bundled.

    Raises
    ------
    ValueError
        With those for which there is one.
    """
    shape = FLOWS.get(pool.name)
    if shape is None or shape.size != pool.size:
        known = " and ".join(f"{name} at {shape.size[1]} × {shape.size[0]}" for name, shape in FLOWS.items())
        raise ValueError(f"A flow is bundled for {known} pixels only. Use the prior donors or exemplars.")


@prior(label="Flow", paper=LIPMAN, check=check_flow, first=FEW)
def flow(scene: Scene) -> Filler:
    """Turns noise into a fill that fits the seen pixels, by a network trained with flow matching, in 12 steps.

    Bundled for clothes of 28 x 28 and patches of photos of 48 x 48.
    """
    network = load_flow(scene.pool.name, scene.pixels.device)

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Tensor:
        blank = scene.pixels.new_zeros(len(numbers), network.channels, *hole.shape)
        return carried(network, scene, hole, blank, 0.0, noise_of(numbers, blank, draws))

    return fill


@prior(label="Donors refined by the flow", paper=f"ours, of donors and {LIPMAN}", check=check_flow, first=FEW)
def refined_donors(scene: Scene) -> Filler:
    """Takes donors, mixes them with noise, and lets the flow, a small network, fit them to the seen pixels.

    The donors decide what is there. They make up 0.4 of what the flow starts from, and noise the rest.
    """
    network, donated = load_flow(scene.pool.name, scene.pixels.device), donors(scene)

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Tensor:
        start = in_channels(whole(donated(hole, numbers, draws)), network.channels)
        return carried(network, scene, hole, start, START, noise_of(numbers, start, draws))

    return fill


def noise_of(numbers: range, start: Float[Tensor, "n channels height width"], draws: Draws) -> Tensor:
    """Standard normal noise of each fill's own, of the shape of the pictures."""
    return torch.stack([torch.randn(start.shape[1:], generator=draws("noise", number)) for number in numbers]).to(start)


def carried(
    network: Velocity,
    scene: Scene,
    hole: Bool[Tensor, "height width"],
    start: Float[Tensor, "n channels height width"],
    time: float,
    noise: Float[Tensor, "n channels height width"],
) -> Float[Tensor, "n channels height width"]:
    """The fills that the flow ends at, from that time on, in [0, 1].

    Parameters
    ----------
    start
        Pictures in [0, 1] that are mixed with noise: at time 0 nothing of them is left, at time 1 nothing else.
    """
    seen = (2 * in_channels(scene.pixels, network.channels).to(noise) - 1) * ~hole
    places = hole[None, None].to(noise)
    now = torch.lerp(noise, 2 * start - 1, time)
    steps = ceil(round((1 - time) * STEPS, 6))
    go = partial(network, seen=seen.expand_as(now), hole=places.expand(len(now), -1, -1, -1))
    with torch.inference_mode():
        for step in range(steps):
            moment = now.new_full((len(now),), time + (1 - time) * step / steps)
            now = now + (1 - time) / steps * go(now * places + seen, moment)
    return in_channels(((now + 1) / 2).clamp(0, 1), scene.pixels.shape[1]).to(scene.pixels)
