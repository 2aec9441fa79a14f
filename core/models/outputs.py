"""Which number of the network's answer is explained."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

Output = Literal["logit", "probability", "logit_margin"]
OUTPUTS: dict[Output, str] = {
    "logit": "logit of the class",
    "probability": "probability of the class",
    "logit_margin": "logit minus the mean of the others",
}


def read_output(logits: Float[Tensor, "n classes"], target: int, output: Output) -> Float[Tensor, " n"]:
    """The explained number for each picture.

    >>> import torch
    >>> read_output(torch.tensor([[3.0, 1.0, 0.0]]), target=0, output="logit_margin")
    tensor([2.5000])
    """
    if output not in OUTPUTS:
        raise ValueError(f"The explained number is one of {', '.join(OUTPUTS)}; {output!r} is not.")
    if logits.shape[1] == 1 and output != "logit":
        raise ValueError("This network has one output; only its logit can be explained.")
    if output == "probability":
        return logits.softmax(dim=1)[:, target]
    if output == "logit_margin":
        others = (logits.sum(dim=1) - logits[:, target]) / (logits.shape[1] - 1)
        return logits[:, target] - others
    return logits[:, target]
