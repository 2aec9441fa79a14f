"""What a network contains, found by watching one forward pass: its activations, feature maps and attention."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.models.attention_weights import AttentionWeights

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


Layout = Literal["planes", "channels last", "tokens"]
MOST_PREFIX_TOKENS = 16


@dataclass(frozen=True)
class FeatureMap:
    """A module whose output still has a place for each part of the picture.

    Parameters
    ----------
    weighed_later
        Whether some module with weights comes after it; if none does, its channels may already be class scores.
    layout
        How its places lie: as rows and columns behind the channels or before them, or in a row of tokens.
    prefix
        Tokens before the first place: a class token, registers.
    """

    layer: str
    channels: int
    height: int
    width: int
    weighed_later: bool = False
    layout: Layout = "planes"
    prefix: int = 0

    @property
    def places(self) -> int:
        """Tokens or pixels of the output, those before the first place of the picture included."""
        return self.prefix + self.height * self.width

    def planes(self, output: Tensor) -> Float[Tensor, "n channels height width"]:
        """The layer's output with its places as rows and columns."""
        if self.layout == "tokens":
            output = output[:, self.prefix :].reshape(len(output), self.height, self.width, self.channels)
        return output if self.layout == "planes" else output.permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Attention:
    """How the tokens of a network look at each other.

    Parameters
    ----------
    shapes
        Of the weights of each layer for one picture: heads, queries, keys; with the windows first where it has such.
    hidden
        How many more layers there are whose weights can't be read.
    in_series
        Whether each layer works on what the one before it gave.
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
        Whether the logits depend on the pixels by a gradient.
    rectifiers
        How many ReLUs or ReLU6s lie between pixels and answer, as modules, as functions or in place.
    other_activations
        Names of the other non-linearities there, the most frequent first.
    feature_maps
        In the order of the forward pass, without what an attention makes on its way (queries, keys, values) and
        without patch tokens that the answer no longer depends on.
    """

    differentiable: bool
    rectifiers: int
    other_activations: tuple[str, ...]
    feature_maps: tuple[FeatureMap, ...]
    attention: Attention

    def last_feature_map(self, classes: int) -> FeatureMap | None:
        """The last one before the network turns it into class scores."""
        before_scores = [found for found in self.feature_maps if found.weighed_later or found.channels != classes]
        return before_scores[-1] if before_scores else None

    def feature_map(self, layer: str) -> FeatureMap | None:
        """The feature map of that name."""
        return next((found for found in self.feature_maps if found.layer == layer), None)

    def last_tokens(self, count: int) -> FeatureMap | None:
        """The last feature map made of that many tokens."""
        fitting = [found for found in self.feature_maps if found.layout == "tokens" and found.places == count]
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
    """One numeric argument of a call, wherever it stands; NaN where it is a tensor."""
    value = arguments[place] if len(arguments) > place else named.get(name, default)
    return value if value is None else float(value) if isinstance(value, int | float) else float("nan")


class ActivationCount(TorchFunctionMode):
    """Counts non-linearities that gradients pass through on their way to the pixels, however they are called."""

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
    """Shows each module's start, and its output; what ``see`` returns, if anything, takes the output's place."""
    named = [(name, module) for name, module in network.named_modules() if name]
    handles = [
        module.register_forward_pre_hook(lambda _module, _inputs, name=name: enter(name)) for name, module in named
    ]
    handles += [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: see(name, output))
        for name, module in named
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def examine(
    network: nn.Module, forward: Callable[[Float[Tensor, "1 3 height width"]], Tensor], blank: Tensor
) -> Anatomy:
    """Watches the network during one forward pass of a blank picture."""
    watch = Watch(network, blank)
    attention = AttentionWeights(watch.attend)
    pixels = blank.requires_grad_()
    with torch.enable_grad(), observed(network, watch.leave, watch.enter), ActivationCount() as count, attention:
        logits = forward(pixels)
    if logits.requires_grad and watch.tokens:
        # Whatever the answer depends on gets NaN, even through weights that are zero; all else gets zero.
        torch.autograd.grad(logits, pixels, torch.full_like(logits, float("nan")), allow_unused=True)
    return Anatomy(
        differentiable=logits.grad_fn is not None,
        rectifiers=count.rectifiers,
        other_activations=tuple(name for name, _ in count.others.most_common()),
        feature_maps=watch.feature_maps(),
        attention=watch.attention(attention.hidden),
    )


