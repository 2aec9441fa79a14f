"""What the model answers for perturbed pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from core.metrics.removal import Removal, Visit
from core.models.answering import AnswerError, not_finite
from core.models.batching import BatchSize, run_in_batches
from core.models.classifier import Classifier
from core.models.outputs import (
    AnswerReading,
    Contrast,
    Output,
    predicts,
    probabilities_of,
    probability_of,
    read_output,
)

Y = Literal["probability", "relative_logit", "accuracy"]


@dataclass(frozen=True)
class Answer:
    """The model's answer for one perturbed picture: the curve's value, and the three most probable classes."""

    value: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Asking:
    """What is read from an answer.

    Parameters
    ----------
    rather_than
        A class that the target is contrasted with: y is then about the two of them alone.
    """

    target: int
    y: Y
    reading: AnswerReading = "softmax"
    rather_than: int | None = None

    def scores(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, " n"]:
        """The logit of the class, or how far it is above that of the other."""
        output: Output = "logit" if self.rather_than is None else Contrast(self.rather_than)
        return read_output(logits, self.target, output)

    def values(self, logits: Float[Tensor, "n classes"], reference: float) -> Float[Tensor, " n"]:
        """What the curves show: the probability of the class, its logit relative to the clean picture's, or whether it
        is predicted.
        """
        if self.y == "probability":
            return probability_of(logits, self.target, self.reading, self.rather_than)
        if self.y == "accuracy":
            return predicts(logits, self.target, self.reading, self.rather_than).to(logits.dtype)
        return self.scores(logits) / reference


def answer_reader(
    clean: Float[Tensor, "1 classes"], asking: Asking
) -> Callable[[Float[Tensor, "n classes"]], list[Answer]]:
    """Reads answers from logits, with one transfer to the host per batch."""
    if asking.y not in get_args(Y):
        raise ValueError(f"y must be one of {', '.join(get_args(Y))}, not {asking.y!r}.")
    reference = float(asking.scores(clean)[0])
    if asking.y == "relative_logit" and reference <= 0:
        what = "logit" if asking.rather_than is None else "difference of the two logits"
        raise ValueError(
            f"The clean {what} of the explained class is {reference:.2f}; a relative logit needs a positive one. "
            "Use y = probability, or explain a more probable class."
        )

    def read(logits: Tensor) -> list[Answer]:
        values = asking.values(logits, reference)
        top = probabilities_of(logits, asking.reading).topk(min(3, logits.shape[1]), dim=1)
        rows = torch.cat([values[:, None], top.values, top.indices.to(top.values.dtype)], dim=1).tolist()
        if not all(isfinite(row[0]) for row in rows):
            raise AnswerError(not_finite("The model"))
        kept = top.indices.shape[1]
        return [
            Answer(
                row[0],
                tuple((int(index), share) for index, share in zip(row[1 + kept :], row[1 : 1 + kept], strict=True)),
            )
            for row in rows
        ]

    return read


class Answers:
    """The model's answers for copies of one picture, from passes that need outputs only.

    Parameters
    ----------
    y
        The value of an answer: ``probability`` of the target, its logit relative to the clean picture's
        (``relative_logit``), or 1 where the target is predicted and 0 elsewhere (``accuracy``, which it becomes as a
        mean over pictures).
    rather_than
        A class that the target is contrasted with: the probability and the prediction are then among these two, and
        the logit is the difference of theirs.

    Raises
    ------
    ValueError
        Where the relative logit has no positive clean logit to refer to, or there is no such class or y.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 channels height width"],
        target: int,
        y: Y,
        rather_than: int | None = None,
    ) -> None:
        self._classifier = classifier.outputs_only()
        whole = self._logits(classifier.normalise(pixels))
        self._read = answer_reader(whole, Asking(target, y, classifier.reading, rather_than))
        (self.clean,) = self._read(whole)

    def _logits(self, normalised: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n classes"]:
        with torch.inference_mode():
            return self._classifier.answer(normalised)

    def __call__(self, normalised: Float[Tensor, "n channels height width"]) -> list[Answer]:
        """Answers for pictures normalised as the network needs them."""
        return self._read(self._logits(normalised))

    def along(
        self, removal: Removal, visits: Sequence[Visit], size: BatchSize
    ) -> Iterator[tuple[Sequence[Visit], list[Answer]]]:
        """Answers for the visits, batch by batch."""
        yield from run_in_batches(visits, lambda batch: self(removal.normalised(batch)), size)
