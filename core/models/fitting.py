"""A person's own weights in an architecture of torchvision or timm: how many classes they have, and what fits where."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor, nn

from core.models.sources import ModelError, UsualInput, seeded_construction

TWO_COUNTS = 7, 11
"""Architectures are built with both: what has another shape then is the head."""
COUNTED = "num_batches_tracked"
"""Older files lack it, and no answer depends on it."""


@dataclass(frozen=True)
class Fit:
    """What becomes of each entry of a weights file in an architecture.

    Parameters
    ----------
    classes
        How many the file's head has.
    prefix
        What all names in the file begin with and the architecture's do not, such as ``module.``; it is left out.
    missing, unexpected
        Names that only the architecture has, and that only the file has.
    misshapen
        For each name with another shape: the architecture's, then the file's.
    unusable
        For each name whose shape fits and whose numbers do not: why, and what to do.
    """

    architecture: str
    classes: int
    prefix: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    unusable: Mapping[str, str]

    @property
    def whole(self) -> bool:
        return not (self.missing or self.unexpected or self.misshapen or self.unusable)

    @property
    def matching(self) -> str:
        """How much fits, in a sentence."""
        if self.whole:
            removed = f" The prefix `{self.prefix}` was removed from every name." if self.prefix else ""
            return f"All weights fit {self.architecture}, with {in_words(self.classes)}.{removed}"
        wrong = len(self.missing) + len(self.unexpected) + len(self.misshapen) + len(self.unusable)
        if wrong == len(self.missing):
            are = "weight is" if wrong == 1 else "weights are"
            return (
                f"The file is incomplete for {self.architecture}: {wrong} {are} missing. Save the whole state dict, or "
                "choose the architecture that it is of."
            )
        return (
            f"The weights do not fit {self.architecture}: {wrong} {'name differs' if wrong == 1 else 'names differ'}. "
            "Choose the architecture that they were trained with."
        )

    def rows(self) -> list[dict[str, str]]:
        """What does not fit, name by name."""
        problems = {
            **{name: f"has shape {shape(has)}, needs {shape(needs)}" for name, (needs, has) in self.misshapen.items()},
            **self.unusable,
            **dict.fromkeys(self.missing, "is missing in the file"),
            **dict.fromkeys(self.unexpected, "has no place in this architecture"),
        }
        return [{"weights": name, "problem": problem} for name, problem in problems.items()]


def in_words(classes: int) -> str:
    """
    >>> in_words(1), in_words(5)
    ('1 class', '5 classes')
    """
    return f"{classes} class{'' if classes == 1 else 'es'}"


def shape(sides: tuple[int, ...]) -> str:
    """
    >>> shape((64, 3, 7, 7)), shape(())
    ('64 × 3 × 7 × 7', 'of one number')
    """
    return " × ".join(map(str, sides)) or "of one number"


def fit(architecture: str, weights: Mapping[str, Tensor]) -> Fit:
    """Compares weights with an architecture, with as many classes as the weights have; nothing is loaded.

    Parameters
    ----------
    architecture
        ``torchvision/NAME`` or ``timm/NAME``.

    Raises
    ------
    ModelError
        For an unknown architecture.
    """
    known, heads = blueprint(architecture, TWO_COUNTS[0]), class_sides(architecture)
    expected = shapes(known)
    prefix = shared_prefix(weights, expected)
    unprefixed = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    found = shapes(unprefixed)
    classes = classes_in(found, heads)
    expected = {
        name: (*sides[: heads[name]], classes, *sides[heads[name] + 1 :]) if name in heads else sides
        for name, sides in expected.items()
    }
    return Fit(
        architecture=architecture,
        classes=classes,
        prefix=prefix,
        missing=tuple(name for name in expected if name not in found and not name.endswith(COUNTED)),
        unexpected=tuple(name for name in found if name not in expected),
        misshapen={
            name: (sides, found[name]) for name, sides in expected.items() if name in found and found[name] != sides
        },
        unusable=unusable(
            {name: tensor for name, tensor in unprefixed.items() if found[name] == expected.get(name)}, known
        ),
    )


def fitted(found: Fit, weights: Mapping[str, Tensor]) -> nn.Module:
    """The network with these weights, all of which fit.

    Raises
    ------
    ModelError
        If they do not: a network that is partly random would answer without a word.
    """
    if not found.whole:
        raise ModelError(found.matching)
    network = build(found.architecture, found.classes)
    state = {name.removeprefix(found.prefix): tensor for name, tensor in weights.items()}
    network.load_state_dict(network.state_dict() | state)
    return network


def unusable(weights: Mapping[str, Tensor], known: Mapping[str, Tensor]) -> dict[str, str]:
    """The weights of the right shape whose numbers are of no use, with the reason."""
    empty = {
        name: "is for 0 classes; save the network with its head"
        for name, tensor in weights.items()
        if not tensor.numel() and known[name].numel()
    }
    integers = {
        name: f"holds integers ({str(tensor.dtype).removeprefix('torch.')}); save it as float32 or float16"
        for name, tensor in weights.items()
        if known[name].is_floating_point() and not tensor.is_floating_point()
    }
    return integers | empty


def classes_in(found: Mapping[str, tuple[int, ...]], heads: Mapping[str, int]) -> int:
    """The number of classes that the file's head has; that of a fresh network where the file has no head."""
    counts = [found[name][side] for name, side in heads.items() if len(found.get(name, ())) > side]
    return max(set(counts), key=counts.count) if counts else TWO_COUNTS[0]


