"""What is explained: a network with its preprocessing, its labels and its device."""

import copy
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Self

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from core.models.anatomy import Anatomy, examine
from core.models.answering import AnswerError, Answering, Probe, not_finite, precision, rows_of
from core.models.batching import (
    CANDIDATES,
    BatchSize,
    Kind,
    Timing,
    fastest_batch,
    run_in_batches,
    seconds_a_picture,
    timed,
)
from core.models.class_choice import ClassChoice, chosen_class
from core.models.folding import Foldable, find_foldable, folded
from core.models.outputs import AnswerReading, probabilities_of
from core.pictures.opening import PictureSource, as_picture

Colour = tuple[float, ...]
"""A value for each channel."""
RGB = tuple[float, float, float]
LOOKED_AT = ("cpu",)
"""Devices on which a look at every answer makes nothing wait; elsewhere answers are looked at on the host."""
OTHER_CHANNELS = "If it takes another number of channels, give a mean for each: mean=[0.5]."
IMAGENET_MEAN: RGB = (0.485, 0.456, 0.406)


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes pixels, and how pixels are normalised for the network.

    Parameters
    ----------
    geometry
        Resizes and crops a picture to ``(channels, height, width)`` in [0, 1].
    mean, std
        Normalisation of pixels in [0, 1], applied inside the classifier; a value for each channel.
    """

    geometry: Callable[[Image.Image], Float[Tensor, "channels height width"]]
    size: tuple[int, int]
    mean: Colour
    std: Colour


class Classifier:
    """A network that takes pixels in [0, 1] and gives a number for each class.

    The network is taken over: it is put into evaluation mode, its parameters no longer require gradients, and it moves
    to the device. Its weights keep their precision and their memory layout. :func:`core.wrap` works on a copy instead.

    Parameters
    ----------
    network
        Returns logits or probabilities for normalised pictures, one number for each label.
    dataset_mean
        Mean colour of the training data in pixel space; not always the mean used for normalisation.
    dataset
        What it was trained on: ``imagenet`` stands for photos of all kinds, ``fashion_mnist`` for clothes on black.
    background
        Some of its training pictures, in pixel space; bundled ones that are like them where not given.
    reading
        How its answers become probabilities; where not given, the one that shows in its answers, otherwise softmax.
    answering
        How it answers, where that is known; otherwise a few pictures are sent through it to find out.

    Raises
    ------
    AnswerError
        Where its answers cannot be explained: they do not fit the labels, are not finite, or are never the same.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        preprocessing: Preprocessing,
        labels: tuple[str, ...],
        device: torch.device | str = "cpu",
        dataset_mean: Colour = IMAGENET_MEAN,
        title: str = "",
        dataset: str = "imagenet",
        background: Float[Tensor, "n channels height width"] | None = None,
        reading: AnswerReading | None = None,
        answering: Answering | None = None,
    ) -> None:
        self.name = name
        self.title = title or name
        self.device = torch.device(device)
        if self.device.type == "cuda":
            # cuDNN's default, ten bits of mantissa, changes a gradient by 6 to 9 % and LRP's sums beyond tolerance.
            torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
        for weights in network.eval().parameters():  # one by one: a TorchScript program can't be frozen as a whole
            weights.requires_grad_(False)
        self.network = network.to(self.device)
        self.preprocessing = preprocessing
        self.labels = labels
        self.dataset = dataset
        self.background = background
        self.answering = answering or self._find_answering(reading)
        self.dataset_mean = for_channels(dataset_mean, self.channels)
        self._set_normalisation(self.channels)
        self._batch_sizes: dict[Kind, BatchSize] = {}
        self._seconds: dict[Kind, float] = {}

    def _set_normalisation(self, channels: int) -> None:
        shift, scale = (for_channels(each, channels) for each in (self.preprocessing.mean, self.preprocessing.std))
        self._shift = torch.tensor(shift, device=self.device).view(1, -1, 1, 1)
        self._scale = 1 / torch.tensor(scale, device=self.device).view(1, -1, 1, 1)

    def _find_answering(self, reading: AnswerReading | None) -> Answering:
        """Asks with as many channels as the normalisation has; failing that, with those of the first convolution."""
        probe = Probe(self.name, self.network, self.normalise, self.size, self.device)
        expected = len(self.preprocessing.mean)
        self._set_normalisation(expected)
        try:
            with torch.inference_mode(False):
                return probe.find(len(self.labels), reading, expected)
        except AnswerError as error:
            channels = first_channels(self.network)
            if error.__cause__ is None or channels == expected or (channels is None and not precision(self.network)):
                raise
            if channels is None:
                raise AnswerError(f"{str(error).rstrip('.')}. {OTHER_CHANNELS}") from error.__cause__
        if len({*self.preprocessing.mean}) > 1 or len({*self.preprocessing.std}) > 1:
            raise AnswerError(
                f"{self.name} takes {channels} channel{'s' if channels > 1 else ''}, but its normalisation has "
                f"{expected} values. Give a mean and a std for each channel."
            )
        self._set_normalisation(channels)
        with torch.inference_mode(False):
            return probe.find(len(self.labels), reading, channels)

    def __repr__(self) -> str:
        """What it takes and how its answers are read, which a notebook shows without being asked."""
        shape, classes = " x ".join(map(str, (self.channels, *self.size))), len(self.labels)
        return (
            f"<Classifier {self.title}: {shape} pixels, {classes} class{'' if classes == 1 else 'es'}, "
            f"probabilities by {self.reading}, on {self.device}>"
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.preprocessing.size

    @property
    def channels(self) -> int:
        """Channels of the network's input."""
        return self.answering.channels

    @property
    def reading(self) -> AnswerReading:
        """How the network's answers become probabilities."""
        return self.answering.reading

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader needs to know of the network before trusting any result."""
        return self.answering.notes

    @property
    def layout(self) -> torch.memory_format:
        """The memory layout of pictures that it takes."""
        return self.answering.layout

    @cached_property
    def weights_digest(self) -> str:
        """SHA-256 over every parameter and buffer: identifies these weights, whatever file they came from."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + bytes_of(tensor))
        return digest.hexdigest()

    @cached_property
    def anatomy(self) -> Anatomy:
        """The activations and feature maps that one forward pass shows."""
        return examine(self.network, self, self.blank(1), self.answering.alone)

    def prepare(self, picture: PictureSource) -> Float[Tensor, "1 channels height width"]:
        """Pixels in [0, 1] of the crop that the network sees, on its device; without colour for one channel.

        Parameters
        ----------
        picture
            A path, a file's content, a PIL picture of any mode, or an array of 8 bits; shown as a viewer would first.

        Raises
        ------
        PictureError, ValueError
            Where it is no picture, or does not have the network's channels.
        """
        opened = as_picture(picture)
        if self.channels == 1:
            opened = opened.convert("L").convert("RGB")  # the three channels of a grey picture are equal
        pixels = self.preprocessing.geometry(opened)
        pixels = pixels[:1] if self.channels == 1 else pixels
        if len(pixels) != self.channels:
            raise ValueError(
                f"{self.name} takes {self.channels} channels, and this picture gives {len(pixels)}. Pass pixels of "
                f"shape (1, {self.channels}, height, width), or wrap the network with a crop of your own."
            )
        return pixels[None].to(self.device, memory_format=self.layout)

    def __call__(self, pixels: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n classes"]:
        """A number for each class, with a graph where the pixels require one: logits, or what the reading says."""
        return self.answer(self.normalise(pixels))

    def answer(self, normalised: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n classes"]:
        """The same for pictures that are normalised already."""
        return self._checked(self.answering.ask(self.network, normalised))

    def read(self, answer: Any, count: int) -> Float[Tensor, "count classes"]:
        """A number for each class, from what the network or a copy of it returns for that many pictures."""
        return self._checked(rows_of(answer, count))

    def _checked(self, rows: Float[Tensor, "n numbers"]) -> Float[Tensor, "n classes"]:
        if rows.device.type in LOOKED_AT and not torch.isfinite(rows).all():
            raise AnswerError(not_finite(self.name))
        return self.answering.logits(rows)

    def as_input(self, normalised: Float[Tensor, "n channels _ _"]) -> Float[Tensor, "n channels _ _"]:
        """Normalised pictures in the precision and the memory layout that the network takes."""
        return self.answering.as_input(self.network, normalised)

    def probabilities(self, logits: Float[Tensor, "n classes"]) -> Float[Tensor, "n classes"]:
        """The probability of each class, by the network's reading."""
        return probabilities_of(logits, self.reading)

    def normalise(self, pixels: Float[Tensor, "n channels _ _"]) -> Float[Tensor, "n channels _ _"]:
        """Pixels normalised for the network; pixel by pixel, so that it can be done before pixels are chosen."""
        return (pixels - self._shift) * self._scale

    def logits(self, pixels: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n classes"]:
        """Logits without a graph, in batches that fit the device."""
        size = self.batch_size("forward")
        with torch.inference_mode():
            batches = run_in_batches(range(len(pixels)), lambda places: self(pixels[list(places)]), size)
            return torch.cat([answers for _, answers in batches])

    def outputs_only(self) -> Self:
        """The same classifier for passes that need outputs only: foldable layers are folded, and layers cannot be read.

        Created again each time, which is cheap, so that it never holds stale weights.
        """
        lean = copy.copy(self)
        lean.network = folded(self.network, self._foldable)
        return lean

    @cached_property
    def _foldable(self) -> Foldable:
        if not self.answering.channels_last or self.answering.alone:
            return Foldable()
        noise = torch.randn(1, self.channels, *self.size, generator=torch.Generator().manual_seed(0))
        return find_foldable(self.network, self.as_input(noise.to(self.device)))

    def batch_size(self, kind: Kind, timing: Timing = timed) -> BatchSize:
        """The number of pictures that this network processes fastest on this device."""
        if self.answering.alone:
            return BatchSize(1)
        if kind not in self._batch_sizes:
            key = f"{self.name} {self.size}, {kind} on {device_name(self.device)}, {process_settings()}"
            candidates = CANDIDATES[self.device.type][kind]
            self._batch_sizes[kind] = fastest_batch(partial(self.blank_pass, kind), candidates, key, timing)
        return self._batch_sizes[kind]

    def seconds_a_pass(self, kind: Kind, timing: Timing = timed) -> float:
        """Seconds that a picture takes in a batch of that size; measured once for as long as the classifier lives."""
        if kind not in self._seconds:
            asked = self.outputs_only() if kind == "forward" else self
            size = self.batch_size(kind, timing).size
            self._seconds[kind] = seconds_a_picture(partial(asked.blank_pass, kind), size, timing)
        return self._seconds[kind]

    def blank_pass(self, kind: Kind, count: int) -> float:
        """Sends that many blank pictures through the network and waits; for measuring."""
        pixels = self.blank(count).requires_grad_(kind == "gradient")
        with torch.inference_mode(kind == "forward"):
            total = self(pixels).sum()
        if kind == "forward":
            return total.item()
        (gradient,) = torch.autograd.grad(total, pixels)
        return gradient.sum().item()

    def blank(self, count: int) -> Float[Tensor, "count channels height width"]:
        """Grey pixels of the network's input shape, in single precision at least."""
        kind = torch.promote_types(precision(self.network) or torch.float32, torch.float32)
        blank = torch.full((count, self.channels, *self.size), 0.5, device=self.device, dtype=kind)
        return blank.contiguous(memory_format=self.layout)


def for_channels(values: Colour, channels: int) -> Colour:
    """A value for each channel: the given ones, or their mean for every channel where there are more or fewer.

    >>> for_channels((0.25, 0.5, 0.75), 1)
    (0.5,)
    """
    return values if len(values) == channels else (sum(values) / len(values),) * channels


def first_channels(network: nn.Module) -> int | None:
    """The number of channels that its first convolution takes; None where it has none."""
    convolutions = (module for module in network.modules() if isinstance(module, nn.Conv2d))
    return next((first.in_channels for first in convolutions), None)


def in_own_layout(classifier: Classifier) -> Classifier:
    """The same, its weights in the memory layout of its pictures, which is faster; only where nobody else has them."""
    for weights in classifier.network.parameters():
        if weights.dim() == 4:
            weights.data = weights.data.contiguous(memory_format=classifier.layout)
    return classifier


def bytes_of(entry: Any) -> bytes:
    """The bytes of a tensor's numbers, or of whatever else a network's state holds: quantised ones keep tuples."""
    if isinstance(entry, Tensor) and not entry.is_quantized:
        return entry.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
    file = io.BytesIO()
    torch.save(entry, file)
    return file.getvalue()


def checked_pixels(
    classifier: Classifier, pixels: Float[Tensor, "1 channels height width"]
) -> Float[Tensor, "1 channels height width"]:
    """The pixels in single precision at least, if they fit this classifier.

    Raises
    ------
    ValueError
        With what would fit.
    """
    expected = (1, classifier.channels, *classifier.size)
    if tuple(pixels.shape) != expected:
        problem = f"needs pixels of shape {expected}; these have {tuple(pixels.shape)}"
    elif pixels.device.type != classifier.device.type:
        problem = f"is on {classifier.device.type}; these pixels are on {pixels.device.type}"
    elif not pixels.is_floating_point():
        problem = f"does not accept pixels of {pixels.dtype}; they are numbers from 0 to 1"
    elif not torch.isfinite(pixels).all():
        problem = "needs finite pixels; some of these are not"
    else:
        return pixels.to(torch.promote_types(pixels.dtype, torch.float32))
    raise ValueError(f"{classifier.name} {problem}. Use classifier.prepare(picture).")


def checked_target(classifier: Classifier, pixels: Tensor, target: ClassChoice | None) -> int:
    """The class to explain: the given one if it exists, or the predicted one.

    Raises
    ------
    ValueError
        With the classes that exist.
    """
    if target is None:
        return int(classifier.logits(pixels)[0].argmax())
    return chosen_class(classifier.labels, target, classifier.name)


@dataclass(frozen=True)
class Prediction:
    """One class and its probability for a picture."""

    index: int
    label: str
    probability: float
    logit: float


def predict(
    classifier: Classifier, pixels: Float[Tensor, "1 channels height width"], top: int = 5
) -> tuple[Prediction, ...]:
    """The most probable classes, the first one first."""
    logits = classifier.logits(pixels)[0]
    best = logits.topk(min(top, len(logits))).indices.tolist()
    probabilities, scores = classifier.probabilities(logits[None])[0].tolist(), logits.tolist()
    return tuple(Prediction(index, classifier.labels[index], probabilities[index], scores[index]) for index in best)


def device_name(device: torch.device) -> str:
    """The readable name of the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{device.type.upper()} · {threads} core{'s' if threads > 1 else ''}"


def process_settings() -> str:
    """Whether this process keeps large blocks of memory, and how long its threads spin before they sleep.

    Both affect the best batch size.
    """
    blocks = "keeps large blocks" if os.environ.get("MALLOC_MMAP_MAX_") == "0" else "returns large blocks"
    return f"{blocks}, spin count {os.environ.get('GOMP_SPINCOUNT', 'default')}"
