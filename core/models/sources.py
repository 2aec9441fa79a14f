"""What every source of models shares: how it lists them, reports a download, and refuses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from core.models.classifier import RGB

DownloadProgress = Callable[[int, int | None], object]
"""Told the bytes that have come and, where the host says it, the bytes that will come."""

UNSHIFTED: RGB = (0.0, 0.0, 0.0)
UNSCALED: RGB = (1.0, 1.0, 1.0)
"""Passed to a library's own transform, they leave its resize and crop, and pixels in [0, 1]."""


class ModelError(Exception):
    """A model that can't be had; the message says why and what to do instead."""


@dataclass(frozen=True)
class ListedModel:
    """A model that can be loaded by name.

    Parameters
    ----------
    label
        What a person reads.
    source
        ``bundled``, ``torchvision`` or ``timm``.
    note
        One line: how good it is, what it costs to fetch.
    dataset
        As a loaded classifier's.
    """

    name: str
    label: str
    source: str
    note: str
    dataset: str = "imagenet"


@contextmanager
def seeded_construction(seed: int = 0) -> Iterator[None]:
    """Networks built inside draw the same initial weights every time; the caller's generators are as before."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU too
        yield
