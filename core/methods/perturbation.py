"""Perturbation: what the answer loses when a part of the picture is covered. Needs outputs only."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.registry import Range, method
from core.pictures.windows import Window, sliding_windows

Cover = Literal["black", "grey", "dataset_mean", "picture_mean", "blur", "uniform_noise"]


@method(label="Occlusion", family="perturbation", signed=True, paper="Zeiler and Fergus 2014, arXiv:1311.2901")
def occlusion(
    passes: PassBank,
    window: Annotated[float, Range(0.02, 0.5)] = 1 / 7,
    overlap: Annotated[float, Range(0.0, 0.9)] = 0.5,
    cover: Cover = "dataset_mean",
) -> Float[Tensor, "1 height width"]:
    """What the score loses when a window is covered, averaged over all windows that cover a pixel.

    Parameters
    ----------
    window
        Side of the window as a share of the picture's shorter side.
    overlap
        How much neighbouring windows share.
    cover
        What the window is filled with.
    """
    windows = sliding_windows(passes.size, window, overlap)
    filled = passes.baseline(cover)

    def pictures(places: Sequence[int]) -> Tensor:
        return torch.cat([covered(passes.pixels, filled, windows[place]) for place in places])

    whole = passes.outputs(("whole",), 1, lambda _: passes.pixels)[0]
    answers = passes.outputs(("occlusion", window, overlap, cover), len(windows), pictures)
    return mean_over_windows({windows[place]: whole - answer for place, answer in answers.items()}, passes.pixels)


def covered(pixels: Tensor, filled: Tensor, window: Window) -> Float[Tensor, "1 3 height width"]:
    picture = pixels.clone()
    picture[:, :, window.rows, window.columns] = filled[:, :, window.rows, window.columns]
    return picture


def mean_over_windows(losses: dict[Window, Tensor], pixels: Tensor) -> Float[Tensor, "1 height width"]:
    """Each pixel's mean loss over the windows that covered it; 0 where none has yet."""
    total, coverage = torch.zeros_like(pixels[0, :1]), torch.zeros_like(pixels[0, :1])
    for window, loss in losses.items():
        total[:, window.rows, window.columns] += loss
        coverage[:, window.rows, window.columns] += 1
    return total / coverage.clamp(min=1)
