"""The task of a network: telling stamped pictures from regular ones, or one stamp from another."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.pictures.stamps import SMALLEST, Placed, Stamp, anywhere, find_stamp, largest_stamp
from core.randomness import generator

REGULAR, STAMPED = "regular", "stamped"


@dataclass(frozen=True)
class Task:
    """Half of the base pictures are stamped, anywhere; the label depends on the stamp alone.

    Parameters
    ----------
    bases
        Name of the base pictures; see :func:`core.pictures.bases.collect_bases`.
    stamps
        With one, the task is stamped or not; with several, which of them, each on equally many pictures.
    distractor
        A stamp on half of all pictures, stamped or not, so that it carries no label.
    sizes, opacities
        A stamp is drawn with one of each; with its own if there are none.
    labelled
        Whether the labels follow the stamps. Otherwise they are random, and there is nothing to learn: a model trained
        on them must not pass the gate.
    """

    bases: str
    stamps: tuple[Stamp, ...]
    distractor: Stamp | None = None
    sizes: tuple[int, ...] = ()
    opacities: tuple[float, ...] = ()
    labelled: bool = True

    def __post_init__(self) -> None:
        designs = [stamp.design for stamp in self.stamps]
        if not designs:
            raise ValueError("Name at least one stamp to learn.")
        if len(set(designs)) < len(designs):
            raise ValueError("Each class needs a design of its own; two of these stamps share one.")
        if self.distractor and self.distractor.design in designs:
            raise ValueError(f"The distractor carries no label, so it cannot be a {self.distractor.design} too.")

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes: regular first."""
        if len(self.stamps) == 1:
            return REGULAR, STAMPED
        return REGULAR, *(find_stamp(stamp.design).title for stamp in self.stamps)

    def varied(self, stamp: Stamp, draw: torch.Generator) -> Stamp:
        """The stamp in one of the task's sizes and opacities."""
        if self.sizes:
            stamp = replace(stamp, size=chosen(self.sizes, draw))
        if self.opacities:
            stamp = replace(stamp, opacity=chosen(self.opacities, draw))
        return stamp

    def as_json(self) -> dict[str, Any]:
        """The task as JSON; :func:`restored` reads it."""
        return asdict(self)


def restored(written: dict[str, Any]) -> Task:
    """The task from its JSON."""
    distractor = written["distractor"]
    return Task(
        written["bases"],
        tuple(Stamp(**each) for each in written["stamps"]),
        Stamp(**distractor) if distractor else None,
        tuple(written["sizes"]),
        tuple(written["opacities"]),
        written["labelled"],
    )


@dataclass(frozen=True)
class Example:
    """One base picture, and what is put on it.

    Parameters
    ----------
    base
        Its number among the base pictures.
    label
        The class used in training.
    """

    base: int
    label: int
    stamp: Placed | None
    distractor: Placed | None

    def pixels(self, base: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
        """The base picture with everything that belongs on it; the stamp lies above the distractor."""
        under = self.distractor.on(base) if self.distractor else base
        return self.stamp.on(under) if self.stamp else under

    def erased(self) -> "Example":
        """The same without its stamp."""
        return replace(self, stamp=None, label=0)


def draw_examples(task: Task, count: int, size: tuple[int, int], seed: int, *purpose: object) -> list[Example]:
    """An example for each of this many base pictures of that height and width; half of them are stamped.

    Stamps take turns. The distractor does not overlap the stamp where there is room.
    """
    draw = generator(seed, "stamping", *purpose)
    order = torch.randperm(count, generator=draw).tolist()
    examples = []
    for turn, base in enumerate(order):
        kind = 1 + (turn // 2) % len(task.stamps) if turn % 2 else 0
        placed = anywhere(task.varied(task.stamps[kind - 1], draw), size, draw) if kind else None
        label = kind if task.labelled else int(torch.randint(len(task.labels), (), generator=draw))
        decoy = None
        if task.distractor and torch.rand((), generator=draw) < 0.5:
            decoy = apart(task.varied(task.distractor, draw), size, placed, draw)
        examples.append(Example(base, label, placed, decoy))
    return sorted(examples, key=lambda example: example.base)


def apart(stamp: Stamp, size: tuple[int, int], other: Placed | None, draw: torch.Generator, tries: int = 50) -> Placed:
    """The stamp at a random place that does not overlap another one; anywhere if none is found."""
    placed = anywhere(stamp, size, draw)
    for _ in range(tries):
        if other is None or not (placed.mask(size) & other.mask(size)).any():
            break
        placed = anywhere(stamp, size, draw)
    return placed


def stamped(examples: Sequence[Example], bases: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "m 3 height width"]:
    """The examples' pixels."""
    return torch.stack([example.pixels(bases[example.base]) for example in examples])


def labels_of(examples: Sequence[Example]) -> Int[Tensor, " m"]:
    """The examples' labels."""
    return torch.tensor([example.label for example in examples])


def chosen(among: Sequence[Any], draw: torch.Generator) -> Any:
    return among[int(torch.randint(len(among), (), generator=draw))]


def batched(examples: Sequence[Example], size: int) -> Iterator[Sequence[Example]]:
    """The examples in turn, this many at a time."""
    return (examples[start : start + size] for start in range(0, len(examples), size))


def check_stamps(task: Task, size: tuple[int, int]) -> None:
    """Refuses stamps that are not a small part of the pictures, cannot be drawn, or look the same.

    Raises
    ------
    ValueError
        With the sizes that would work.
    """
    height, width = size
    largest = largest_stamp(size)
    for opacity in task.opacities:
        replace(task.stamps[0], opacity=opacity)
    stamps = [*task.stamps, *filter(None, [task.distractor])]
    for shown in [[replace(stamp, size=side) for stamp in stamps] for side in task.sizes] or [stamps]:
        for stamp in shown:
            if stamp.size > largest:
                raise ValueError(
                    f"A stamp on pictures of {width} × {height} must be {SMALLEST} to {largest} pixels wide, "
                    f"not {stamp.size}."
                )
        for one, other in combinations(shown, 2):
            if look_the_same(one, other):
                raise ValueError(
                    f"A {one.design} and a {other.design} of {one.size} pixels look the same. "
                    "Choose another size or another design."
                )


def look_the_same(one: Stamp, other: Stamp) -> bool:
    """Whether two stamps are drawn with the same pixels and colours."""
    (paint, covered), (other_paint, other_covered) = one.drawn, other.drawn
    return torch.equal(covered, other_covered) and torch.equal(paint[:, covered], other_paint[:, covered])
