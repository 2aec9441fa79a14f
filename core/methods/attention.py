"""Attention: which parts of the picture the output token attends to, followed through all layers.

The weights are read where the network uses them; nothing in it is switched or hooked.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.heatmap import Passes
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import method
from core.methods.requirements import attention, gradients
from core.methods.upsampling import upsampled
from core.models.attention_weights import AttentionWeights
from core.models.batching import Kind
from core.models.classifier import Classifier


@dataclass(frozen=True)
class AttentionLayers:
    """The weights of every layer, averaged over heads: as they are, and the part that supports the class.

    The second is the mean of the positive products of weight and gradient.
    """

    kind: ClassVar[Kind] = "gradient"
    cost: ClassVar[Passes] = Passes(forward=1, backward=1)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n 2 layers queries keys"]:
        layers: list[Tensor] = []
        with torch.enable_grad(), AttentionWeights(layers.append):
            explained = question(classifier(pixels.detach().requires_grad_())).sum()
        slopes = torch.autograd.grad(explained, layers)
        means = [
            torch.stack([over_heads(weights, len(pixels)), over_heads((weights * slope).relu(), len(pixels))], dim=1)
            for weights, slope in zip(layers, slopes, strict=True)
        ]
        return torch.stack(means, dim=2).detach()


def over_heads(weights: Tensor, pictures: int) -> Float[Tensor, "n queries keys"]:
    """Mean over the heads, which have an axis of their own or share one with the pictures."""
    return weights.reshape(pictures, -1, *weights.shape[-2:]).mean(dim=1)


@method(
    label="Attention rollout",
    family="attention",
    signed=False,
    paper="Abnar and Zuidema 2020, arXiv:2005.00928",
    needs=(gradients, attention),
)
def attention_rollout(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """How much of each part of the picture reaches the output token through attention, layer by layer.

    Each step mixes half of a token's previous state with half of what it attends to, averaged over heads. The map is
    the same for every class: it shows where the network looks, not what supports the answer, and it ignores what the
    values carry.
    """
    weights, _ = passes.at_picture(AttentionLayers())
    stay = torch.eye(weights.shape[-1], device=weights.device, dtype=weights.dtype)
    rolled = stay
    for layer in weights:
        step = 0.5 * layer + 0.5 * stay
        rolled = step / step.sum(dim=-1, keepdim=True) @ rolled
    return as_answered(passes, rolled)


@method(
    label="Gradient rollout",
    family="attention",
    signed=False,
    paper="Chefer et al. 2021, arXiv:2103.15679",
    needs=(gradients, attention),
)
def gradient_rollout(passes: PassBank) -> Float[Tensor, "1 height width"]:
    """Attention followed through the layers, each weight scaled by the gradient of the class score.

    Unlike plain rollout it depends on the class. Weights with a negative gradient are dropped, so it shows evidence for
    the class and hides evidence against it.
    """
    _, relevances = passes.at_picture(AttentionLayers())
    gathered = torch.zeros_like(relevances[0])
    for layer in relevances:
        gathered = gathered + layer + layer @ gathered  # R <- R + A R, without the identity that R starts from
    return as_answered(passes, gathered)


def as_answered(passes: PassBank, reached: Float[Tensor, "tokens tokens"]) -> Float[Tensor, "1 height width"]:
    """What reached the tokens that the answer is read from, at the places where it came from."""
    anatomy = passes.classifier.anatomy
    found = anatomy.last_tokens(len(reached))
    assert found is not None
    layers = len(anatomy.attention.shapes)
    passes.note(f"{layers} layers of attention over {found.height} × {found.width} patches of the picture, enlarged.")
    tokens = reached[list(anatomy.attention.answering)].mean(dim=0)
    return upsampled(passes, found.layout.plane(tokens), found.extents)
