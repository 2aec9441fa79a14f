"""What the model says of perturbed pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.metrics.removal import Removal, Visit
from core.models.batching import BatchSize, run_in_batches
from core.models.classifier import Classifier

Y = Literal["probability", "relative_logit", "accuracy"]


@dataclass(frozen=True)
class Answer:
    """What the model says of one perturbed picture: the curve's value, and its three most probable classes."""

    value: float
    top: tuple[tuple[int, float], ...]


def answer_reader(
    clean: Float[Tensor, "1 classes"], target: int, y: Y
) -> Callable[[Float[Tensor, "n classes"]], list[Answer]]:
    """Reads answers off logits, with one transfer to the host a batch."""
    if y not in get_args(Y):
        raise ValueError(f"y is one of {', '.join(get_args(Y))}; {y!r} is not.")
    if y == "probability" and clean.shape[1] == 1:
        raise ValueError("This network has one output, so its probability is always 1. Take y = relative_logit.")
    reference = float(clean[0, target])
    if y == "relative_logit" and reference <= 0:
        raise ValueError(
            f"The clean logit of the explained class is {reference:.2f}; a relative logit needs a positive one. "
            "Take y = probability, or explain a class that the model finds likelier."
        )

    def read(logits: Tensor) -> list[Answer]:
        probabilities = logits.softmax(dim=1)
        values = y_values(logits, probabilities, target, y, reference)
        top = probabilities.topk(min(3, logits.shape[1]), dim=1)
        rows = torch.cat([values[:, None], top.values, top.indices.to(top.values.dtype)], dim=1).tolist()
        kept = top.indices.shape[1]
        return [
            Answer(
                row[0],
                tuple((int(index), share) for index, share in zip(row[1 + kept :], row[1 : 1 + kept], strict=True)),
            )
            for row in rows
        ]

    return read


def y_values(
    logits: Float[Tensor, "n classes"], probabilities: Float[Tensor, "n classes"], target: int, y: Y, reference: float
) -> Float[Tensor, " n"]:
    """What the curves show: the class' probability, its logit relative to the clean picture's, or whether it leads."""
    if y == "probability":
        return probabilities[:, target]
    if y == "accuracy":
        return (logits.argmax(dim=1) == target).to(logits.dtype)
    return logits[:, target] / reference


class Answers:
    """The model's answers to copies of one picture, from passes that ask for nothing else.

    Parameters
    ----------
    y
        The value of an answer: ``probability`` of the target, its logit relative to the clean picture's
        (``relative_logit``), or 1 where the target is the class found likeliest and 0 elsewhere (``accuracy``, which
        it is as a mean over pictures).

    Raises
    ------
    ValueError
        Where the relative logit has no positive clean logit to refer to, or there is no such class or y.
    """

    def __init__(self, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], target: int, y: Y) -> None:
        self._network = classifier.outputs_only().network
        whole = self._logits(classifier.normalise(pixels))
        self._read = answer_reader(whole, target, y)
        (self.clean,) = self._read(whole)

    def _logits(self, normalised: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        with torch.inference_mode():
            logits: Tensor = self._network(normalised.contiguous(memory_format=torch.channels_last))
            return logits

    def __call__(self, normalised: Float[Tensor, "n 3 height width"]) -> list[Answer]:
        """Answers to pictures as the network takes them."""
        return self._read(self._logits(normalised))

    def along(
        self, removal: Removal, visits: Sequence[Visit], size: BatchSize
    ) -> Iterator[tuple[Sequence[Visit], list[Answer]]]:
        """Answers to the visits, batch by batch."""
        yield from run_in_batches(visits, lambda batch: self(removal.normalised(batch)), size)
