"""How far a network is randomised, stage by stage, and in which order the stages are visited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.models.randomising import LayerGroup

Mode = Literal["cascading", "bottom_up", "independent"]
MODES: dict[Mode, str] = {
    "cascading": "from the output down to the pixels, one group of layers after another",
    "bottom_up": "from the pixels up to the output, one group of layers after another",
    "independent": "one group of layers at a time, all others as trained",
}


@dataclass(frozen=True)
class Stage:
    """One state of the network between trained and random.

    Parameters
    ----------
    number
        From 1; 0 would be the trained network, which is not a stage and enters no mean.
    title
        The layers that this stage randomises in addition to those of the stages before it, or alone in independent
        mode.
    groups
        Positions of all randomised groups in forward order.
    share
        Share of all parameters that are re-drawn, from 0 to 1.
    """

    number: int
    title: str
    groups: tuple[int, ...]
    share: float


def plan_stages(groups: Sequence[LayerGroup], mode: Mode) -> tuple[Stage, ...]:
    """The stages of a mode; a cascade ends with every parameter re-drawn.

    >>> two = [LayerGroup("first", ("a",), 1), LayerGroup("last", ("b", "c"), 3)]
    >>> [(stage.title, stage.groups, stage.share) for stage in plan_stages(two, "cascading")]
    [('last', (1,), 0.75), ('first', (0, 1), 1.0)]
    >>> [(stage.title, stage.groups, stage.share) for stage in plan_stages(two, "independent")]
    [('last', (1,), 0.75), ('first', (0,), 0.25)]
    """
    places = list(range(len(groups)))
    order = places if mode == "bottom_up" else places[::-1]
    total = sum(group.size for group in groups)
    reached = [[place] if mode == "independent" else order[: number + 1] for number, place in enumerate(order)]
    return tuple(
        Stage(
            number + 1,
            groups[order[number]].name,
            tuple(sorted(randomised)),
            sum(groups[place].size for place in randomised) / total,
        )
        for number, randomised in enumerate(reached)
    )
