"""What every source of models shares: how it lists them, reports a download, and refuses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from core.models.classifier import RGB

DownloadProgress = Callable[[int, int | None], object]
"""Called with the bytes received and, where the host states it, the total."""

UNSHIFTED: RGB = (0.0, 0.0, 0.0)
UNSCALED: RGB = (1.0, 1.0, 1.0)
"""Passed to a library's own transform, they leave only its resize and crop, and pixels in [0, 1]."""


class ModelError(Exception):
    """A model that is unavailable; the message says why and what to do instead."""


@dataclass(frozen=True)
class ListedModel:
    """A model that can be loaded by name.

    Parameters
    ----------
    label
        The name shown to a person.
    source
        ``bundled``, ``torchvision``, ``timm`` or ``own``.
    note
        One line: its accuracy and the size of its download.
    dataset
        The same as a loaded classifier's.
    """

    name: str
    label: str
    source: str
    note: str
    dataset: str = "imagenet"


@dataclass(frozen=True)
class UsualInput:
    """How the library prepares pictures for an architecture: the side of the input, the share that the crop keeps."""

    side: int
    crop: float
    mean: RGB
    std: RGB


@contextmanager
def seeded_construction(seed: int = 0) -> Iterator[None]:
    """Networks built inside draw the same initial weights every time; the caller's generators stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU too
        yield
