"""Training the DCGAN: a generator learns to make pictures that a discriminator takes for real ones."""

import time
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.generation.dcgan import LATENTS, Adversaries
from core.generation.flow_training import BATCH, REPORTED, Learned
from core.randomness import generator

RATE, BETAS = 2e-4, (0.5, 0.999)


def train_dcgan(pixels: Float[Tensor, "n 1 height width"], steps: int, seed: int) -> Iterator[Learned | Adversaries]:
    """Trains both networks on pictures in [0, 1]; the last thing it gives is the two. A step is a hundred batches."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = Adversaries()
    making, judging = (
        torch.optim.Adam(each.parameters(), RATE, BETAS) for each in (networks.generator, networks.discriminator)
    )
    draw, began, lost = generator(seed, "dcgan"), time.monotonic(), 0.0
    for step in range(1, steps + 1):
        real = 2 * pixels[torch.randint(len(pixels), (BATCH,), generator=draw)] - 1
        latents = 2 * torch.rand(BATCH, LATENTS, generator=draw) - 1
        lost += turn(networks, making, judging, real, latents)
        if step % REPORTED == 0 or step == steps:
            yield Learned(step, steps, lost / ((step - 1) % REPORTED + 1), time.monotonic() - began)
            lost = 0.0
    yield networks.eval()


def turn(
    networks: Adversaries,
    making: torch.optim.Optimizer,
    judging: torch.optim.Optimizer,
    real: Float[Tensor, "n 1 height width"],
    latents: Float[Tensor, "n latents"],
) -> float:
    """One step of the discriminator, then one of the generator; gives the generator's loss."""
    with torch.enable_grad():
        made = networks.generator(latents)
        judged = F.softplus(-networks.discriminator(real)) + F.softplus(networks.discriminator(made.detach()))
        judging.zero_grad()
        torch.autograd.backward(judged.mean())
        judging.step()
        loss = F.softplus(-networks.discriminator(made)).mean()
        making.zero_grad()
        torch.autograd.backward(loss)
        making.step()
    return loss.item()
