"""A classifier made from a network of one's own, with gradients and layers for every method."""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from core.models.catalogue import chosen_device
from core.models.classifier import Classifier, Colour, Preprocessing, in_own_layout
from core.models.cropping import centre_crop
from core.models.outputs import AnswerReading

Crop = Callable[[Image.Image], Float[Tensor, "channels height width"]]


def wrap(
    network: nn.Module,
    size: int | tuple[int, int],
    labels: Sequence[str] | Mapping[int, str],
    mean: float | Sequence[float] = 0.0,
    std: float | Sequence[float] = 1.0,
    crop: float | Crop = 1.0,
    reading: AnswerReading | None = None,
    name: str = "",
    device: torch.device | str | None = None,
    dataset_mean: Sequence[float] | None = None,
) -> Classifier:
    """A classifier from any network, for every method that the network allows.

    It works on a copy: the network stays as it is, and training it further does not change the classifier. The copy has
    the network's hooks, since an answer may depend on them; one that only watches sees the classifier's passes, too.
    Where a network cannot be copied, it is used itself, in evaluation mode and with frozen parameters, and stays so.

    A network may return a tensor, a tuple or list that starts with it, or a dictionary or an object with ``logits``. It
    is asked about a few pictures at once: whether its answers fit the labels, are finite, and depend on the picture
    alone; what cannot be put right is refused.

    Parameters
    ----------
    size
        Height and width of its input, or the side of a square.
    labels
        One for each class; two for a network with a single logit, the second for a positive one.
    mean, std
        Normalisation of pixels in [0, 1]: a value for each channel, or one for all.
    crop
        Share of the largest fitting centred part that is kept, 0.875 for a crop of 224 from 256 pixels; or a function
        that turns a picture into pixels in [0, 1] of that size.
    reading
        How its answers become probabilities: ``softmax``; ``sigmoid``, where several labels may hold at once;
        ``one logit``, for the second of two classes; ``probabilities``, where they are that already. By default what
        shows in its answers, otherwise softmax.
    name
        Its name in messages; that of its class if not given.
    device
        ``auto``, ``cuda``, ``mps`` or ``cpu``; where its weights are if not given.
    dataset_mean
        Mean colour of its training data in [0, 1]; if not given, the mean of the normalisation, or grey if that is 0.

    Raises
    ------
    ValueError
        Where its answers cannot be explained, or the preprocessing is impossible, with what to do.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> digits = wrap(net, size=28, labels=("even", "odd"), name="digits")
    >>> digits.channels, digits.reading, net.training
    (1, 'softmax', True)
    """
    check_spread(std)
    own = copied(network)
    place = next((each.device for each in own.parameters()), torch.device("cpu"))
    size = as_size(size)
    by_share = partial(centre_crop, size=size, share=checked_share(crop)) if isinstance(crop, int | float) else crop
    shift, scale = as_colour(mean), as_colour(std)
    classifier = Classifier(
        name=name or type(network).__name__,
        network=own,
        preprocessing=Preprocessing(by_share, size, shift, scale),
        labels=in_order(labels),
        device=place if device is None else chosen_device(device),
        dataset_mean=tuple(dataset_mean or (shift if any(shift) else (0.5,) * len(shift))),
        reading=reading,
    )
    return classifier if own is network else in_own_layout(classifier)


def copied(network: nn.Module) -> nn.Module:
    """A copy of the network, or itself where it holds something that cannot be copied."""
    try:
        return copy.deepcopy(network)
    except (TypeError, RuntimeError, NotImplementedError):
        return network


def as_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def as_colour(values: float | Sequence[float]) -> Colour:
    """A value for each channel; of one number, the same for red, green and blue."""
    return (float(values),) * 3 if isinstance(values, int | float) else tuple(map(float, values))


def check_spread(std: float | Sequence[float]) -> None:
    """Refuses a standard deviation that pixels cannot be divided by.

    Raises
    ------
    ValueError
        Where it is not above 0 in every channel.
    """
    if not all(0 < each < inf for each in as_colour(std)):
        raise ValueError(f"std must be above 0 for every channel, not {std}. Write 1.0 for pixels in [0, 1].")


def checked_share(crop: float) -> float:
    """The share of a picture that the crop keeps.

    Raises
    ------
    ValueError
        Where it keeps nothing, or more than there is.
    """
    if not 0 < crop <= 1:
        raise ValueError(f"crop must be a share above 0 and up to 1, such as 224 / 256 = 0.875, not {crop}.")
    return crop


def in_order(labels: Sequence[str] | Mapping[int, str]) -> tuple[str, ...]:
    """The labels in the order of their classes.

    >>> in_order({1: "dog", 0: "cat"})
    ('cat', 'dog')

    Raises
    ------
    ValueError
        Where they are a single text, or numbers are missing among them.
    """
    if isinstance(labels, str):
        raise ValueError(f"labels must be a list of texts, one for each class; write [{labels!r}].")
    if isinstance(labels, Mapping):
        if {*labels} != {*range(len(labels))}:
            raise ValueError(f"labels must have a text for each class from 0 to {len(labels) - 1}.")
        labels = [labels[number] for number in range(len(labels))]
    return tuple(map(str, labels))
