"""The parts of a network, found by watching one forward pass: its activations, feature maps and attention."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from threading import get_ident
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.models.attention_weights import AttentionWeights
from core.models.layouts import WHOLE, Extent, Layout, LayoutFinder, Placed
from core.models.sight import probes

SMOOTH_ACTIVATIONS = {
    F.silu: "SiLU",
    F.gelu: "GELU",
    F.hardswish: "Hardswish",
    F.elu: "ELU",
    F.leaky_relu: "LeakyReLU",
    F.mish: "Mish",
    F.selu: "SELU",
    F.softplus: "Softplus",
    F.prelu: "PReLU",
    torch.tanh: "tanh",
    Tensor.tanh: "tanh",
    torch.sigmoid: "sigmoid",
    Tensor.sigmoid: "sigmoid",
    F.hardsigmoid: "Hardsigmoid",
}
UNBOUNDED_RELUS = {F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
FLOORS = {torch.clamp_min, torch.clamp_min_, Tensor.clamp_min, Tensor.clamp_min_}
CLAMPS = {torch.clamp, torch.clamp_, Tensor.clamp, Tensor.clamp_, torch.clip, Tensor.clip, Tensor.clip_}


@dataclass(frozen=True)
class FeatureMap:
    """A module whose output has a place for each part of the picture, and that the answer depends on.

    Parameters
    ----------
    layout
        How the output's values become planes of rows and columns.
    extents
        Where these begin and end in the picture, down and across: a network may pad it or see less than all of it.
    weighed_later
        Whether a module with weights comes after it; if none does, its channels may already be class scores.
    runs
        How many times a pass runs it; its last output is read.
    """

    layer: str
    layout: Layout
    extents: tuple[Extent, Extent] = (WHOLE, WHOLE)
    weighed_later: bool = False
    runs: int = 1

    @property
    def channels(self) -> int:
        return self.layout.shape[0]

    @property
    def height(self) -> int:
        return self.layout.shape[1]

    @property
    def width(self) -> int:
        return self.layout.shape[2]

    @property
    def prefix(self) -> int:
        """Number of tokens before the first place: a class token, registers."""
        return sum(self.layout.prefix)


@dataclass(frozen=True)
class Attention:
    """How the tokens of a network attend to each other.

    Parameters
    ----------
    shapes
        Shapes of the weights of each layer for one picture: heads, queries, keys; preceded by the windows where there
        are any.
    hidden
        Number of further layers whose weights cannot be read.
    in_series
        Whether each layer works on the output of the one before.
    answering
        Tokens of the last layer that the answer is read from: the class token alone, or those that are pooled.
    """

    shapes: tuple[tuple[int, ...], ...] = ()
    hidden: int = 0
    in_series: bool = True
    answering: tuple[int, ...] = ()


@dataclass(frozen=True)
class Anatomy:
    """What one forward pass shows.

    Parameters
    ----------
    differentiable
        Whether the logits depend differentiably on the pixels.
    rectifiers
        Number of ReLUs or ReLU6s between pixels and answer, as modules, as functions or in place.
    other_activations
        Names of the other non-linearities there, the most frequent first.
    feature_maps
        In the order of the forward pass, without the intermediate tensors of attention (queries, keys, values).
    unused
        Modules whose output the answer does not depend on, or not in any part of the picture.
    obstacle
        Why there are no gradients, where that is known.
    """

    differentiable: bool
    rectifiers: int
    other_activations: tuple[str, ...]
    feature_maps: tuple[FeatureMap, ...]
    attention: Attention
    unused: tuple[str, ...] = ()
    obstacle: str = ""

    def last_feature_map(self, classes: int) -> FeatureMap | None:
        """The last one before the network turns it into class scores."""
        before_scores = [found for found in self.feature_maps if found.weighed_later or found.channels != classes]
        return before_scores[-1] if before_scores else None

    def feature_map(self, layer: str) -> FeatureMap | None:
        """The feature map with that name."""
        return next((found for found in self.feature_maps if found.layer == layer), None)

    def last_tokens(self, count: int) -> FeatureMap | None:
        """The last feature map with that many tokens."""
        fitting = [found for found in self.feature_maps if found.layout.tokens == count]
        return fitting[-1] if fitting else None


def rectifier_ceiling(
    function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> float | None:
    """Where this call stops growing if it is a ReLU (infinity) or ReLU6 (6), None if it is neither.

    >>> rectifier_ceiling(F.hardtanh, (torch.zeros(1), 0.0, 6.0), {})
    6.0
    """
    if function in UNBOUNDED_RELUS:
        return float("inf")
    if function is F.relu6:
        return 6.0
    if function in FLOORS:
        low, high = bound(arguments, named, 1, "min", None), None
    elif function in CLAMPS:
        low, high = bound(arguments, named, 1, "min", None), bound(arguments, named, 2, "max", None)
    elif function in (F.hardtanh, F.hardtanh_):
        low, high = bound(arguments, named, 1, "min_val", -1.0), bound(arguments, named, 2, "max_val", 1.0)
    elif function in (F.threshold, torch.threshold_):
        low, high = bound(arguments, named, 1, "threshold", None), None
        low = low if bound(arguments, named, 2, "value", None) == low else None
    else:
        return None
    if low != 0:
        return None
    return float("inf") if high is None else high


def bound(
    arguments: tuple[Any, ...], named: Mapping[str, Any], place: int, name: str, default: float | None
) -> float | None:
    """One numeric argument of a call, by position or by name; NaN where it is a tensor."""
    value = arguments[place] if len(arguments) > place else named.get(name, default)
    return value if value is None else float(value) if isinstance(value, int | float) else float("nan")


class ActivationCount(TorchFunctionMode):
    """Counts the non-linearities between the answer and the pixels that gradients pass through, however they are
    called.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rectifiers = 0
        self.others: Counter[str] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if args and isinstance(args[0], Tensor) and args[0].requires_grad:
            if rectifier_ceiling(func, args, kwargs) is not None:
                self.rectifiers += 1
            elif func in SMOOTH_ACTIVATIONS:
                self.others[SMOOTH_ACTIVATIONS[func]] += 1
        return func(*args, **kwargs)


