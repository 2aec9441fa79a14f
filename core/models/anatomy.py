"""What a network contains, found by watching one forward pass: its activations and its feature maps."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
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
CLAMPS = {torch.clamp, torch.clamp_, Tensor.clamp, Tensor.clamp_, torch.clip, Tensor.clip, Tensor.clip_}


@dataclass(frozen=True)
class FeatureMap:
    """A module whose output still has a place for each part of the picture."""

    layer: str
    channels: int
    height: int
    width: int


@dataclass(frozen=True)
class Anatomy:
    """What one forward pass shows.

    Parameters
    ----------
    rectifiers
        How often a ReLU or ReLU6 was computed, as a module, as a function or in place.
    other_activations
        Names of the other non-linearities, the most frequent first.
    feature_maps
        In the order of the forward pass.
    """

    rectifiers: int
    other_activations: tuple[str, ...]
    feature_maps: tuple[FeatureMap, ...]

    def last_feature_map(self, classes: int) -> FeatureMap | None:
        """The last one before the network turns it into class scores."""
        before_scores = [found for found in self.feature_maps if found.channels != classes]
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
    if function in CLAMPS or function in (F.hardtanh, F.hardtanh_):
        names = ("min", "max") if function in CLAMPS else ("min_val", "max_val")
        absent = (None, None) if function in CLAMPS else (-1.0, 1.0)
        low, high = (
            arguments[place] if len(arguments) > place else named.get(name, default)
            for place, name, default in zip((1, 2), names, absent, strict=True)
        )
        if isinstance(low, int | float) and low == 0 and (high is None or isinstance(high, int | float)):
            return float("inf") if high is None else float(high)
    return None


class ActivationCount(TorchFunctionMode):
    """Counts non-linearities, whichever way they are called."""

    def __init__(self) -> None:
        super().__init__()
        self.rectifiers = 0
        self.others: Counter[str] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
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


def examine(network: nn.Module, forward: Callable[[], object]) -> Anatomy:
    """Watches the network during one forward pass."""
    seen: dict[str, FeatureMap] = {}

    def see(name: str, output: Any) -> None:
        if isinstance(output, Tensor) and output.dim() == 4 and min(output.shape[2:]) > 1:
            seen.pop(name, None)
            seen[name] = FeatureMap(name, *output.shape[1:])

    with torch.inference_mode(), observed(network, see), ActivationCount() as count:
        forward()
    return Anatomy(count.rectifiers, tuple(name for name, _ in count.others.most_common()), tuple(seen.values()))
