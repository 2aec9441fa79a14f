"""Networks with forgotten weights: layers in groups by forward order, re-drawn on a copy."""

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from core.models.anatomy import observed
from core.models.classifier import Classifier
from core.randomness import generator

GROUPS, FEWEST_GROUPS = 12, 8
FAINTEST = 0.01
"""Standard deviation of the draw that replaces a parameter of zeros."""
MIRRORED: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes along which the picture is mirrored where running statistics are measured."""


@dataclass(frozen=True)
class LayerGroup:
    """Neighbouring layers that are randomised together.

    Parameters
    ----------
    parameters
        Their names in the network.
    size
        Number of values that these hold.
    """

    name: str
    parameters: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Layer:
    """A module with parameters of its own.

    Parameters
    ----------
    alone
        Whether it can form a group by itself. A norm, and what belongs to a module around other layers (a class token,
        the scale of a block), joins a neighbour.
    """

    name: str
    parameters: tuple[str, ...]
    size: int
    alone: bool = True


def find_groups(classifier: Classifier, most: int = GROUPS) -> tuple[LayerGroup, ...]:
    """The classifier's layers by forward order, in at most that many groups.

    Neighbours within one part of the network are joined first: a norm and its convolution, the layers of a block, then
    the blocks of a section.

    Raises
    ------
    ValueError
        Where there is nothing to randomise, learned values could not be randomised, or fewer than two groups are
        requested.
    """
    if most < 2:
        raise ValueError(f"Randomisation in stages needs at least 2 groups of layers; got {most}.")
    frozen = [name for name, module in classifier.network.named_modules() if keeps_what_it_learned(module)]
    if frozen:
        raise ValueError(
            f"{classifier.name} keeps learned values in buffers ({frozen[0]}), which are not re-drawn, so the network "
            "would never be fully random. Replace its frozen norms by plain ones."
        )
    layers = layers_by_forward_order(classifier)
    if not layers:
        raise ValueError(f"{classifier.name} has no parameters, so there is nothing to randomise.")
    names = [layer.name for layer in layers]
    return tuple(
        LayerGroup(
            name_of([layer.name for layer in together], names),
            tuple(name for layer in together for name in layer.parameters),
            sum(layer.size for layer in together),
        )
        for together in grouped(layers, most)
    )


def keeps_what_it_learned(module: nn.Module) -> bool:
    """Whether it is a norm whose statistics are neither parameters nor running ones."""
    return not isinstance(module, _NormBase) and any(
        name == "running_mean" for name, _ in module.named_buffers(recurse=False)
    )


def layers_by_forward_order(classifier: Classifier) -> list[Layer]:
    """Every module with parameters of its own, in the order in which one forward pass starts them.

    One that is never called itself, such as a projection that its attention reads, comes with the module around it. One
    that the pass skips comes last and is no stage of its own, since nothing would change; it is randomised too, since
    nothing may stay as learned. Shared parameters belong to the first.
    """
    network, order = classifier.network, {"": 0}

    def enter(name: str) -> None:
        order.setdefault(name, len(order))

    with torch.inference_mode(), observed(network, lambda *_: None, enter):
        classifier(classifier.blank(1))

    def start(owner: str) -> int:
        name = owner
        while name not in order:
            name = name.rpartition(".")[0]
        return order[name] if name or not owner else len(order)

    owned: dict[str, list[tuple[str, Tensor]]] = {}
    for name, parameter in network.named_parameters():
        owned.setdefault(name.rpartition(".")[0], []).append((name, parameter))
    layers = [
        Layer(
            owner,
            tuple(name for name, _ in parameters),
            sum(parameter.numel() for _, parameter in parameters),
            start(owner) < len(order)
            and any(parameter.dim() > 1 for _, parameter in parameters)
            and not any(inner.startswith(f"{owner}.") or not owner for inner in owned if inner != owner),
        )
        for owner, parameters in owned.items()
    ]
    return sorted(layers, key=lambda layer: start(layer.name))


def grouped(layers: Sequence[Layer], most: int) -> list[list[Layer]]:
    """The layers in at most that many groups of neighbours, joining first those that share most of their names.

    Where some modules of one depth had to be merged, all are, if enough groups remain.

    >>> norm = Layer("block.norm", (), 1, alone=False)
    >>> layers = [Layer("stem", (), 1), norm, Layer("block.conv", (), 1), Layer("head", (), 1)]
    >>> [[layer.name for layer in group] for group in grouped(layers, 8)]
    [['stem'], ['block.norm', 'block.conv'], ['head']]
    """
    groups, depth = [[layer] for layer in layers], 0
    while len(groups) > most:
        place = min(range(len(groups) - 1), key=lambda place: closeness(groups[place], groups[place + 1]))
        depth = closeness(groups[place], groups[place + 1])[0]
        join(groups, place)
    even = [list(group) for group in groups]
    while depth and (
        places := [place for place in range(len(even) - 1) if closeness(*even[place : place + 2])[0] <= depth]
    ):
        join(even, places[0])
    even, groups = with_company(even), with_company(groups)
    return even if len(even) >= FEWEST_GROUPS else groups


def with_company(groups: list[list[Layer]]) -> list[list[Layer]]:
    """The groups once those that should not be alone have joined a neighbour."""
    while len(groups) > 1 and any(map(not_alone, groups)):
        places = [place for place in range(len(groups) - 1) if any(map(not_alone, groups[place : place + 2]))]
        join(groups, min(places, key=lambda place: closeness(groups[place], groups[place + 1])))
    return groups


def join(groups: list[list[Layer]], place: int) -> None:
    """Merges a group with the next."""
    groups[place : place + 2] = [groups[place] + groups[place + 1]]


def not_alone(group: Sequence[Layer]) -> bool:
    return not any(layer.alone for layer in group)


def closeness(one: Sequence[Layer], other: Sequence[Layer]) -> tuple[int, int]:
    """Smallest for what is joined first: the innermost module around both is deepest, and both are small."""
    return -len(common([layer.name for layer in (*one, *other)])), len(one) + len(other)


def common(names: Sequence[str]) -> list[str]:
    """The parts that all dotted names begin with.

    >>> common(["blocks.0.conv", "blocks.0.norm"])
    ['blocks', '0']
    """
    shared = []
    for parts in zip(*(name.split(".") for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def name_of(layers: Sequence[str], all_layers: Sequence[str]) -> str:
    """The name of a group: the module that it forms, or the first and the last in the innermost module around it.

    >>> every = ["", "stem", "blocks.0.conv", "blocks.0.norm", "blocks.1.conv", "blocks.2.conv", "head"]
    >>> name_of(every[2:4], every), name_of(every[2:5], every), name_of(every[:2], every), name_of(every[2:7], every)
    ('blocks.0', 'blocks.0 to blocks.1', 'stem', 'blocks to head')
    """
    named = [name for name in layers if name] or ["network"]
    around = ".".join(common(named))
    inside = [name for name in all_layers if name == around or name.startswith(f"{around}.")]
    if around and set(inside) <= set(layers):
        return around
    depth = len(common(named)) + 1
    first, last = (".".join(name.split(".")[:depth]) for name in (named[0], named[-1]))
    return first if first == last else f"{first} to {last}"


def randomised(
    classifier: Classifier,
    groups: Collection[LayerGroup],
    pixels: Float[Tensor, "1 3 height width"],
    seed: int,
    *purpose: object,
) -> Classifier:
    """A copy of the classifier in which these groups are randomised; the classifier itself stays as it is.

    Every value is drawn from a normal distribution around 0 with the root mean square of the tensor that it replaces,
    so that signals neither vanish nor explode in any architecture; where all were 0, the standard deviation is 0.01.
    Running statistics of a group's norms are measured again on the picture and its mirror images. Both are our choices.
    A group's draw is the same whichever other groups are randomised.

    Parameters
    ----------
    pixels
        Picture on which running statistics are measured.
    """
    lost = copy.copy(classifier)
    vars(lost).pop("weights_digest", None)
    lost.network = copy.deepcopy(classifier.network)
    names = [name for group in groups for name in group.parameters]
    with torch.no_grad():
        for name in names:
            parameter = lost.network.get_parameter(name)
            draw = generator(seed, *purpose, "weights", name, device=parameter.device)
            size = float(parameter.double().square().mean().sqrt())
            parameter.normal_(0.0, size or FAINTEST, generator=draw)
    measure_statistics(lost, forgotten_norms(lost.network, names), pixels)
    return lost


def forgotten_norms(network: nn.Module, parameters: Collection[str]) -> list[_NormBase]:
    """The norms with running statistics that belong to these parameters, or stand beside them and have none."""
    owners = {name.rpartition(".")[0] for name in parameters}
    around = {owner.rpartition(".")[0] for owner in owners}
    return [
        module
        for name, module in network.named_modules()
        if isinstance(module, _NormBase) and module.running_mean is not None
        if name in owners or (not module.affine and name.rpartition(".")[0] in around)
    ]


def measure_statistics(
    classifier: Classifier, norms: Sequence[_NormBase], pixels: Float[Tensor, "1 3 height width"]
) -> None:
    """Sets the norms' mean and variance to those of their current input."""
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all that passes
        norm.train()
    with torch.no_grad():
        classifier(torch.cat([pixels.flip(axes) for axes in MIRRORED]))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
