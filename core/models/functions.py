"""A classifier made from a plain function, which gives outputs only."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from core.models.answering import AnswerError
from core.models.catalogue import chosen_device
from core.models.classifier import RGB, Classifier, Preprocessing
from core.models.cropping import centre_crop
from core.models.outputs import AnswerReading
from core.models.wrapping import as_size, in_order

GREY: RGB = (0.5, 0.5, 0.5)
Answer = Callable[[Float[Tensor, "n channels height width"]], ArrayLike | Tensor]


def as_tensor(answers: Any) -> Tensor:
    """Numbers in whatever holds them: a tensor, an array of any library, a list of either, or either alone in a list.

    >>> as_tensor([np.ones((2, 3))[:, ::-1]]).shape, as_tensor([torch.ones(3), torch.ones(3)]).shape
    (torch.Size([2, 3]), torch.Size([2, 3]))
    """
    if isinstance(answers, Tensor):
        return answers.detach()
    if isinstance(answers, list | tuple) and len(answers) == 1 and getattr(answers[0], "ndim", 0) > 1:
        return as_tensor(answers[0])
    if isinstance(answers, list | tuple) and any(isinstance(each, Tensor) for each in answers):
        return torch.stack([as_tensor(each) for each in answers])
    return torch.from_numpy(np.array(answers))


class Function(nn.Module):
    """A function in place of a network; no gradient passes through it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answers = (answer,)  # not a child: a module among them must stay as its owner left it

    def forward(self, pixels: Float[Tensor, "n channels height width"]) -> Tensor:
        """The function's answers for a copy of the pixels, which it may modify freely."""
        with torch.inference_mode(False), torch.no_grad():
            own = pixels.detach().to(torch.float32, memory_format=torch.contiguous_format, copy=True)
            answers = self._as_tensor(self._answers[0](own))
        return answers.to(pixels, copy=True)

    def _as_tensor(self, answers: ArrayLike | Tensor) -> Tensor:
        try:
            return as_tensor(answers)
        except (TypeError, ValueError, RuntimeError):
            kind = type(answers).__name__
            raise AnswerError(f"The function must return a tensor or an array of logits, not {kind}.") from None


def as_classifier(
    answer: Answer,
    size: int | tuple[int, int],
    labels: Sequence[str] | Mapping[int, str],
    name: str = "function",
    device: torch.device | str = "cpu",
    dataset_mean: RGB = GREY,
    reading: AnswerReading | None = None,
    channels: int = 3,
) -> Classifier:
    """A classifier that calls a plain function, whatever computes its answers; methods that need gradients refuse it.

    Parameters
    ----------
    answer
        Receives float32 pixels ``(n, channels, height, width)`` in [0, 1], returns logits ``(n, classes)`` as a tensor
        or an array.
    size
        Height and width of the function's input, or the side of a square.
    labels
        One for each class.
    name
        Its name in messages.
    device
        The device on which the function expects its pixels.
    dataset_mean
        Mean colour of the function's training data, in [0, 1]; grey if unknown.
    reading
        How its answers become probabilities; see :func:`core.wrap`.
    channels
        Channels of the pixels; with one, pictures become grey.

    Raises
    ------
    ValueError
        Where a few pictures do not give one finite number for each picture and label, the same each time.

    >>> brightness = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), (6, 8), ("red", "green", "blue"))
    >>> brightness.logits(torch.ones(1, 3, 6, 8))
    tensor([[1., 1., 1.]])
    """
    size = as_size(size)
    return Classifier(
        name=name,
        network=Function(answer),
        preprocessing=Preprocessing(partial(centre_crop, size=size), size, (0.0,) * channels, (1.0,) * channels),
        labels=in_order(labels),
        device=chosen_device(device),
        dataset_mean=dataset_mean,
        reading=reading,
    )
