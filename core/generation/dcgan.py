"""The prior as it was published: a generative adversarial network, searched for what fits the seen pixels.

Latent search after Yeh et al. 2017, arXiv:1607.07539, on which reconstruction in its first form relies. It is here to
be compared with: donors are nearer to the truth and much faster.
"""

from collections.abc import Generator
from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from core.generation.donors import nearness
from core.generation.flow import FOLDER
from core.generation.pools import CLOTHES, Kind, in_channels
from core.generation.priors import FEW, Draws, Filler, Scene, prior
from core.models.sources import seeded_construction

FILE = "dcgan_fashion_mnist"
SIZE = (28, 28)
LATENTS = 100
WIDTH = 32
SLOPE = 0.2
STEPS = 300
TOLD = 10
"""Steps from one word on how far the search is to the next."""
RATE = 0.03
REALISM = 0.005
"""Weight of the generator's own loss beside the weighted difference of the seen pixels, as published."""


class Adversaries(nn.Module):
    """A generator of grey pictures of 28 x 28, and the discriminator that it was trained against."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(
            nn.Linear(LATENTS, 2 * WIDTH * 49, bias=False),
            nn.Unflatten(1, (2 * WIDTH, 7, 7)),
            nn.BatchNorm2d(2 * WIDTH),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(),
            nn.ConvTranspose2d(WIDTH, 1, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        self.discriminator = nn.Sequential(
            nn.Conv2d(1, WIDTH, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(WIDTH, 2 * WIDTH, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * WIDTH),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
            nn.Linear(2 * WIDTH * 49, 1),
        )


@lru_cache(maxsize=2)
def load_adversaries(device: torch.device | str = "cpu") -> Adversaries:
    """The bundled networks; their weights are stored as float16 and used as float32."""
    with seeded_construction():
        networks = Adversaries()
    networks.load_state_dict(load_file(FOLDER / f"{FILE}.safetensors"))
    for weights in networks.parameters():
        weights.requires_grad_(False)
    return networks.eval().to(device)


def check_clothes(pool: Kind) -> None:
    """Refuses pictures that the bundled networks were not trained on.

    Raises
    ------
    ValueError
        With those that they were.
    """
    if pool.name != CLOTHES or pool.size != SIZE:
        raise ValueError(
            "A DCGAN is bundled for fashion_mnist at 28 × 28 pixels only. Use the prior donors or exemplars."
        )


@prior(
    label="DCGAN with latent search",
    paper="Thakur and Fischmeister 2020, arXiv:2006.09504",
    check=check_clothes,
    first=FEW,
)
def dcgan(scene: Scene) -> Filler:
    """Searches the latent space of a DCGAN for pictures that match the seen pixels near the hole, in 300 steps.

    The form that was published for reconstruction, with a smaller network: for clothes of 28 x 28 only, and seconds for
    16 fills. The starts are uniform in [-1, 1], as published.
    """
    networks = load_adversaries(scene.pixels.device)

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Generator[float, None, Tensor]:
        drawn = [torch.rand(LATENTS, generator=draws("starts", number)) for number in numbers]
        starts = (2 * torch.stack(drawn) - 1).to(scene.pixels.device)
        seen = (2 * in_channels(scene.pixels, 1) - 1).float()
        found = yield from searched(networks, starts, seen, nearness(hole))
        return in_channels((found + 1) / 2, scene.pixels.shape[1]).to(scene.pixels)

    return fill


def searched(
    networks: Adversaries,
    latents: Float[Tensor, "n latents"],
    seen: Float[Tensor, "1 1 height width"],
    weights: Float[Tensor, "height width"],
) -> Generator[float, None, Float[Tensor, "n 1 height width"]]:
    """The pictures in [-1, 1] that the search ends at, from each start by itself; tells the share of it on the way.

    Parameters
    ----------
    weights
        Of the seen pixels; those of the hole have none.
    """
    latents = latents.clone().requires_grad_()
    optimiser = torch.optim.Adam([latents], RATE)
    shares = weights / weights.sum().clamp(min=1e-6)
    for step in range(1, STEPS + 1):
        with torch.enable_grad():
            made = networks.generator(latents)
            apart = ((made - seen).abs() * shares).sum(dim=(1, 2, 3))
            unreal = F.softplus(-networks.discriminator(made)[:, 0])
            (latents.grad,) = torch.autograd.grad((apart + REALISM * unreal).sum(), latents)
        optimiser.step()
        with torch.no_grad():
            latents.clamp_(-1, 1)
        if step % TOLD == 0:
            yield step / STEPS
    with torch.inference_mode():
        pictures: Tensor = networks.generator(latents)
    return pictures
