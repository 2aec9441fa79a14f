"""The network behind the flow: it sees a noisy fill, the seen pixels and the hole, and says where each pixel flows."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 64
GROUPS = 8
FREQUENCIES = 16
FASTEST = 1000.0
TIME = 64


class Velocity(nn.Module):
    """A UNet of two scales, on blocks of pixels: its own scale is the picture's divided by the side of a block.

    Parameters
    ----------
    channels
        Channels of the pictures: 1 where all are grey.
    block
        Side of the squares of pixels that become one place with more channels.
    """

    def __init__(self, channels: int, block: int, width: int = WIDTH) -> None:
        super().__init__()
        self.channels, self.block = channels, block
        self.first = nn.Conv2d((2 * channels + 1) * block**2, width, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, TIME), nn.SiLU(), nn.Linear(TIME, TIME), nn.SiLU())
        self.fine = Residual(width, width)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.coarse = nn.ModuleList([Residual(2 * width, 2 * width) for _ in range(2)])
        self.up = nn.Conv2d(2 * width, width, 1)
        self.joined = Residual(2 * width, width)
        self.last = nn.Conv2d(width, channels * block**2, 3, padding=1)
        nn.init.zeros_(self.last.weight)

    def forward(
        self,
        noisy: Float[Tensor, "n channels height width"],
        time: Float[Tensor, " n"],
        seen: Float[Tensor, "n channels height width"],
        hole: Float[Tensor, "n 1 height width"],
    ) -> Float[Tensor, "n channels height width"]:
        """Where each pixel flows at that time, from 0 (noise) to 1 (picture); pixels are in [-1, 1].

        Parameters
        ----------
        seen
            The picture with 0 in the hole.
        hole
            1 in the hole, 0 elsewhere.
        """
        known = F.pixel_unshuffle(torch.cat([noisy, seen, hole], dim=1), self.block)
        moment = self.time(waves(time))
        fine = self.fine(self.first(known), moment)
        coarse = self.down(fine)
        for residual in self.coarse:
            coarse = residual(coarse, moment)
        enlarged = F.interpolate(self.up(coarse), size=fine.shape[2:])
        joined = self.joined(torch.cat([enlarged, fine], dim=1), moment)
        velocity: Tensor = F.pixel_shuffle(self.last(joined), self.block)
        return velocity


class Residual(nn.Module):
    """Two convolutions beside a shortcut; the time scales and shifts what is between them."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, incoming)
        self.conv1 = nn.Conv2d(incoming, outgoing, 3, padding=1)
        self.modulation = nn.Linear(TIME, 2 * outgoing)
        self.norm2 = nn.GroupNorm(GROUPS, outgoing, affine=False)
        self.conv2 = nn.Conv2d(outgoing, outgoing, 3, padding=1)
        self.shortcut = nn.Conv2d(incoming, outgoing, 1) if incoming != outgoing else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(
        self, places: Float[Tensor, "n incoming rows columns"], moment: Float[Tensor, "n time"]
    ) -> Float[Tensor, "n outgoing rows columns"]:
        scale, shift = self.modulation(moment)[:, :, None, None].chunk(2, dim=1)
        between = self.norm2(self.conv1(F.silu(self.norm1(places)))) * (1 + scale) + shift
        shortcut: Tensor = self.shortcut(places)
        added: Tensor = self.conv2(F.silu(between))
        return shortcut + added


def waves(time: Float[Tensor, " n"]) -> Float[Tensor, "n waves"]:
    """Sines and cosines of the time, from slow to fast, by which a network tells times apart."""
    speeds = torch.exp(torch.linspace(0, math.log(FASTEST), FREQUENCIES, device=time.device, dtype=time.dtype))
    angles = time[:, None] * speeds
    return torch.cat([angles.sin(), angles.cos()], dim=1)
