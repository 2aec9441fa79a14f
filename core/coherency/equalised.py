"""Maps made alike in what a metric may reward besides the order of the pixels."""

import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor


def rank_equalised(values: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Each value's rank as a share of the number of pixels, equal values sharing theirs.

    Every map without equal values then has the same values, so that none is sparser than another [Vandersmissen and
    Oramas 2023, arXiv:2302.10764]. The order of the pixels is unchanged, and so is every score that reads it alone.

    >>> rank_equalised(torch.tensor([[-5.0, 0.0], [100.0, 0.0]])).tolist()
    [[0.25, 0.625], [1.0, 0.625]]
    """
    ranked = torch.from_numpy(rankdata(values.cpu().numpy())).view(values.shape)
    return (ranked / values.numel()).to(values)
