"""Other ways back through a ReLU: guided backprop and the deconvnet, for every way in which a ReLU is written.

A torch function mode sees module, functional and in-place ReLUs alike and leaves the network as it is, so there is
nothing to undo. It is active in its own thread and inside its own block only.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.models.anatomy import rectifier_ceiling

Rule = Literal["plain", "guided", "deconvnet"]


class OtherWayBack(torch.autograd.Function):
    """Rectifies forward; backward it passes positive gradients only, and for guided backprop only where the ReLU was
    active.
    """

    @staticmethod
    def forward(context: Any, values: Tensor, ceiling: float, rule: Rule, in_place: bool) -> Tensor:
        if in_place:
            context.mark_dirty(values)
            rectified = values.clamp_(0, ceiling)
        else:
            rectified = values.clamp(0, ceiling)
        if rule == "guided":
            context.save_for_backward((rectified > 0) & (rectified < ceiling))
        return rectified

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        passed = gradients[0].clamp(min=0)
        if context.saved_tensors:
            passed = passed * context.saved_tensors[0]
        return passed, None, None, None


class RectifiersBecome(TorchFunctionMode):
    """Inside this block every ReLU and ReLU6 passes gradients back by the given rule."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        ceiling = None if self.rule == "plain" else rectifier_ceiling(func, args, kwargs)
        if ceiling is None:
            return func(*args, **kwargs)
        values = args[0] if args else kwargs["input"]
        in_place = func.__name__.endswith("_") or is_in_place(args, kwargs)
        return OtherWayBack.apply(values, ceiling, self.rule, in_place)


def is_in_place(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether ``inplace`` was requested; the functional forms have it as their last, boolean argument."""
    return bool(named.get("inplace", arguments[-1] is True if arguments else False))
