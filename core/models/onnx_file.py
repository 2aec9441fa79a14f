"""A network in an ONNX file, run as a black box by onnxruntime."""

import os
from collections.abc import Mapping, Sequence
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

COLOURS = 3


class OnnxNetwork:
    """The answers of an ONNX network to pixels in [0, 1].

    Parameters
    ----------
    session
        The network, loaded by onnxruntime.
    mean, std
        Normalisation of pixels in [0, 1]: a value for each channel, or one for all.
    """

    def __init__(self, session: Any, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        taken = session.get_inputs()
        if len(taken) != 1 or len(taken[0].shape) != 4:
            raise ModelError(f"The ONNX network takes {len(taken)} inputs; it must take one batch of pictures.")
        self.session, self.entry = session, taken[0]
        self.colours_last = self.entry.shape[-1] == COLOURS and self.entry.shape[1] != COLOURS
        self.one_by_one = self.entry.shape[0] == 1
        self.normalisation = [torch.tensor(each, dtype=torch.float32).view(-1, 1, 1) for each in (mean, std)]

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width that the file states; None where it leaves them open."""
        height, width = self.entry.shape[1:3] if self.colours_last else self.entry.shape[2:]
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def __call__(self, pixels: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        """The first output for each picture."""
        mean, std = self.normalisation
        pictures = ((pixels.cpu() - mean) / std).numpy()
        pictures = pictures.transpose(0, 2, 3, 1) if self.colours_last else pictures
        pictures = np.ascontiguousarray(pictures, dtype=np.float16 if "float16" in self.entry.type else np.float32)
        batches = np.split(pictures, len(pictures)) if self.one_by_one else [pictures]
        answers = [self.session.run(None, {self.entry.name: batch})[0] for batch in batches]
        return torch.from_numpy(np.concatenate(answers).astype(np.float32))


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
        If onnxruntime is not installed or cannot load the file, or if the file states no size and none is given.
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
    size = size or network.size
    if size is None:
        raise ModelError("The ONNX file states no size of its input. Pass size=(height, width).")
    return as_classifier(
        network,
        size,
        labels,
        name=name or ("ONNX network" if isinstance(file, bytes) else Path(file).stem),
        reading=reading,
    )
