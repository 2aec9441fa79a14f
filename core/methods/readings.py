"""What can be read from a network in one pass, and what that costs."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.heatmap import Passes
from core.methods.rectifiers import RectifiersBecome, Rule
from core.models.anatomy import observed
from core.models.batching import Kind
from core.models.classifier import Classifier
from core.models.outputs import AnswerReading, Output, probability_of, rather_than, read_output


@dataclass(frozen=True)
class Question:
    """The number to explain: one output of one class, with the reading of the network's answers."""

    target: int
    output: Output = "logit"
    reading: AnswerReading = "softmax"

    def __call__(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, " n"]:
        return read_output(logits, self.target, self.output, self.reading)

    def probability(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, " n"]:
        """The probability of the class; of a contrast, the share of the class among the two."""
        return probability_of(logits, self.target, self.reading, rather_than(self.output))


class Reading(Protocol):
    """Something read at each of a batch of pictures; equal readings fill batches together.

    A reading of kind ``forward`` receives a classifier with folded layers: use it for outputs only.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def cost(self) -> Passes: ...

    def __call__(self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]) -> Tensor:
        """One answer per picture, along the first axis."""


@dataclass(frozen=True)
class Outputs:
    """The explained output itself."""

    kind: ClassVar[Kind] = "forward"
    cost: ClassVar[Passes] = Passes(forward=1)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, " n"]:
        with torch.inference_mode():
            return question(classifier(pixels))


@dataclass(frozen=True)
class InputGradients:
    """The gradient of the explained output with respect to the pixels, with ReLUs passing it back by a rule."""

    rule: Rule = "plain"
    kind: ClassVar[Kind] = "gradient"
    cost: ClassVar[Passes] = Passes(forward=1, backward=1)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n 3 height width"]:
        pixels = pixels.detach().requires_grad_()
        with torch.enable_grad(), RectifiersBecome(self.rule):
            explained = question(classifier(pixels)).sum()
        (gradients,) = torch.autograd.grad(explained, pixels)
        return gradients


@dataclass(frozen=True)
class FeatureGradients:
    """A layer's activations and the gradient of the explained output with respect to them, stacked, as planes.

    Parameters
    ----------
    layer
        One of the network's feature maps.
    """

    layer: str
    kind: ClassVar[Kind] = "gradient"
    cost: ClassVar[Passes] = Passes(forward=1, backward=1)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n 2 channels rows columns"]:
        captured: list[Tensor] = []
        found = classifier.anatomy.feature_map(self.layer)
        assert found is not None

        def capture(name: str, activations: Any) -> Any:
            if name != self.layer:
                return None
            captured.append(activations)
            # What follows may write in place; it gets a copy, and what was captured stays as it was.
            return activations.clone()

        with torch.enable_grad(), observed(classifier.network, capture):
            explained = question(classifier(pixels.detach().requires_grad_())).sum()
        (gradients,) = torch.autograd.grad(explained, captured[-1], materialize_grads=True)
        both = captured[-1].detach(), gradients
        planes = torch.stack([found.layout.planes(values, len(pixels)) for values in both], dim=1)
        return planes.to(torch.promote_types(planes.dtype, torch.float32))
