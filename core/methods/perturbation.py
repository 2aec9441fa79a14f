"""Perturbation: how the answer changes when parts of the picture are covered. Needs outputs only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.readings import Outputs
from core.methods.registry import Range, method
from core.methods.repeatability import note_agreement
from core.methods.requests import Request
from core.pictures.grids import Upsampling
from core.pictures.imputers import Cover, remove
from core.pictures.windows import Window, sliding_windows


@method(label="Occlusion", family="perturbation", signed=True, paper="Zeiler and Fergus 2014, arXiv:1311.2901")
def occlusion(
    passes: PassBank,
    window: Annotated[float, Range(0.02, 0.5)] = 1 / 7,
    overlap: Annotated[float, Range(0.0, 0.9)] = 0.5,
    cover: Cover = "dataset_mean",
) -> Float[Tensor, "1 height width"]:
    """The drop in score when a window is covered, averaged over all windows that cover a pixel.

    It covers one window at a time: where either of two parts is enough for the class, covering one loses nothing. The
    map is as coarse as the window, and a covered window is itself visible to the network.

    Parameters
    ----------
    window
        Side of the window as a share of the picture's shorter side.
    overlap
        Overlap of neighbouring windows.
    cover
        What fills the window.
    """
    windows = sliding_windows(passes.size, window, overlap)
    rows, columns = spans(windows, passes.pixels)

    def pictures(places: Sequence[int]) -> Tensor:
        removed = rows[list(places), :, None] & columns[list(places), None, :]
        return remove(passes.pixels, removed[:, None], passes.baseline(cover))

    whole = passes.score()
    answers = passes.outputs(("occlusion", window, overlap, cover), len(windows), pictures)
    losses = whole - torch.stack([*answers.values()])
    return mean_over_windows(losses.to(passes.pixels), rows[[*answers]], columns[[*answers]])


def spans(
    windows: Sequence[Window], pixels: Float[Tensor, "1 3 height width"]
) -> tuple[Bool[Tensor, "n height"], Bool[Tensor, "n width"]]:
    """The rows and the columns that each window covers."""
    corners = torch.tensor([(window.top, window.left, window.side) for window in windows], device=pixels.device)
    rows, columns = (torch.arange(length, device=pixels.device) for length in pixels.shape[2:])
    top, left, side = corners.T[:, :, None]
    return (rows >= top) & (rows < top + side), (columns >= left) & (columns < left + side)


def mean_over_windows(
    losses: Float[Tensor, " n"], rows: Bool[Tensor, "n height"], columns: Bool[Tensor, "n width"]
) -> Float[Tensor, "1 height width"]:
    """Each pixel's mean loss over the windows that covered it; 0 where none has so far."""
    tall, wide = rows.to(losses), columns.to(losses)
    total, coverage = (losses * tall.T) @ wide, tall.T @ wide
    return (total / coverage.clamp(min=1))[None]


@method(label="RISE", family="perturbation", signed=True, paper="Petsiuk et al. 2018, arXiv:1806.07421", drawn=True)
def rise(
    passes: PassBank,
    samples: Annotated[int, Range(10, 8000)] = 1000,
    cells: Annotated[int, Range(2, 32)] = 7,
    shown: Annotated[float, Range(0.05, 0.95)] = 0.5,
) -> Float[Tensor, "1 height width"]:
    """Mean score over the random masks that show a pixel, minus the mean over all masks.

    The picture is seen through soft random masks, black where they hide it. Each pixel gets the mean score of the
    masks, weighted by how much they show it. Subtracting the mean over all masks is ours: it moves the zero and leaves
    the ranks unchanged. Few masks leave random blobs, and parts smaller than a cell are not resolved.

    Parameters
    ----------
    samples
        Number of masks.
    cells
        Cells along each side of the coarse grid.
    shown
        Share of cells that a mask shows.
    """
    masks = RandomMasks(passes, samples, cells, shown)
    name = ("rise", samples, cells, shown)
    sums: Sums = passes.read(Request(name, Outputs(), samples, masks.pictures, lambda: UnderMasks(masks)))
    note_agreement(passes, sums.halves, "masks")
    return above_mean(sums.scores.sum(dim=0), sums.masks.sum(dim=0), sums.mean)[None]


class RandomMasks:
    """Soft random masks; all grids and shifts are drawn at once, so that no mask depends on its batch."""

    def __init__(self, passes: PassBank, samples: int, cells: int, shown: float) -> None:
        self._pixels = passes.pixels
        self._draw = passes.generator("rise", samples, cells, shown)
        self._samples, self._cells, self._shown = samples, cells, shown

    @cached_property
    def upsampling(self) -> Upsampling:
        return Upsampling.between(self._cells, self._pixels)

    @cached_property
    def _drawn(self) -> tuple[Float[Tensor, "samples cells cells"], Int[Tensor, "samples 2"]]:
        shape = (self._samples, self._cells, self._cells)
        shares = torch.rand(shape, generator=self._draw, device=self._draw.device)
        return (shares < self._shown).to(self._pixels), self.upsampling.shifts(self._samples, self._draw)

    def at(self, places: Sequence[int]) -> tuple[Float[Tensor, "n cells cells"], Int[Tensor, "n 2"]]:
        """The grids and shifts of these places."""
        grids, shifts = self._drawn
        return grids[list(places)], shifts[list(places)]

    def pictures(self, places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
        return self.upsampling.masks(*self.at(places)) * self._pixels


@dataclass(frozen=True)
class Sums:
    """For even and for odd places: each pixel's sum of scores times masks, and of masks; and the mean of all scores.

    Scores are measured from the first one, so that a score that never changes leaves exactly zero.
    """

    scores: Float[Tensor, "2 height width"]
    masks: Float[Tensor, "2 height width"]
    mean: Tensor

    @property
    def halves(self) -> Float[Tensor, "2 height width"]:
        """The maps of even and of odd places alone."""
        return above_mean(self.scores, self.masks, self.mean)


class UnderMasks:
    """Accumulates scores under their masks."""

    def __init__(self, masks: RandomMasks) -> None:
        self._masks = masks
        self._first: Tensor | None = None
        self._scores: Tensor | float = 0.0
        self._sums: Tensor | float = 0.0
        self._count = 0

    def add(self, places: Sequence[int], answers: Tensor) -> None:
        if self._first is None:
            self._first = answers[0].clone()
        scores = answers - self._first
        even = (torch.tensor(places, device=answers.device) % 2 == 0).to(answers)
        weights = torch.stack([scores * even, scores * (1 - even), even, 1 - even])
        self._sums = self._sums + self._masks.upsampling.weighted_sums(weights, *self._masks.at(places))
        self._scores = self._scores + scores.sum()
        self._count += len(places)

    def value(self) -> Sums:
        scores, masks = torch.as_tensor(self._sums).chunk(2)
        return Sums(scores, masks, torch.as_tensor(self._scores) / self._count)


def above_mean(
    scores: Float[Tensor, "*halves height width"], masks: Float[Tensor, "*halves height width"], mean: Tensor
) -> Float[Tensor, "*halves height width"]:
    """The mean score under the masks that show a pixel, minus the mean over all; 0 where none has shown it yet."""
    return torch.where(masks > 0, scores / masks.clamp(min=torch.finfo(masks.dtype).tiny) - mean, 0)
