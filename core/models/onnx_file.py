"""A network in an ONNX file, run as a black box by onnxruntime."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.models.classifier import Classifier
from core.models.functions import as_classifier
from core.models.outputs import AnswerReading
from core.models.sources import ModelError
from core.models.wrapping import as_size, check_spread

COLOURS = 3
FEW = 1, 3, 4
"""What counts channels where it is the last side: grey, colours, or colours with a fourth."""
KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


@dataclass(frozen=True)
class PictureInput:
    """What an ONNX file states of its batch of pictures; None where it leaves a side open."""

    batch: int | None
    channels: int | None
    height: int | None
    width: int | None
    colours_last: bool

    def size(self, asked: tuple[int, int] | None) -> tuple[int, int]:
        """Height and width: those that the file states, or those asked for.

        Raises
        ------
        ModelError
            Where they contradict each other, or neither is there.
        """
        size = asked or (self.height, self.width)
        if size[0] is None or size[1] is None:
            raise ModelError("The ONNX file states no size of its input. Pass size=(height, width).")
        if any(stated not in (None, side) for stated, side in zip((self.height, self.width), size, strict=True)):
            stated = " × ".join(str(side or "any") for side in (self.height, self.width))
            raise ModelError(
                f"The ONNX network takes {stated} pixels, not {size[0]} × {size[1]}. Leave size out, or export the "
                "network for another size."
            )
        return size[0], size[1]


def picture_input(shape: Sequence[Any]) -> PictureInput:
    """The sides of a batch of pictures, whose channels come second or last; a side that is open has a name or nothing.

    >>> picture_input(["n", 6, 8, 1])
    PictureInput(batch=None, channels=1, height=6, width=8, colours_last=True)
    """
    batch, *sides = (side if isinstance(side, int) and side > 0 else None for side in shape)
    colours_last = sides[-1] in FEW and sides[0] not in FEW
    channels, height, width = (sides[-1], *sides[:-1]) if colours_last else sides
    return PictureInput(batch, channels, height, width, colours_last)


class OnnxNetwork:
    """The answers of an ONNX network to pixels in [0, 1].

    Parameters
    ----------
    session
        The network, loaded by onnxruntime.
    mean, std
        Normalisation of pixels in [0, 1]: a value for each channel, or one for all.

    Raises
    ------
    ModelError
        Where it takes anything but one batch of pictures that the normalisation fits.
    """

    def __init__(self, session: Any, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        check_spread(std)
        self.session, self.entry = session, only_entry(session.get_inputs())
        self.pictures = picture_input(self.entry.shape)
        self.normalisation = [torch.tensor(each, dtype=torch.float32).view(-1, 1, 1) for each in (mean, std)]
        given = max(len(each) for each in self.normalisation)
        self.channels = self.pictures.channels or (given if given > 1 else COLOURS)
        if any(len(each) not in (1, self.channels) for each in self.normalisation):
            raise ModelError(
                f"The ONNX network takes {self.channels} channel{'s' if self.channels > 1 else ''}, but its "
                f"normalisation has {given} values. Give a mean and a std for each channel, or one for all."
            )

    def __call__(self, pixels: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n classes"]:
        """The first output for each picture."""
        mean, std = self.normalisation
        pictures = ((pixels.cpu() - mean) / std).numpy()
        pictures = pictures.transpose(0, 2, 3, 1) if self.pictures.colours_last else pictures
        pictures = np.ascontiguousarray(pictures, dtype=KINDS[self.entry.type])
        size = self.pictures.batch or len(pictures)
        answers = [self.answer(pictures[start : start + size], size) for start in range(0, len(pictures), size)]
        return torch.from_numpy(np.concatenate(answers).astype(np.float32))

    def answer(self, pictures: np.ndarray, size: int) -> np.ndarray:
        """The answers to one batch; where the file fixes a larger one, it is filled up with the last picture."""
        missing = size - len(pictures)
        batch = np.concatenate([pictures, *[pictures[-1:]] * missing])
        try:
            answers: np.ndarray = self.session.run(None, {self.entry.name: batch})[0]
        except Exception as error:  # its errors share no class of their own
            raise RuntimeError(str(error)) from error
        return answers[: len(pictures)] if missing else answers


def only_entry(taken: Sequence[Any]) -> Any:
    """The one input of a network.

    Raises
    ------
    ModelError
        Where there are others, or it is no batch of pictures.
    """
    needed = "a batch of pictures of floats, with the sides batch, channels, height, width"
    if len(taken) != 1:
        names = ", ".join(each.name for each in taken)
        raise ModelError(f"The ONNX network takes {len(taken)} inputs ({names}); it must take one, {needed}.")
    if len(taken[0].shape) != 4 or taken[0].type not in KINDS:
        shape = " × ".join(str(side or "any") for side in taken[0].shape)
        raise ModelError(
            f"The ONNX network's input {taken[0].name!r} is {taken[0].type} of shape {shape}; it must be {needed}. "
            "Export the network with such an input."
        )
    return taken[0]


def from_onnx(
    file: str | os.PathLike[str] | bytes,
    labels: Sequence[str] | Mapping[int, str],
    size: int | tuple[int, int] | None = None,
    mean: float | Sequence[float] = 0.0,
    std: float | Sequence[float] = 1.0,
    reading: AnswerReading | None = None,
    name: str = "",
) -> Classifier:
    """A classifier from an ONNX file, for every method that needs answers only.

    It needs the extra ``onnx``: ``pip install "heatcheck[onnx]"``. Only open files that you trust: onnxruntime runs
    what they describe.

    Parameters
    ----------
    file
        A path or a file's content.
    labels
        One for each class.
    size
        Height and width of its input, or the side of a square; by default what the file states.
    mean, std
        Normalisation of pixels in [0, 1]: a value for each channel, or one for all.
    reading
        How its answers become probabilities; see :func:`core.wrap`.
    name
        Its name in messages; the file's by default.

    Raises
    ------
    ModelError
        If onnxruntime is not installed or cannot load the file, if it takes anything but one batch of pictures, or if
        its size is not known or contradicts the given one.
    ValueError
        Where its answers cannot be explained.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError('ONNX files need onnxruntime: pip install "heatcheck[onnx]".') from error
    source = file if isinstance(file, bytes) else os.fspath(file)
    try:
        session = onnxruntime.InferenceSession(source, providers=onnxruntime.get_available_providers())
    except Exception as error:  # its errors share no class of their own
        raise ModelError(
            "onnxruntime cannot load this file. Export it again, and check it with onnx.checker."
        ) from error
    network = OnnxNetwork(session, mean, std)
    return as_classifier(
        network,
        network.pictures.size(None if size is None else as_size(size)),
        labels,
        name=name or ("ONNX network" if isinstance(file, bytes) else Path(file).stem),
        reading=reading,
        channels=network.channels,
    )
