"""A network whose weights are written by hand instead of learned, so that its ground truth is known exactly."""

from collections import OrderedDict

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

SHARE = 0.85
"""Threshold, as a share of the filter's response to the stamp. One pixel off the stamp the response is about 0.7."""

DECIDED = 20.0
"""The logit of a stamp; that of a regular picture is half of it."""


def template(paint: Float[Tensor, "3 side side"], covered: Bool[Tensor, "side side"]) -> Float[Tensor, "3 side side"]:
    """The filter's weights at the stamp's position: its paint minus the mean over covered pixels and channels.

    So any level of grey gives 0.

    Parameters
    ----------
    paint, covered
        The stamp's colours, and the pixels that it covers.
    """
    return torch.where(covered, paint - paint[:, covered].mean(), 0)


def empty_filter(side: int, classes: int) -> nn.Module:
    """One convolution with its ReLU, the average over all places, and one layer; without weights.

    Parameters
    ----------
    side
        The convolution's side; odd, so that its answers are aligned with its input.
    """
    return nn.Sequential(
        OrderedDict(
            match=nn.Conv2d(3, 1, side, padding=side // 2),
            relu=nn.ReLU(),
            average=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            head=nn.Linear(1, classes),
        )
    )


def matched_filter(
    paint: Float[Tensor, "3 side side"], covered: Bool[Tensor, "side side"], size: tuple[int, int]
) -> nn.Module:
    """Regular or stamped: how far a stamp's template response exceeds a threshold, summed over all places of a picture.

    With ``w`` the template and ``T`` the threshold, a picture ``x`` that contains only the stamp has the logit ``scale
    (w · x - T)`` for stamped, which depends on the pixels under it and nothing else: each is worth ``scale w x``.

    Parameters
    ----------
    size
        Height and width of the pictures; the last layer turns their average into a sum.
    """
    weights = template(paint, covered)
    own = float((weights * paint).sum())
    scale = DECIDED / ((1 - SHARE) * own)
    even = 1 - paint.shape[-1] % 2
    network = empty_filter(paint.shape[-1] + even, classes=2).to(paint.dtype)
    network.load_state_dict(
        {
            "match.weight": F.pad(weights[None], (0, even, 0, even)),
            "match.bias": weights.new_tensor([-SHARE * own]),
            "head.weight": weights.new_tensor([[0.0], [scale * size[0] * size[1]]]),
            "head.bias": weights.new_tensor([DECIDED / 2, 0.0]),
        }
    )
    return network