@contextmanager
def observed(
    network: nn.Module, see: Callable[[str, Any], Any], enter: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Reports each module's start and its output; what ``see`` returns, if anything, replaces the output.

    Only in the thread that asks: another one may run the same network meanwhile.
    """
    here = get_ident()

    def entering(name: str) -> None:
        if get_ident() == here:
            enter(name)

    def leaving(name: str, output: Any) -> Any:
        return see(name, output) if get_ident() == here else None

    hidden = torch.jit.ScriptModule  # takes no hooks
    named = [(name, module) for name, module in network.named_modules() if name and not isinstance(module, hidden)]
    handles = [
        module.register_forward_pre_hook(lambda _module, _inputs, name=name: entering(name)) for name, module in named
    ]
    handles += [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: leaving(name, output))
        for name, module in named
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def examine(
    network: nn.Module,
    forward: Callable[[Float[Tensor, "n channels height width"]], Tensor],
    blank: Tensor,
    alone: bool = False,
) -> Anatomy:
    """Watches the network during two passes: one picture there and back, then several to see where layers move.

    Parameters
    ----------
    alone
        Whether the network needs each picture by itself.
    """
    pictures = probes(blank)
    watch = Watch(network)
    pixels = pictures[:1].clone().requires_grad_()
    with torch.enable_grad(), ActivationCount() as count, AttentionWeights(watch.attend) as attention:
        with observed(network, watch.leave, watch.enter):
            logits = forward(pixels)
        rectifiers, others = count.rectifiers, tuple(name for name, _ in count.others.most_common())
        differentiable = watch.look_back(logits, pixels)
    find = placed_one_by_one if alone else placed_layers
    placed = find(network, forward, pictures, watch.spatial()) if differentiable else {}
    feature_maps = watch.feature_maps(placed)
    return Anatomy(
        differentiable=differentiable,
        rectifiers=rectifiers,
        other_activations=others,
        feature_maps=feature_maps,
        attention=watch.attention(attention.hidden),
        unused=tuple(layer for layer in placed if layer not in {found.layer for found in feature_maps}),
        obstacle=watch.obstacle,
    )


@dataclass
class Output:
    """What was seen of a module's last output.

    Parameters
    ----------
    left
        Its place in the order of all outputs.
    spatial
        Whether it may have places: a tensor of three or more axes.
    reached
        For each axis the places that the answer depends on; nothing where it depends on none.
    """

    left: int
    spatial: bool
    reached: tuple[Tensor, ...] = ()

    def come_back(self, gradient: Tensor | None) -> None:
        """Records where the answer depends on this output: there the gradient is NaN."""
        if gradient is None:
            return
        there = gradient.isnan()
        axes = range(there.dim())
        self.reached = tuple(there.any(dim=[each for each in axes if each != axis]).cpu() for axis in axes)

    @property
    def used(self) -> bool:
        """Whether the answer depends on it at all."""
        return any(bool(places.any()) for places in self.reached)

    def used_at(self, layout: Layout) -> bool:
        """Whether the answer depends on places of the picture, not on a class token alone."""
        return self.used and all(
            bool(places[layout.prefix[axis] :].any()) for axis, places in enumerate(self.reached) if layout.on(axis)
        )


class Watch:
    """Follows one forward pass of one picture and its way back: outputs, attention, and what the answer depends on."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._weighing = {name for name, module in network.named_modules() if [*module.parameters(recurse=False)]}
        self._open = [""]
        self._outputs: dict[str, Output] = {}
        self._latest: tuple[Tensor | None, Output | None] = None, None
        self._attending: set[str] = set()
        self._shapes: list[tuple[int, ...]] = []
        self._nodes: list[Any] = []
        self._answering: tuple[int, ...] = ()
        self._runs = Counter[str]()
        self._over = False
        self.obstacle = ""

    def enter(self, name: str) -> None:
        """Records that a module starts."""
        self._open.append(name)

    def leave(self, name: str, given: Any) -> None:
        """Records a module's output; the last one where it is called several times."""
        self._open.pop()
        self._runs[name] += not self._over
        output = given[0] if isinstance(given, tuple) and given else given
        if not isinstance(output, Tensor):
            return
        known, seen = self._latest
        if output is not known or seen is None:
            seen = Output(len(self._outputs), isinstance(given, Tensor) and output.dim() >= 3)
            if output.requires_grad:
                output.register_hook(seen.come_back)  # type: ignore[no-untyped-call]
            elif known is not None and known.requires_grad and not self.obstacle:
                self.obstacle = f"they stop at {name} ({type(self._network.get_submodule(name)).__name__})"
        self._latest = output, seen
        self._outputs.pop(name, None)
        self._outputs[name] = seen

    def look_back(self, logits: Tensor, pixels: Tensor) -> bool:
        """Finds what the logits depend on, and whether the pixels are among it.

        What they depend on receives NaN, even through weights that are zero; everything else receives zero.
        """
        self._over = True  # what was left out to save memory is now computed again
        if not logits.requires_grad:
            return False
        self.obstacle = ""
        try:
            (gradient,) = torch.autograd.grad(
                logits, pixels, torch.full_like(logits, float("nan")), allow_unused=True, retain_graph=False
            )
        except RuntimeError as error:
            if "checkpoint" not in str(error):
                raise
            self.obstacle = "its gradient checkpointing does not pass them on; switch it off"
            return False
        if gradient is None:
            self.obstacle = "none reach the pixels"
        return gradient is not None

    def attend(self, weights: Tensor) -> None:
        """Records an attention."""
        if self._over:
            return
        self._attending.add(self._open[-1])
        self._shapes.append(tuple(weights.shape))
        self._nodes.append(weights.grad_fn)
        place = len(self._shapes)
        if weights.requires_grad:
            weights.register_hook(lambda gradient: self._attend_back(place, gradient))  # type: ignore[no-untyped-call]

    def _attend_back(self, place: int, gradient: Tensor) -> None:
        if place == len(self._shapes):
            read = gradient.isnan().any(dim=-1).flatten(0, -2).any(dim=0)
            self._answering = tuple(read.nonzero().flatten().tolist())

    def spatial(self) -> set[str]:
        """Modules whose output may have a place for each part of the picture."""
        return {name for name, output in self._outputs.items() if output.spatial}

    def feature_maps(self, placed: Mapping[str, Placed]) -> tuple[FeatureMap, ...]:
        """Those of some layers that the answer depends on, in the order in which they were seen.

        What attention is made of (queries, keys, values) is left out.
        """
        inside = tuple(f"{name}." for name in self._attending if name)
        used = [self._outputs[name] for name in self._outputs if name in self._weighing and self._outputs[name].used]
        weighed = max((output.left for output in used), default=-1)
        return tuple(
            FeatureMap(name, *placed[name], weighed_later=weighed > output.left, runs=self._runs[name])
            for name, output in self._outputs.items()
            if name in placed and not name.startswith(inside) and output.used_at(placed[name].layout)
        )

    def attention(self, hidden: int) -> Attention:
        """What was seen of attention."""
        in_series = all(follows(later, earlier) for earlier, later in pairwise(self._nodes))
        return Attention(tuple(self._shapes), hidden, in_series, self._answering)


def placed_layers(
    network: nn.Module,
    forward: Callable[[Float[Tensor, "n 3 height width"]], Tensor],
    pictures: Float[Tensor, "n 3 height width"],
    names: Collection[str],
) -> dict[str, Placed]:
    """Those of the modules whose values lie in places of the picture, and how."""
    finder = LayoutFinder(len(pictures))
    placed: dict[str, Placed] = {}
    latest: list[Any] = [None, None]

    def see(name: str, output: Any) -> None:
        placed.pop(name, None)
        if name in names and isinstance(output, Tensor) and len(output) % len(pictures) == 0:
            if output is not latest[0]:
                latest[:] = output, finder.find(output)
            if latest[1] is not None:
                placed[name] = latest[1]

    with torch.no_grad(), observed(network, see):
        forward(pictures)
    return placed


def placed_one_by_one(
    network: nn.Module,
    forward: Callable[[Float[Tensor, "n channels height width"]], Tensor],
    pictures: Float[Tensor, "n channels height width"],
    names: Collection[str],
) -> dict[str, Placed]:
    """The same for a network that needs each picture alone: what a module gives for each is put together."""
    given: dict[str, list[Tensor]] = {}
    for number in range(len(pictures)):
        latest: dict[str, Tensor] = {}

        def keep(name: str, output: Any, latest: dict[str, Tensor] = latest) -> None:
            if name in names and isinstance(output, Tensor):
                latest.pop(name, None)
                latest[name] = output

        with torch.no_grad(), observed(network, keep):
            forward(pictures[number : number + 1])
        for name, output in latest.items():
            given.setdefault(name, []).append(output)
    finder = LayoutFinder(len(pictures))
    found = {name: finder.find(torch.cat(each)) for name, each in given.items() if len(each) == len(pictures)}
    return {name: placed for name, placed in found.items() if placed is not None}


def follows(later: Any, earlier: Any) -> bool:
    """Whether one node of the graph works on the output of another."""
    waiting, met = [later], set()
    while waiting:
        node = waiting.pop()
        if node is earlier:
            return True
        if node is not None and node not in met:
            met.add(node)
            waiting += [before for before, _ in node.next_functions]
    return False
