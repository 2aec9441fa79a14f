"""Which steps of a network DeepLIFT and LRP have rules for, and the sentence that names the first without one."""

import operator
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.methods.rescaling import CLAMPING, RESCALED
from core.models.anatomy import SMOOTH_ACTIVATIONS
from core.models.classifier import Classifier
from core.models.folding import pads_by_itself
from core.models.unrolled import Mean, Step, Sum, Untraceable, side_by_side, taken_apart

MOVING = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.Flatten, nn.Unflatten, nn.ChannelShuffle, nn.PixelShuffle)
WEIGHING = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
AVERAGING = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, Mean, Sum)
RESCALABLE = (
    *MOVING,
    *WEIGHING,
    *AVERAGING,
    *RESCALED,
    *CLAMPING,
    nn.MaxPool2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.Upsample,
)
RELEVANT = (*MOVING, *WEIGHING, *AVERAGING, nn.ReLU, nn.LeakyReLU, *CLAMPING, nn.MaxPool2d, nn.AdaptiveMaxPool2d)
MOVES = {
    *(torch.flatten, torch.reshape, torch.permute, torch.transpose, torch.squeeze, torch.unsqueeze),
    *(Tensor.flatten, Tensor.reshape, Tensor.permute, Tensor.transpose, Tensor.squeeze, Tensor.unsqueeze),
    *(Tensor.view, Tensor.contiguous, Tensor.clone, Tensor.to, Tensor.expand, operator.getitem),
    *(torch.cat, torch.concat, torch.stack, side_by_side),
    *(torch.chunk, torch.split, torch.unbind, Tensor.chunk, Tensor.split, Tensor.unbind),
}
SUMS = {
    *(operator.add, operator.sub, operator.neg, torch.add, torch.sub, torch.sum, torch.mean),
    *(Tensor.add, Tensor.sub, Tensor.sum, Tensor.mean),
}
PRODUCTS = {
    *(operator.mul, operator.matmul, torch.mul, torch.matmul, torch.einsum, Tensor.mul, Tensor.matmul),
    *(F.conv2d, F.linear),
}
SCALINGS = {operator.truediv, torch.div, Tensor.div, F.batch_norm, F.interpolate, F.pad}
SPOKEN: dict[Any, str] = {
    **SMOOTH_ACTIVATIONS,
    **dict.fromkeys((operator.mul, torch.mul, Tensor.mul), "a product of two activations"),
    **dict.fromkeys((operator.matmul, torch.matmul, Tensor.matmul), "a product of two activations"),
    **dict.fromkeys((operator.truediv, torch.div, Tensor.div), "a division by an activation"),
    **dict.fromkeys((F.softmax, torch.softmax, Tensor.softmax), "softmax"),
    **dict.fromkeys((F.layer_norm, torch.layer_norm), "LayerNorm"),
    F.scaled_dot_product_attention: "attention",
}
BY_A_NUMBER: dict[Any, str] = {
    **dict.fromkeys((operator.mul, torch.mul, Tensor.mul), "a product with a number"),
    **dict.fromkeys((operator.truediv, torch.div, Tensor.div), "a division by a number"),
    **dict.fromkeys((operator.add, torch.add, Tensor.add), "a number added"),
    **dict.fromkeys((operator.sub, torch.sub, Tensor.sub), "a number taken off"),
}

_reasons: WeakKeyDictionary[Classifier, dict[str, str | None]] = WeakKeyDictionary()


def rescale_rules(classifier: Classifier) -> str | None:
    """A rescale rule for every non-linear step."""
    return kept_reasons(classifier)["DeepLIFT"]


def relevance_rules(classifier: Classifier) -> str | None:
    """A relevance rule for every step."""
    return kept_reasons(classifier)["LRP"]


def kept_reasons(classifier: Classifier) -> dict[str, str | None]:
    """Why rules cannot be applied to this network, found once: its structure does not change."""
    if classifier not in _reasons:
        _reasons[classifier] = reasons_against(classifier)
    return _reasons[classifier]


def reasons_against(classifier: Classifier) -> dict[str, str | None]:
    """For DeepLIFT and LRP the first step without a rule, or why the steps are unknown."""
    try:
        steps = [
            *taken_apart(classifier.network, classifier.as_input(classifier.normalise(classifier.blank(1)))).steps()
        ]
    except Untraceable as untraceable:
        by_kinds = {"DeepLIFT": RESCALABLE, "LRP": RELEVANT}
        return {
            rules: no_rule(rules, strange_module(classifier.network, kinds))
            or f"{rules} needs to trace a network step by step, and {untraceable}."
            for rules, kinds in by_kinds.items()
        }
    by_steps = {"DeepLIFT": has_rescaling, "LRP": has_relevance_rule}
    return {
        rules: no_rule(rules, next(((spoken(step), step.layer) for step in steps if not ruled(step)), None))
        for rules, ruled in by_steps.items()
    }


def no_rule(rules: str, stranger: tuple[str, str] | None) -> str | None:
    if stranger is None:
        return None
    kind, layer = stranger
    return f"{rules} has no rule for {kind}{layer and f' ({layer})'}."


def has_rescaling(step: Step) -> bool:
    """Whether DeepLIFT adds up here: a linear step, or one whose slope between both ends captum takes."""
    if isinstance(step.does, nn.Module):
        own_statistics = getattr(step.does, "track_running_stats", True)
        return own_statistics and (type(step.does) in RESCALABLE or pads_by_itself(step.does))
    if step.does in PRODUCTS:
        return len(step.changing) == 1
    if step.does in SCALINGS:
        return step.changing == (0,) and not any(setting is True for setting in step.settings)
    return step.does in SUMS or only_moves(step)


def has_relevance_rule(step: Step) -> bool:
    """Whether a composite's rule distributes relevance here, or the plain gradient where numbers only move."""
    if isinstance(step.does, nn.Hardtanh) and step.does.min_val != 0:
        return False
    if isinstance(step.does, nn.Module):
        return type(step.does) in RELEVANT or pads_by_itself(step.does)
    return only_moves(step)


def only_moves(step: Step) -> bool:
    return step.does is side_by_side or (step.does in MOVES and set(step.changing) == {0})


def strange_module(network: nn.Module, ruled: tuple[type[nn.Module], ...]) -> tuple[str, str] | None:
    """Kind and name of the first layer without a rule, as far as the layers themselves show it."""
    for name, module in network.named_modules():
        kinds = [kind for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn.modules.")]
        layer = kinds and kinds[0].__module__ not in ("torch.nn.modules.module", "torch.nn.modules.container")
        if layer and kinds[0] not in (*ruled, nn.BatchNorm2d):
            return kinds[0].__name__, name
    return None


def spoken(step: Step) -> str:
    """The step's name in a sentence."""
    if isinstance(step.does, nn.Module):
        return type(step.does).__name__
    if step.does is getattr:
        return str(step.settings[1])
    beside_a_number = len(step.changing) == 1 and not (step.does in SCALINGS and step.changing == (1,))
    if beside_a_number and step.does in BY_A_NUMBER:
        return BY_A_NUMBER[step.does]
    return SPOKEN.get(step.does, step.does.__name__)
