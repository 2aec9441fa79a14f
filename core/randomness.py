"""Every draw comes from a generator with a stated purpose; the global state is never touched."""

import hashlib

import torch
from jaxtyping import Float
from torch import Tensor


def generator(seed: int, *purpose: object, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator whose draws depend on the run's seed and on their purpose, and on nothing else.

    >>> torch.equal(torch.rand(3, generator=generator(0, "noise")), torch.rand(3, generator=generator(0, "noise")))
    True
    >>> torch.equal(torch.rand(3, generator=generator(0, "noise")), torch.rand(3, generator=generator(0, "order")))
    False
    """
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def picture_digest(pixels: Float[Tensor, "*batch 3 height width"]) -> str:
    """A name for exactly these pixels: SHA-256 of their values."""
    return hashlib.sha256(pixels.detach().cpu().contiguous().numpy().tobytes()).hexdigest()
