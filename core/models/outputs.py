"""Which number of the network's answer is explained, and how its numbers become probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

AnswerReading = Literal["softmax", "sigmoid", "one logit", "probabilities", "separate probabilities"]
READINGS: dict[AnswerReading, str] = {
    "softmax": "softmax over all classes",
    "sigmoid": "sigmoid of each class by itself (multi-label)",
    "one logit": "sigmoid of the single logit, for the second of two classes",
    "probabilities": "none: the answers are probabilities that sum to 1",
    "separate probabilities": "none: the answers are probabilities of each class by itself (multi-label)",
}
"""What turns the network's numbers into probabilities."""

EACH_BY_ITSELF: tuple[AnswerReading, ...] = ("sigmoid", "separate probabilities")
"""The readings in which several classes may hold at once."""

TINY = 1e-30

Named = Literal["logit", "probability", "logit_margin"]
OUTPUTS: dict[Named, str] = {
    "logit": "logit of the class",
    "probability": "probability of the class",
    "logit_margin": "logit minus the mean of the others",
}


@dataclass(frozen=True)
class Contrast:
    """Why this class rather than that one: the difference of their two logits is explained.

    Parameters
    ----------
    rather_than
        Index of the other class.
    """

    rather_than: int


Output = Named | Contrast


def output_in_words(output: Output, labels: Sequence[str]) -> str:
    """With the name of the other class of a contrast, or its number where the classes are not named.

    >>> output_in_words("logit", ["cat", "dog"]), output_in_words(Contrast(1), ["cat", "dog"])
    ('logit of the class', 'logit of the class minus that of dog')
    """
    if not isinstance(output, Contrast):
        return OUTPUTS[output]
    other = output.rather_than
    return f"logit of the class minus that of {labels[other] if other < len(labels) else f'class {other}'}"


def rather_than(output: Output) -> int | None:
    """The class that the explained one is contrasted with, if any."""
    return output.rather_than if isinstance(output, Contrast) else None


def probabilities_of(logits: Float[Tensor, "n classes"], reading: AnswerReading) -> Float[Tensor, "n classes"]:
    """The probability of each class; of several labels at once, each is a probability by itself.

    >>> import torch
    >>> probabilities_of(torch.tensor([[0.0, 0.0]]), "softmax"), probabilities_of(torch.zeros(1, 1), "sigmoid")
    (tensor([[0.5000, 0.5000]]), tensor([[0.5000]]))
    """
    if reading == "softmax":
        return logits.softmax(dim=1)
    return logits if reading in ("probabilities", "separate probabilities") else logits.sigmoid()


def probability_of(
    logits: Float[Tensor, "n classes"], target: int, reading: AnswerReading, other: int | None = None
) -> Float[Tensor, " n"]:
    """The probability of the class; with another class, its probability if it is one of the two.

    >>> import torch
    >>> probability_of(torch.tensor([[0.0, 0.0, 9.0]]), 0, "softmax", other=1)
    tensor([0.5000])
    """
    if other is None:
        return probabilities_of(logits, reading)[:, target]
    if reading == "softmax":
        return (logits[:, target] - logits[:, other]).sigmoid()
    both = probabilities_of(logits[:, [target, other]], reading)
    return both[:, 0] / both.sum(dim=1).clamp(min=TINY)


def predicts(
    logits: Float[Tensor, "n classes"], target: int, reading: AnswerReading, other: int | None = None
) -> Bool[Tensor, " n"]:
    """Whether each answer predicts the class: it is the most probable one, or more probable than not where each class
    stands by itself; with another class, whether it is the more probable of the two.

    >>> import torch
    >>> predicts(torch.tensor([[2.0, 3.0]]), 0, "softmax"), predicts(torch.tensor([[2.0, 3.0]]), 0, "sigmoid")
    (tensor([False]), tensor([True]))
    """
    if other is not None:
        return logits[:, target] > logits[:, other]
    if reading in EACH_BY_ITSELF:
        return probabilities_of(logits, reading)[:, target] > 0.5
    return logits.argmax(dim=1) == target


def predicted_in_words(reading: AnswerReading) -> str:
    """What a class is where it is predicted.

    >>> predicted_in_words("softmax"), predicted_in_words("sigmoid")
    ('the most probable', 'more probable than not')
    """
    return "more probable than not" if reading in EACH_BY_ITSELF else "the most probable"


def check_output(output: Output, classes: int) -> None:
    """Refuses an output that no network with this many classes has.

    Raises
    ------
    ValueError
        With the outputs that exist.
    """
    if isinstance(output, Contrast):
        if not 0 <= output.rather_than < classes:
            raise ValueError(f"There are classes 0 to {classes - 1}; there is no class {output.rather_than}.")
    elif output not in OUTPUTS:
        raise ValueError(
            f"The output to explain must be one of {', '.join(OUTPUTS)}, not {output!r}; or a core.Contrast."
        )
    elif output == "logit_margin" and classes == 1:
        raise ValueError("This network has one class, so there are no others to take a margin from.")


def check_contrast(target: int, rather_than: int | None) -> None:
    """Refuses to contrast a class with itself.

    Raises
    ------
    ValueError
        Where it is one class.
    """
    if rather_than == target:
        raise ValueError(f"The explained class and the one to contrast it with are both class {target}.")


def read_output(
    logits: Float[Tensor, "n classes"], target: int, output: Output, reading: AnswerReading = "softmax"
) -> Float[Tensor, " n"]:
    """The explained output for each picture.

    >>> import torch
    >>> read_output(torch.tensor([[3.0, 1.0, 0.0]]), target=0, output="logit_margin")
    tensor([2.5000])
    >>> read_output(torch.tensor([[3.0, 1.0, 0.0]]), target=0, output=Contrast(rather_than=1))
    tensor([2.])
    """
    check_output(output, logits.shape[1])
    if isinstance(output, Contrast):
        check_contrast(target, output.rather_than)
        return logits[:, target] - logits[:, output.rather_than]
    if output == "probability":
        return probability_of(logits, target, reading)
    if output == "logit_margin":
        others = (logits.sum(dim=1) - logits[:, target]) / (logits.shape[1] - 1)
        return logits[:, target] - others
    return logits[:, target]
