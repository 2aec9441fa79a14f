"""A classifier made of a plain function: asked for its answers and for nothing else."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from core.models.catalogue import chosen_device
from core.models.classifier import RGB, Classifier, Preprocessing
from core.models.cropping import middle
from core.models.sources import UNSCALED, UNSHIFTED

GREY: RGB = (0.5, 0.5, 0.5)
Answer = Callable[[Float[Tensor, "n 3 height width"]], ArrayLike | Tensor]


class Function(nn.Module):
    """A function in a network's place; no gradient passes through it."""

    def __init__(self, answer: Answer, name: str, classes: int) -> None:
        super().__init__()
        self._asked = (answer,)  # not as a child: a module that is asked stays as its owner has it
        self._name = name
        self._classes = classes

    def forward(self, pixels: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        """The function's answers for a copy of the pixels, which it may do with as it likes."""
        with torch.inference_mode(False), torch.no_grad():
            own = pixels.detach().to(torch.float32, memory_format=torch.contiguous_format, copy=True)
            answers = self._as_tensor(self._asked[0](own))
        self._check(answers, len(pixels))
        return answers.to(pixels, copy=True)

    def _as_tensor(self, answers: ArrayLike | Tensor) -> Tensor:
        try:
            return torch.as_tensor(answers).detach()
        except (TypeError, ValueError, RuntimeError):
            kind = type(answers).__name__
            raise ValueError(f"{self._name} has to return a tensor or an array of logits, not {kind}.") from None

    def _check(self, answers: Tensor, count: int) -> None:
        expected = (count, self._classes)
        if tuple(answers.shape) != expected:
            raise ValueError(
                f"{self._name} has to answer {count} pictures with logits of shape {expected}, one for each of its "
                f"{self._classes} labels; its answer has shape {tuple(answers.shape)}."
            )
        if not torch.isfinite(answers).all():
            raise ValueError(f"{self._name} answers with logits that are not finite. Have it return finite ones.")


def as_classifier(
    answer: Answer,
    size: tuple[int, int],
    labels: Sequence[str],
    name: str = "function",
    device: torch.device | str = "cpu",
    dataset_mean: RGB = GREY,
) -> Classifier:
    """A classifier that asks a plain function, whatever computes its answers; methods that need gradients refuse it.

    Parameters
    ----------
    answer
        Gets float32 pixels ``(n, 3, height, width)`` in [0, 1], returns logits ``(n, classes)`` as tensor or array.
    size
        Height and width of the pictures that the function is given.
    labels
        One for each class.
    name
        How it is called in messages.
    device
        Where the function wants its pixels.
    dataset_mean
        Mean colour of what the function has learnt from, in [0, 1]; grey if it is not known.

    Raises
    ------
    ValueError
        If two blank pictures are not answered with one finite logit for each of them and each label.

    >>> brightness = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), (6, 8), ("red", "green", "blue"))
    >>> brightness.logits(torch.ones(1, 3, 6, 8))
    tensor([[1., 1., 1.]])
    """

    classifier = Classifier(
        name=name,
        network=Function(answer, name, len(labels)),
        preprocessing=Preprocessing(partial(middle, size=size), size, UNSHIFTED, UNSCALED),
        labels=tuple(labels),
        device=chosen_device(device),
        dataset_mean=dataset_mean,
    )
    classifier(torch.full((2, 3, *size), 0.5, device=classifier.device))
    return classifier
