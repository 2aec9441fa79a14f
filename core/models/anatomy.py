"""What a network contains, found by watching one forward pass: its activations and its feature maps."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

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
    """A module whose output still has a place for each part of the picture.

    Parameters
    ----------
    weighed_later
        Whether some module with weights comes after it; if none does, its channels may already be class scores.
    """

    layer: str
    channels: int
    height: int
    width: int
    weighed_later: bool


@dataclass(frozen=True)
class Anatomy:
    """What one forward pass shows.

    Parameters
    ----------
    rectifiers
        How many ReLUs or ReLU6s lie between pixels and answer, as modules, as functions or in place.
    other_activations
        Names of the other non-linearities there, the most frequent first.
    feature_maps
        In the order of the forward pass.
    """

    rectifiers: int
    other_activations: tuple[str, ...]
    feature_maps: tuple[FeatureMap, ...]

    def last_feature_map(self, classes: int) -> FeatureMap | None:
        """The last one before the network turns it into class scores."""
        before_scores = [found for found in self.feature_maps if found.weighed_later or found.channels != classes]
        return before_scores[-1] if before_scores else None


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
def observed(network: nn.Module, see: Callable[[str, Any], Any]) -> Iterator[None]:
    """Shows the output of every module; what ``see`` returns, if anything, takes the output's place."""
    handles = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: see(name, output))
        for name, module in network.named_modules()
        if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def examine(
    network: nn.Module, forward: Callable[[Float[Tensor, "1 3 height width"]], object], blank: Tensor
) -> Anatomy:
    """Watches the network during one forward pass of a blank picture."""
    weighing = {name for name, module in network.named_modules() if any(True for _ in module.parameters(recurse=False))}
    seen: dict[str, FeatureMap] = {}

    def see(name: str, output: Any) -> None:
        nonlocal seen
        if name in weighing:
            seen = {layer: replace(found, weighed_later=True) for layer, found in seen.items()}
            if isinstance(output, Tensor) and output.dim() == 3:
                seen = {}  # tokens: what came before them is not what the answer is read from
        if isinstance(output, Tensor) and keeps_the_plane(tuple(output.shape), tuple(blank.shape)):
            seen.pop(name, None)
            _, channels, height, width = output.shape
            seen[name] = FeatureMap(name, channels, height, width, weighed_later=False)

    with torch.enable_grad(), observed(network, see), ActivationCount() as count:
        forward(blank.requires_grad_())
    return Anatomy(count.rectifiers, tuple(name for name, _ in count.others.most_common()), tuple(seen.values()))


def keeps_the_plane(shape: tuple[int, ...], picture: tuple[int, ...]) -> bool:
    """Whether an output has rows and columns in the picture's proportion, up to rounding.

    >>> keeps_the_plane((1, 1280, 7, 7), (1, 3, 224, 224))
    True
    >>> keeps_the_plane((1, 3, 197, 64), (1, 3, 224, 224))
    False
    """
    if len(shape) != 4 or min(shape[2:]) < 2:
        return False
    return abs(shape[2] * picture[3] - shape[3] * picture[2]) <= max(picture[2:])
