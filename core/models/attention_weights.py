"""Attention weights, read where a network uses them, however its attention is written.

A torch function mode sees fused attention, multi-head attention and plain softmax alike and leaves the network as it
is, so there is nothing to undo. Inside the block fused attention is computed step by step, since it never exposes its
weights. The mode is active in its own thread and inside its own block only.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

SOFTMAXES = {torch.softmax, Tensor.softmax, F.softmax}
PRODUCTS = {torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm}


class AttentionWeights(TorchFunctionMode):
    """Inside this block every attention exposes its weights, which are part of the graph.

    Parameters
    ----------
    see
        Called with the weights of each attention: ``(n, heads, queries, keys)``, or the first two merged.
    """

    def __init__(self, see: Callable[[Tensor], None]) -> None:
        super().__init__()
        self.see = see
        self._hidden = 0
        self._waiting: dict[int, Tensor] = {}

    @property
    def hidden(self) -> int:
        """How many attentions did not expose their weights, or used them for more than weighting values."""
        return self._hidden + len(self._waiting)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self.step_by_step(*args, **kwargs)
        if func is F.multi_head_attention_forward:
            return self.with_weights(*args, **kwargs)
        if func in PRODUCTS and args and id(args[0]) in self._waiting:
            self.see(self._waiting.pop(id(args[0])))
        answer = func(*args, **kwargs)
        if func in SOFTMAXES and answer.dim() > 2 and along(args, kwargs) in (-1, answer.dim() - 1):
            self._waiting[id(answer)] = answer  # attention, if values are weighted with it
        return answer

    def step_by_step(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Scaled dot-product attention that computes its weights explicitly."""
        if dropout_p:
            self._hidden += 1
            return F.scaled_dot_product_attention(
                query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
            )
        if enable_gqa:
            key, value = (shared.repeat_interleave(query.shape[-3] // shared.shape[-3], -3) for shared in (key, value))
        scores = query * (query.shape[-1] ** -0.5 if scale is None else scale) @ key.transpose(-2, -1)
        if is_causal:
            attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if attn_mask is not None:
            allowed = attn_mask.dtype == torch.bool
            scores = scores.masked_fill(~attn_mask, float("-inf")) if allowed else scores + attn_mask
        weights = scores.softmax(dim=-1)
        self.see(weights)
        return weights @ value

    def with_weights(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Multi-head attention that exposes its weights, and returns what its caller asked for."""
        asked = kwargs["need_weights"], kwargs["average_attn_weights"]
        kwargs.update(need_weights=True, average_attn_weights=False)
        output, weights = F.multi_head_attention_forward(*args, **kwargs)
        assert weights is not None
        # What is handed out is a view; values are weighted with what it is a view of.
        if weights._base is None:
            self._hidden += 1
        else:
            self.see(weights._base)
        return output, (weights.mean(dim=-3) if asked[1] else weights) if asked[0] else None


def along(arguments: tuple[Any, ...], named: dict[str, Any]) -> int | None:
    """The axis that a softmax runs over."""
    axis: int | None = named.get("dim", arguments[1] if len(arguments) > 1 else None)
    return axis
