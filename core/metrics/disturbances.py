"""Disturbances of a picture that show whether a map is robust, the same for all maps: removed patches, or noise."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.models.outputs import Output, read_output
from core.pictures.imputers import remove
from core.randomness import generator, picture_digest

PATCHES, PATCH_SIDE = 64, 1 / 4
NOISY_COPIES, RADIUS = 10, 0.02


class Removals(NamedTuple):
    """Patches of a picture, and how far the explained output drops without each."""

    patches: Bool[Tensor, "n height width"]
    falls: Float[Tensor, " n"]


def random_patches(size: tuple[int, int], draw: torch.Generator) -> Bool[Tensor, "n height width"]:
    """Squares at random positions, partly outside the frame, so that every pixel is covered equally often.

    The side is a quarter of the picture's shorter side.
    """
    side = max(1, round(PATCH_SIDE * min(size)))
    along = []
    for length in size:
        starts = torch.randint(1 - side, length, (PATCHES, 1), generator=draw, device=draw.device)
        inward = torch.arange(length, device=draw.device) - starts
        along.append((inward >= 0) & (inward < side))
    rows, columns = along
    return rows[:, :, None] & columns[:, None]


def patch_removals(
    classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], target: int, output: Output, seed: int
) -> Generator[Progress, None, Removals]:
    """What the model loses when patches become the data set's mean; yields after each batch."""
    lean = classifier.outputs_only()
    draw = generator(seed, picture_digest(pixels), "patches", device=pixels.device)
    patches = random_patches(classifier.size, draw)
    mean = pixels.new_tensor(classifier.dataset_mean).view(1, -1, 1, 1)

    def without(places: Sequence[int]) -> Float[Tensor, " n"]:
        answers = lean.logits(remove(pixels, patches[list(places), None], mean))
        return read_output(answers, target, output, classifier.reading).double()

    falls, clean = list[Tensor](), read_output(lean.logits(pixels), target, output, classifier.reading).double()
    for _, left in run_in_batches(range(PATCHES), without, classifier.batch_size("forward")):
        falls.append(clean - left)
        yield Progress(sum(map(len, falls)), PATCHES, "Removed patches")
    return Removals(patches.cpu(), torch.cat(falls).cpu())


def noisy_copy(pixels: Float[Tensor, "1 3 height width"], seed: int, copy: int) -> Float[Tensor, "1 3 height width"]:
    """The picture with uniform noise on every channel of every pixel, not clipped."""
    draw = generator(seed, picture_digest(pixels), "noisy copy", copy, device=pixels.device)
    noise = torch.rand(pixels.shape, generator=draw, device=pixels.device, dtype=pixels.dtype)
    return pixels + RADIUS * (2 * noise - 1)