class Watch:
    """Follows one forward pass and the way back: what keeps the plane, where attention is, what the answer reads.

    Parameters
    ----------
    blank
        The picture that is sent through, a batch of one.
    """

    def __init__(self, network: nn.Module, blank: Tensor) -> None:
        self._picture = blank.shape[2], blank.shape[3]
        self._weighing = {name for name, module in network.named_modules() if [*module.parameters(recurse=False)]}
        self._open = [""]
        self._seen: dict[str, FeatureMap] = {}
        self._planes: list[tuple[int, int]] = []
        self._depended_on: set[str] = set()
        self._attending: set[str] = set()
        self._shapes: list[tuple[int, ...]] = []
        self._nodes: list[Any] = []
        self._answering: tuple[int, ...] = ()
        self.tokens = 0  # in the last output that was made of them

    def enter(self, name: str) -> None:
        """Takes note that a module starts."""
        self._open.append(name)

    def leave(self, name: str, output: Any) -> None:
        """Takes note of a module's output."""
        self._open.pop()
        if name in self._weighing:
            self._seen = {layer: replace(found, weighed_later=True) for layer, found in self._seen.items()}
        if not isinstance(output, Tensor) or output.dim() not in (3, 4) or len(output) != 1:
            return
        found = self._tokens(name, output) if output.dim() == 3 else self._plane(name, output)
        if found is None:
            return
        self._seen.pop(name, None)
        self._seen[name] = found
        if found.layout == "tokens" and output.requires_grad:
            output.register_hook(lambda gradient: self._come_back(found, gradient))  # type: ignore[no-untyped-call]

    def _plane(self, name: str, output: Tensor) -> FeatureMap | None:
        layout = layout_of(tuple(output.shape), self._picture, self.tokens)
        if layout is None:
            return None
        channels, height, width = output.permute(0, 3, 1, 2).shape[1:] if layout != "planes" else output.shape[1:]
        self._planes.append((height, width))
        return FeatureMap(name, channels, height, width, layout=layout)

    def _tokens(self, name: str, output: Tensor) -> FeatureMap | None:
        _, count, channels = output.shape
        plane = plane_of_tokens(count, self._planes)
        if plane is None:
            return None
        self.tokens = count
        return FeatureMap(name, channels, *plane, layout="tokens", prefix=count - plane[0] * plane[1])

    def _come_back(self, found: FeatureMap, gradient: Tensor) -> None:
        if gradient[:, found.prefix :].isnan().any():
            self._depended_on.add(found.layer)

    def attend(self, weights: Tensor) -> None:
        """Takes note of an attention."""
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

    def feature_maps(self) -> tuple[FeatureMap, ...]:
        """The layers that may be read, in the order in which they came."""
        inside = tuple(f"{name}." for name in self._attending if name)
        return tuple(
            found
            for found in self._seen.values()
            if not found.layer.startswith(inside) and (found.layout != "tokens" or found.layer in self._depended_on)
        )

    def attention(self, hidden: int) -> Attention:
        """What was seen of attention."""
        in_series = all(follows(later, earlier) for earlier, later in pairwise(self._nodes))
        return Attention(tuple(self._shapes), hidden, in_series, self._answering)


def follows(later: Any, earlier: Any) -> bool:
    """Whether one node of the graph works on what another gave."""
    waiting, met = [later], set()
    while waiting:
        node = waiting.pop()
        if node is earlier:
            return True
        if node is not None and node not in met:
            met.add(node)
            waiting += [before for before, _ in node.next_functions]
    return False


def layout_of(shape: tuple[int, ...], picture: tuple[int, int], tokens: int = 0) -> Layout | None:
    """How an output of four axes keeps the picture's plane: rows and columns in its proportion, up to rounding.

    Parameters
    ----------
    tokens
        How many there were last: queries, keys and weights of attention have that many rows, and are no planes.

    >>> layout_of((1, 1280, 7, 7), (224, 224))
    'planes'
    >>> layout_of((1, 7, 7, 768), (224, 224))
    'channels last'
    >>> layout_of((1, 3, 197, 64), (224, 224))
    >>> layout_of((1, 3, 197, 197), (224, 224), tokens=197)
    """
    if shape[2] != tokens and keeps_the_plane(shape[2:], picture):
        return "planes"
    if shape[1] != tokens and keeps_the_plane(shape[1:3], picture):
        return "channels last"
    return None


def keeps_the_plane(plane: tuple[int, ...], picture: tuple[int, int]) -> bool:
    """Whether rows and columns are in the picture's proportion, up to rounding."""
    (rows, columns), (height, width) = plane, picture
    return min(plane) >= 2 and abs(rows * width - columns * height) <= max(picture)


def plane_of_tokens(count: int, planes: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The plane that fits into so many tokens with the fewest left over, the latest of equals; None if too many are.

    >>> plane_of_tokens(197, [(112, 112), (14, 14)])
    (14, 14)
    >>> plane_of_tokens(50, [(7, 7), (6, 6)])
    (7, 7)
    >>> plane_of_tokens(120, [(112, 112), (10, 10)])
    """
    fitting = [plane for plane in reversed(planes) if 0 <= count - plane[0] * plane[1] <= MOST_PREFIX_TOKENS]
    return max(fitting, key=lambda plane: plane[0] * plane[1], default=None)
