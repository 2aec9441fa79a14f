"""A network rewritten so that captum's DeepLIFT adds up: every non-linearity has a sound rule.

Captum finds its rules by a module's exact type, replaces the gradient of the very tensor that the module read, and
scatters what a max pooling passes back without adding where windows overlap. So other kinds are written with kinds that
have a rule, each module reads a tensor that nothing else reads, and overlapping windows are laid out side by side.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from core.methods.readings import Question
from core.models.answering import rows_of
from core.models.unrolled import Apart

Read = Callable[[Any, int], Float[Tensor, "n classes"]]
"""A number for each class, from what a copy of a network returns for that many pictures."""

RESCALED = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus)
CLAMPING = (nn.ReLU6, nn.Hardtanh)


class Explained(nn.Module):
    """The explained output of normalised pictures and, behind them, of as many baselines.

    Captum's rule for softmax does not add up. So the network is explained up to its logits, and the rest of the
    question becomes a weighted sum of them.
    """

    def __init__(self, network: nn.Module, question: Question, read: Read = rows_of) -> None:
        super().__init__()
        self.network = network
        self._question = question
        self._read = read

    def forward(self, pictures: Float[Tensor, "2*n channels height width"]) -> Float[Tensor, " 2*n"]:
        logits = self._read(self.network(pictures), len(pictures))
        weights = logit_weights(self._question, *logits.detach().chunk(2))
        return (logits * torch.cat([weights, weights])).sum(dim=1)


def logit_weights(
    question: Question, logits: Float[Tensor, "n classes"], starts: Float[Tensor, "n classes"]
) -> Float[Tensor, "n classes"]:
    """The weight of each logit's change from the start, such that the weighted changes add up to the answer's change.

    Logits and their margins are weighted sums already. A probability is ``1 / sum(exp(other - own))``: the rescale rule
    takes the slope between both ends of the exponentials, and of the reciprocal.

    >>> logits, starts = torch.tensor([[2.0, 1.0, -1.0]]), torch.tensor([[0.0, 0.5, 1.0]])
    >>> question = Question(0, "probability")
    >>> total = (logit_weights(question, logits, starts) * (logits - starts)).sum()
    >>> bool(torch.isclose(total, (question(logits) - question(starts))[0]))
    True
    """
    if question.output != "probability" or question.reading in ("probabilities", "separate probabilities"):
        with torch.enable_grad():
            read = logits.clone().requires_grad_()
            return torch.autograd.grad(question(read).sum(), read)[0]
    own = slice(question.target, question.target + 1)
    if question.reading != "softmax":
        return sigmoid_weights(logits, starts, own)
    ahead, ahead_before = (each.double() - each[:, own].double() for each in (logits, starts))
    steepness = slope(ahead_before, ahead, ahead_before.exp(), ahead.exp(), ahead.exp())
    odds_before, odds = ahead_before.exp().sum(dim=1, keepdim=True), ahead.exp().sum(dim=1, keepdim=True)
    weights = -steepness / (odds_before * odds)  # the reciprocal's slope between its ends
    weights[:, own] -= weights.sum(dim=1, keepdim=True)
    return weights.to(logits)


def sigmoid_weights(logits: Tensor, starts: Tensor, own: slice) -> Float[Tensor, "n classes"]:
    """The same where a probability is the sigmoid of its own logit: the sigmoid's slope between both ends."""
    before, after = starts[:, own].double(), logits[:, own].double()
    low, high = before.sigmoid(), after.sigmoid()
    weights = torch.zeros_like(logits)
    weights[:, own] = slope(before, after, low, high, high * (1 - high)).to(logits)
    return weights


def slope(before: Tensor, after: Tensor, low: Tensor, high: Tensor, tangent: Tensor) -> Tensor:
    """The change from low to high divided by the change from before to after, or the tangent where nothing changes."""
    change = after - before
    still = change.abs() < 1e-6
    return torch.where(still, tangent, (high - low) / torch.where(still, 1.0, change))


class Unshared(nn.Module):
    """Its input as a tensor that nothing else reads."""

    def forward(self, values: Tensor) -> Tensor:
        return values.view_as(values)


class Clamp(nn.Module):
    """Values limited to two bounds, as the difference of two ReLUs.

    ``clamp(x) = low + ReLU(x - low) - ReLU(x - high)``. Each ReLU's rescaled slope is its own change divided by the
    change of x, so their difference is the change of the clamp divided by that of x: its own rescaled slope.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high
        self.above_low, self.above_high = nn.ReLU(), nn.ReLU()

    def forward(self, values: Tensor) -> Tensor:
        above_low: Tensor = self.above_low(values - self.low)
        above_high: Tensor = self.above_high(values - self.high)
        return self.low + above_low - above_high


class Windows(nn.Module):
    """What each window of a pooling sees, laid out side by side, so that no two windows share a value."""

    def __init__(self, pooling: nn.MaxPool2d) -> None:
        super().__init__()
        self._pooling = pooling

    def forward(self, values: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n channels rows columns"]:
        counts = self._pooling(values[:1, :1]).shape[2:]
        for axis, count in zip((2, 3), counts, strict=True):
            values = self._lay_out(values, axis, count)
        return values

    def _lay_out(self, values: Tensor, axis: int, count: int) -> Tensor:
        kernel, stride, padding, dilation = (pair(setting)[axis - 2] for setting in shape_of(self._pooling))
        starts = torch.arange(count, device=values.device)[:, None] * stride
        places = (starts + torch.arange(kernel, device=values.device) * dilation).flatten()
        behind = int(places.max()) + 1 - values.shape[axis] - padding
        sides = (0, 0, padding, behind) if axis == 2 else (padding, behind, 0, 0)
        # Lower than any value, and finite: two infinities have no difference.
        padded = F.pad(values, sides, value=torch.finfo(values.dtype).min)
        return padded.index_select(axis, places)


def shape_of(pooling: nn.MaxPool2d) -> tuple[int | tuple[int, int], ...]:
    return pooling.kernel_size, pooling.stride, pooling.padding, pooling.dilation


def pair(setting: int | tuple[int, int]) -> tuple[int, int]:
    """The setting along height and along width."""
    return (setting, setting) if isinstance(setting, int) else (setting[0], setting[-1])


def with_rules(network: Apart) -> Apart:
    """The copy itself, with every non-linearity replaced by an equivalent one that has a sound rule."""
    for name, part in network.named_children():
        if type(part) in RESCALED:
            network.add_module(name, nn.Sequential(Unshared(), part))
        elif isinstance(part, nn.Hardtanh) and type(part) in CLAMPING:
            network.add_module(name, Clamp(part.min_val, part.max_val))
        elif type(part) is nn.MaxPool2d:
            network.add_module(name, nn.Sequential(Windows(part), nn.MaxPool2d(part.kernel_size)))
    return network
