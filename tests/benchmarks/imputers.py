"""Noisy linear filling against the forward pass that it feeds, and against pytorch-grad-cam's sparse solve."""

from collections.abc import Callable

import torch
from interleaved import seconds_of
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from torch import Tensor

import core
from core.methods.control import blobs
from core.metrics.removal import removal_rank
from core.pictures.imputers import Original, find_imputer
from core.pictures.interpolation import interpolate

SHARES = (0.1, 0.5, 0.7, 0.9)
RADIUS = 0.05
ROUNDS = 7
SPARSE_ROUNDS = 1


def mixed_masks(size: tuple[int, int]) -> Tensor:
    """Eight masks from few pixels to most: what a smooth map removes first, and what a random order does."""
    draw = torch.Generator().manual_seed(0)
    ranks = removal_rank(torch.stack([blobs(size, RADIUS, draw), torch.rand(size, generator=draw)]), draw)
    return torch.stack([rank < share * size[0] * size[1] for rank in ranks for share in SHARES])[:, None]


def noisy_linear(classifier: core.Classifier, pixels: Tensor) -> Callable[[Tensor], Tensor]:
    """Our filling, prepared for one picture."""
    original = Original(pixels, classifier.dataset_mean, torch.Generator().manual_seed(0))
    return find_imputer("noisy_linear").prepare(original)


def against_forward(classifier: core.Classifier, pixels: Tensor) -> tuple[float, str]:
    """Our seconds as a share of what the network takes for the same batch."""
    masks = mixed_masks(classifier.size)
    filling, network = noisy_linear(classifier, pixels), classifier.outputs_only().network
    ready = pixels.repeat(len(masks), 1, 1, 1).contiguous(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            network(ready)

    took = seconds_of({"ours": lambda: filling(masks), "forward": forward}, ROUNDS)
    ours, theirs = (1000 * seconds / len(masks) for seconds in took.values())
    left = float(interpolate(pixels, masks).residual.max())
    told = f"{ours:.1f} ms a picture in batches of {len(masks)}, residual {left:.0e}; forward {theirs:.1f} ms"
    return took["ours"] / took["forward"], told


def against_sparse_solve(classifier: core.Classifier, pixels: Tensor) -> tuple[float, str]:
    """Their seconds for each of ours, on the same masks."""
    masks = mixed_masks(classifier.size)
    filling, theirs = noisy_linear(classifier, pixels), NoisyLinearImputer()
    kept = (~masks[:, 0]).to(pixels.dtype)
    alternatives = {"ours": lambda: filling(masks), "theirs": lambda: [theirs(pixels[0], mask) for mask in kept]}
    took = seconds_of(alternatives, SPARSE_ROUNDS)
    told = f"{len(masks)} masks in {took['ours']:.2f} s; pytorch-grad-cam {took['theirs']:.1f} s"
    return took["theirs"] / took["ours"], told