def shared_prefix(weights: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """What wrappers put before every name, as long as no name of the architecture begins so.

    >>> shared_prefix({"module.net.conv.weight": 0, "module.net.head.bias": 0}, {"conv.weight": 0, "head.bias": 0})
    'module.net.'
    """
    begun = {name.partition(".")[0] for name in expected if "." in name}
    places = zip(*(name.split(".")[:-1] for name in weights), strict=False)
    wrappers = takewhile(lambda words: len({*words}) == 1 and words[0] not in begun, places)
    return "".join(f"{words[0]}." for words in wrappers)


@cache
def class_sides(architecture: str) -> Mapping[str, int]:
    """For each tensor of the head, which of its sides counts classes."""
    few, more = (shapes(blueprint(architecture, count)) for count in TWO_COUNTS)
    return {
        name: next(side for side, (one, other) in enumerate(zip(few[name], more[name], strict=True)) if one != other)
        for name in few
        if few[name] != more[name]
    }


@cache
def blueprint(architecture: str, classes: int) -> dict[str, Tensor]:
    """Every weight of the architecture with that number of classes: its shape and its type, without numbers."""
    try:
        with torch.device("meta"):
            network = build(architecture, classes)
    except (NotImplementedError, RuntimeError):  # it computes with its weights while it is being built
        network = build(architecture, classes)
    return {name: torch.empty_like(tensor, device="meta") for name, tensor in network.state_dict().items()}


def shapes(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shape of each."""
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}


def build(architecture: str, classes: int) -> nn.Module:
    """The architecture with random weights.

    Raises
    ------
    ModelError
        If there is none of that name, or none that can be built with that many classes.
    """
    from core.models.hubs import HUBS

    library, _, name = architecture.partition("/")
    if library not in HUBS or not HUBS[library].has(name, False):
        raise ModelError(f"There is no architecture called {architecture!r}. Choose one of torchvision's or timm's.")
    try:
        with seeded_construction(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return HUBS[library].build(name, classes)
    except Exception as error:  # the code of a library's architecture raises what it likes
        raise ModelError(f"{architecture} cannot be built with {in_words(classes)}.") from error


def list_architectures() -> list[str]:
    """All that :func:`fit` knows, torchvision's first."""
    from core.models.hubs import HUBS

    return [f"{library}/{name}" for library, hub in HUBS.items() for name in hub.architectures()]


def usual_input(architecture: str) -> UsualInput:
    """How pictures are usually prepared for the architecture."""
    from core.models.hubs import HUBS

    library, _, name = architecture.partition("/")
    return HUBS[library].usual_input(name)
