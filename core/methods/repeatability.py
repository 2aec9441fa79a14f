"""How far two halves of a random method's samples agree."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank


def note_agreement(passes: PassBank, halves: Float[Tensor, "2 ..."], of: str) -> None:
    """Notes the correlation between the results of two halves of the samples; nothing where one half found nothing."""
    agreement = correlation(halves[0], halves[1])
    if agreement is not None:
        passes.note(f"Two halves of the {of} agree with r = {agreement:.2f}.")


def correlation(one: Tensor, other: Tensor) -> float | None:
    """Pearson's r over all values; None where either is constant.

    >>> round(correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])), 3)
    1.0
    >>> correlation(torch.zeros(3), torch.tensor([2.0, 4.0, 6.0])) is None
    True
    """
    both = torch.stack([one.flatten(), other.flatten()]).cpu().double()
    rounding = torch.finfo(one.dtype).eps * both.norm(dim=1)
    both = both - both.mean(dim=1, keepdim=True)
    lengths = both.norm(dim=1)
    if (lengths <= rounding).any():
        return None
    return float((both[0] @ both[1]) / lengths.prod())
