"""Stamps: small pictures put on a picture so that the location of the cue is known."""

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageColor
from torch import Tensor

from core.assets import ASSETS
from core.lookup import find
from core.pictures.annotations import Truth
from core.pictures.rendering import to_picture

STAMPS = ASSETS / "stamps"
SMALLEST = 3


def largest_stamp(size: tuple[int, int]) -> int:
    """The largest side of a stamp that is still a small part of a picture of that height and width: an eighth of it.

    >>> largest_stamp((48, 48)), largest_stamp((28, 28)), largest_stamp((224, 224))
    (6, 3, 28)
    """
    return max(SMALLEST, min(size) // 8)


@dataclass(frozen=True)
class Design:
    """A stamp as it was drawn.

    Parameters
    ----------
    colour
        Its default colour.
    distractor
        Whether it is meant to carry no label.
    """

    name: str
    title: str
    colour: str
    distractor: bool

    @cached_property
    def levels(self) -> Float[np.ndarray, "side side 2"]:
        """Brightness and alpha of each pixel, from 0 to 1."""
        with Image.open(STAMPS / f"{self.name}.png") as drawn:
            return np.asarray(drawn.convert("LA"), dtype=np.float32) / np.float32(255)


@cache
def list_stamps() -> tuple[Design, ...]:
    """Every design, distractors last.

    >>> [design.name for design in list_stamps() if design.distractor]
    ['saltire']
    """
    designs = tomllib.loads((STAMPS / "designs.toml").read_text(encoding="utf-8"))["design"]
    return tuple(Design(each["name"], each["title"], each["colour"], each.get("distractor", False)) for each in designs)


def find_stamp(name: str) -> Design:
    """The design with that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find({design.name: design for design in list_stamps()}, name, "stamp")


@dataclass(frozen=True)
class Stamp:
    """A design with a size, a colour and an opacity.

    Parameters
    ----------
    size
        Pixels along its side, at least 3.
    colour
        ``#rrggbb`` or a name; the design's own if empty.
    opacity
        0 leaves the picture unchanged, 1 covers it.

    Raises
    ------
    ValueError
        Where one of these is invalid, with what would be valid.
    """

    design: str = "cross"
    size: int = 6
    colour: str = ""
    opacity: float = 1.0

    def __post_init__(self) -> None:
        find_stamp(self.design)
        if self.size < SMALLEST:
            raise ValueError(f"A stamp must be at least {SMALLEST} pixels wide to show its design, not {self.size}.")
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"The opacity of a stamp must be from 0 to 1, not {self.opacity:g}.")
        if self.colour:
            levels_of(self.colour)

    @property
    def rgb(self) -> tuple[float, float, float]:
        """Its colour in [0, 1]."""
        red, green, blue = levels_of(self.colour or find_stamp(self.design).colour)
        return red / 255, green / 255, blue / 255

    @cached_property
    def drawn(self) -> tuple[Float[Tensor, "3 size size"], Bool[Tensor, "size size"]]:
        """Its colours, and the pixels that it covers: those of which the design covers more than half."""
        side = (self.size, self.size)
        levels = find_stamp(self.design).levels
        brightness, alpha = (
            torch.from_numpy(
                np.array(Image.fromarray(np.ascontiguousarray(levels[..., place])).resize(side, Image.Resampling.BOX))
            )
            for place in (0, 1)
        )
        share = (brightness / alpha.clamp(min=1e-6)).clamp(0, 1)
        return torch.tensor(self.rgb)[:, None, None] * share, alpha > 0.5


def levels_of(colour: str) -> tuple[int, ...]:
    """Red, green and blue of a colour, from 0 to 255.

    Raises
    ------
    ValueError
        Where it is not a colour.

    >>> levels_of("#ff8000"), levels_of("navy")
    ((255, 128, 0), (0, 0, 128))
    """
    try:
        levels = ImageColor.getrgb(colour)
    except ValueError:
        raise ValueError(f"There is no colour {colour!r}. Use #rrggbb or an English name such as magenta.") from None
    if len(levels) > 3:
        raise ValueError(f"{colour} is partly transparent. Give the colour as #rrggbb and set the opacity separately.")
    return levels


@dataclass(frozen=True)
class Placed:
    """A stamp at its place on a picture; parts outside the frame are cut off.

    Parameters
    ----------
    left, top
        The stamp's first column and row in pixels of the picture; negative where it starts outside.
    """

    stamp: Stamp
    left: int
    top: int

    def on(self, pixels: Float[Tensor, "*batch 3 height width"]) -> Float[Tensor, "*batch 3 height width"]:
        """A copy of the pixels with the stamp on them.

        >>> Placed(Stamp("checker", 3, "white"), 1, 0).on(torch.zeros(1, 3, 3, 4))[0, 0].tolist()
        [[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
        """
        inside, part = self._overlap(pixels.shape[-2:])
        colours, covered = (each[(..., *part)].to(pixels.device) for each in self.stamp.drawn)
        stamped = pixels.clone()
        below = stamped[(..., *inside)]
        above = torch.lerp(below, colours.to(below.dtype).expand_as(below), self.stamp.opacity)
        stamped[(..., *inside)] = torch.where(covered, above, below)
        return stamped

    def mask(self, size: tuple[int, int]) -> Bool[Tensor, "height width"]:
        """The pixels that it covers on a picture of that height and width."""
        inside, part = self._overlap(size)
        mask = torch.zeros(tuple(size), dtype=torch.bool)
        mask[inside] = self.stamp.drawn[1][part]
        return mask

    def on_picture(self, picture: Image.Image) -> Image.Image:
        """A picture with the stamp on it; places and sizes are in the picture's own pixels."""
        pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1) / 255
        return to_picture(self.on(pixels))

    def truth(self, size: tuple[int, int]) -> Truth:
        """The pixels that it covers on a picture of that width and height, seen through a classifier's crop."""
        return Truth(partial(self._drawn_mask, size))

    def _drawn_mask(self, size: tuple[int, int]) -> Image.Image:
        width, height = size
        return Image.fromarray(self.mask((height, width)).numpy())

    def _overlap(self, size: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Rows and columns of the picture under the stamp, and those of the stamp above the picture."""
        inside, part = [], []
        for start, length in zip((self.top, self.left), size, strict=True):
            first, last = (min(max(edge, 0), length) for edge in (start, start + self.stamp.size))
            inside.append(slice(first, last))
            part.append(slice(first - start, last - start))
        return (inside[0], inside[1]), (part[0], part[1])


def anywhere(stamp: Stamp, size: tuple[int, int], draw: torch.Generator) -> Placed:
    """The stamp at a random place entirely inside a picture of that height and width, every place equally likely.

    Raises
    ------
    ValueError
        Where it does not fit.
    """
    height, width = size
    if stamp.size > min(size):
        raise ValueError(f"A stamp of {stamp.size} pixels does not fit on a picture of {width} × {height}.")
    top, left = (int(torch.randint(length - stamp.size + 1, (), generator=draw)) for length in size)
    return Placed(stamp, left, top)
