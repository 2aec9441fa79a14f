"""The patches of a picture, what a network's answer loses without each, and whether a map puts them in that order."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.metrics.similarity import rank_correlation
from core.models.classifier import Classifier
from core.models.outputs import Output, read_output
from core.retraining.attributions import Maps
from core.retraining.training import answers, without

Patches = Bool[Tensor, "patches 1 height width"]


def patch_masks(size: tuple[int, int], across: int) -> Patches:
    """The pixels of each patch, row by row; where a side cannot be divided evenly, some patches are a pixel larger.

    >>> patch_masks((2, 3), 2)[:, 0].int().tolist()
    [[[1, 1, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0]], [[0, 0, 0], [0, 0, 1]]]
    """
    rows, columns = (torch.arange(side) * across // side for side in size)
    number = rows[:, None] * across + columns
    return number == torch.arange(across**2)[:, None, None, None]


def random_deletions(patches: Patches, count: int, draw: torch.Generator) -> Bool[Tensor, "count 1 height width"]:
    """A patch for each picture."""
    return patches[torch.randint(len(patches), (count,), generator=draw)]


def output_drops(
    classifier: Classifier, inputs: Float[Tensor, "n channels height width"], patches: Patches, output: Output
) -> Float[Tensor, "n patches"]:
    """What the output for the predicted class loses when each patch is deleted; negative where it gains."""
    count = len(patches)
    lacking = without(inputs.repeat_interleave(count, 0), patches.repeat(len(inputs), 1, 1, 1).to(inputs.device))
    whole, rest = answers(classifier.network, inputs), answers(classifier.network, lacking).view(len(inputs), count, -1)
    both = zip(whole, rest, whole.argmax(dim=1).tolist(), strict=True)
    told = [read_output(torch.cat([one[None], others]), own, output, classifier.reading) for one, others, own in both]
    return torch.stack([values[0] - values[1:] for values in told])


def agreements(maps: Maps, drops: Float[Tensor, "n patches"], patches: Patches) -> dict[str, Float[np.ndarray, " n"]]:
    """Each method's rank correlation on each picture; 0 where all sums, or all drops, are equal: that is no order.

    A picture that a method says nothing of counts, or a method would choose the pictures that it is judged on.
    """
    sums = {method: patch_sums(own, patches) for method, own in maps.items()}
    return {
        method: np.array([rank_correlation(*both) or 0.0 for both in zip(own, drops.cpu(), strict=True)])
        for method, own in sums.items()
    }


def patch_sums(maps: Float[Tensor, "n channels height width"], patches: Patches) -> Float[Tensor, "n patches"]:
    """The sum of each map over each patch.

    >>> patch_sums(torch.arange(4.0).view(1, 1, 2, 2), patch_masks((2, 2), 2)).tolist()
    [[0.0, 1.0, 2.0, 3.0]]
    """
    return maps.cpu().double().sum(dim=1).flatten(1) @ patches.flatten(1).double().T
