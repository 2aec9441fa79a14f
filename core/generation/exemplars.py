"""Exemplars: a hole is filled tile by tile with what is most alike, from the rest of the picture and from others."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from core.generation.pools import Kind, in_channels
from core.generation.priors import AT_ONCE, Draws, Filler, Scene, prior

COARSE = 56
"""Cells along a side, on which places are compared; each is the mean of a square of pixels."""
TILE, MARGIN = 8, 4
"""Cells along a tile, which is filled at once, and around it, which are compared."""
SIDE = TILE + 2 * MARGIN
SOURCES = 16
"""Other pictures that a fill may take from, the same ones for all that come at once."""
BEST = 8
"""Number of most similar places from which one is drawn, for each tile."""
MOST_SHIFTED = 0.2
"""How far the colours of a tile may be shifted towards those of its surroundings."""


def check_side(pool: Kind) -> None:
    """Refuses pictures in which no tile has all its surroundings.

    Raises
    ------
    ValueError
        With how large they must be.
    """
    height, width = pool.size
    if min(height, width) < SIDE:
        raise ValueError(
            f"Exemplars need pictures of at least {SIDE} × {SIDE} pixels; these have {width} × {height}. Use the prior "
            "donors with a folder of similar pictures."
        )


@prior(label="Exemplars", paper="ours, after Criminisi et al. 2004, doi:10.1109/TIP.2004.833105", check=check_side)
def exemplars(scene: Scene) -> Filler:
    """Fills the hole tile by tile with similar places of the same picture and of others, the gallery's by default.

    Needs no training and takes any size from 16 x 16 on. It continues textures and outlines, but knows nothing of
    objects: what it fills in is no sample of what might have been there.
    """
    allowed = scene.pool.allowed(scene.pixels.cpu(), scene.origin)
    others = in_channels(scene.pool.pictures[allowed], scene.pixels.shape[1])

    def fill(hole: Bool[Tensor, "height width"], numbers: range, draws: Draws) -> Generator[float, None, Tensor]:
        made: list[Tensor] = []
        for group, together in groupby(numbers, lambda number: number // AT_ONCE):
            some = others[torch.randperm(len(others), generator=draws("sources", group))[:SOURCES]]
            own = [draws("exemplars", number) for number in together]
            filling = Filling(scene.pixels.cpu(), some, hole.cpu(), len(own))
            done = sum(map(len, made))
            while tile := filling.next_tile():
                filling.fill(tile, own)
                yield (done + filling.done * len(own)) / len(numbers)
            made.append(filling.pictures)
        return torch.cat(made).to(scene.pixels)

    return fill


Corner = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Similar:
    """A place of a source for each fill: its number, its first row and column in cells, and how its colours differ."""

    places: list[tuple[int, int, int]]
    shift: Float[Tensor, "n channels"]


class Filling:
    """Some fills of one hole, all of them at the same tile.

    Parameters
    ----------
    others
        Pictures to take from, beside the picture itself.
    """

    def __init__(
        self,
        pixels: Float[Tensor, "1 channels height width"],
        others: Float[Tensor, "m channels height width"],
        hole: Bool[Tensor, "height width"],
        count: int,
    ) -> None:
        self.cell = max(1, round(min(hole.shape) / COARSE))
        seen = (~hole).to(pixels.dtype)[None, None]
        mean = (pixels * seen).sum(dim=(2, 3), keepdim=True) / seen.sum().clamp(min=1)
        own = torch.where(hole, mean, pixels)
        self.pictures, self.known = own.repeat(count, 1, 1, 1), seen.clone()
        self._hole, self._weight = hole, torch.zeros_like(seen)
        self._sources = torch.cat([own, others.to(pixels.dtype)])
        self._coarse = F.avg_pool2d(self._sources, self.cell)
        self._squares = self._coarse.square()
        rows, columns = self._coarse.shape[2:]
        hidden = F.max_pool2d(1 - seen, self.cell)
        self._left = {
            (top, left)
            for top in range(0, rows + 1, TILE)
            for left in range(0, columns + 1, TILE)
            if self._square(hole, (top, left), TILE).any()
        }
        self._tiles = len(self._left)
        self._forbidden = F.max_pool2d(hidden, SIDE, stride=1)[0, 0].bool()

    @property
    def done(self) -> float:
        """Share of the tiles that are filled."""
        return 1 - len(self._left) / self._tiles

    def _square(self, planes: Tensor, corner: Corner, side: int) -> Tensor:
        """The pixels of a square of cells, as a view; it is cut at the borders."""
        top, left = (each * self.cell for each in corner)
        length = side * self.cell
        return planes[..., max(top, 0) : top + length, max(left, 0) : left + length]

    def next_tile(self) -> Corner | None:
        """The tile with the most known around it; None where all are filled."""
        if not self._left:
            return None
        near = F.pad(F.avg_pool2d(self.known, self.cell, ceil_mode=True), (MARGIN, MARGIN + TILE) * 2)[0, 0]
        most = max(self._left, key=lambda at: (float(near[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE].sum()), at))
        self._left.remove(most)
        return most

    def fill(self, corner: Corner, draws: Sequence[torch.Generator]) -> None:
        """Fills what is hidden of a tile, for each fill from a place that its own generator draws; where tiles overlap,
        they blend.
        """
        similar = self._similar(corner, draws)
        around = corner[0] - MARGIN, corner[1] - MARGIN
        hidden, weight, pictures = (
            self._square(planes, around, SIDE) for planes in (self._hole, self._weight, self.pictures)
        )
        rows, columns = hidden.shape
        cut = [max(0, -each) * self.cell for each in around]
        new = feather(self.cell)[cut[0] : cut[0] + rows, cut[1] : cut[1] + columns] * hidden
        share = new / (weight[0, 0] + new).clamp(min=1e-6)
        for picture, (source, top, left), shift in zip(pictures, similar.places, similar.shift, strict=True):
            down, across = top * self.cell + cut[0], left * self.cell + cut[1]
            taken = self._sources[source, :, down : down + rows, across : across + columns]
            picture.copy_(torch.lerp(picture, (taken + shift[:, None, None]).clamp(0, 1), share))
        weight += new
        self._square(self.known, corner, TILE).fill_(1)

    def _similar(self, corner: Corner, draws: Sequence[torch.Generator]) -> Similar:
        """For each fill one of the places whose surroundings are most like those of the tile."""
        wanted, weights = self._surroundings(corner)
        crossed = F.conv2d(self._coarse, wanted * weights)
        apart = F.conv2d(self._squares, weights.expand(1, wanted.shape[1], -1, -1)) - 2 * crossed
        apart[0, :, self._forbidden] = torch.inf
        columns = apart.shape[3]
        by_fill = apart.transpose(0, 1).flatten(1)
        best = by_fill.topk(min(BEST, by_fill.shape[1]), largest=False).indices
        drawn = torch.cat([torch.randint(best.shape[1], (1,), generator=draw) for draw in draws])
        chosen = best.gather(1, drawn[:, None])[:, 0].tolist()
        each = apart.shape[2] * columns
        places = [(place // each, place % each // columns, place % columns) for place in chosen]
        found = torch.stack([self._coarse[s, :, top : top + SIDE, left : left + SIDE] for s, top, left in places])
        shift = ((wanted - found) * weights).sum(dim=(2, 3)) / weights.sum().clamp(min=1e-6)
        return Similar(places, shift.clamp(-MOST_SHIFTED, MOST_SHIFTED))

    def _surroundings(self, corner: Corner) -> tuple[Float[Tensor, "n channels side side"], Float[Tensor, "side side"]]:
        """The cells of a tile and around it, and how much of each is known: nothing beyond the picture's border."""
        share = F.avg_pool2d(self.known, self.cell)
        means = F.avg_pool2d(self.pictures * self.known, self.cell) / share.clamp(min=1e-6)
        padded = [F.pad(each, (MARGIN, SIDE) * 2) for each in (means, share)]
        top, left = corner  # of the surroundings, in padded cells
        wanted, weights = (each[:, :, top : top + SIDE, left : left + SIDE] for each in padded)
        return wanted, weights[0, 0]


def feather(cell: int) -> Float[Tensor, "side side"]:
    """The weight of each pixel of a tile and its surroundings: 1 in the tile, falling to 0 at the border."""
    places = torch.arange(SIDE * cell) + 0.5
    along = (torch.minimum(places, SIDE * cell - places) / (MARGIN * cell)).clamp(max=1)
    return along[:, None] * along
