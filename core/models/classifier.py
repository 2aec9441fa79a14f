"""What is explained: a network with its preprocessing, its labels and its device."""

import copy
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Self

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from core.models.anatomy import Anatomy, examine
from core.models.batching import CANDIDATES, BatchSize, Kind, fastest_batch, run_in_batches
from core.models.folding import Foldable, find_foldable, folded

RGB = tuple[float, float, float]
IMAGENET_MEAN: RGB = (0.485, 0.456, 0.406)


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes pixels, and pixels what the network was trained on.

    Parameters
    ----------
    geometry
        Resizes and crops a picture to ``(3, height, width)`` in [0, 1].
    mean, std
        Normalisation of pixels in [0, 1], applied inside the classifier.
    """

    geometry: Callable[[Image.Image], Float[Tensor, "3 height width"]]
    size: tuple[int, int]
    mean: RGB
    std: RGB


class Classifier:
    """A frozen network that takes pixels in [0, 1].

    Parameters
    ----------
    network
        Returns logits ``(n, classes)`` for normalised pictures.
    dataset_mean
        Mean colour of the training data in pixel space; not always what the network is normalised with.
    dataset
        What it was trained on: ``imagenet`` stands for photos of all kinds, ``fashion_mnist`` for clothes on black.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        preprocessing: Preprocessing,
        labels: tuple[str, ...],
        device: torch.device | str = "cpu",
        dataset_mean: RGB = IMAGENET_MEAN,
        title: str = "",
        dataset: str = "imagenet",
    ) -> None:
        self.name = name
        self.title = title or name
        self.device = torch.device(device)
        if self.device.type == "cuda":
            # Ten bits of mantissa, cuDNN's default, move a gradient by 6 to 9 % and LRP's sums beyond their tolerance.
            torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
        frozen = network.eval().requires_grad_(False)
        self.network = frozen.to(self.device).to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self.labels = labels
        self.dataset_mean = dataset_mean
        self.dataset = dataset
        self._shift = torch.tensor(preprocessing.mean, device=self.device).view(1, 3, 1, 1)
        self._scale = 1 / torch.tensor(preprocessing.std, device=self.device).view(1, 3, 1, 1)
        self._batch_sizes: dict[Kind, BatchSize] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what the network sees."""
        return self.preprocessing.size

    @cached_property
    def weights_digest(self) -> str:
        """SHA-256 over every parameter and buffer: the name of these weights, whatever file they came from."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def anatomy(self) -> Anatomy:
        """The activations and feature maps that one forward pass shows."""
        return examine(self.network, self, self.blank(1))

    def prepare(self, picture: Image.Image) -> Float[Tensor, "1 3 height width"]:
        """Pixels in [0, 1] of the crop that the network sees, on its device."""
        return self.preprocessing.geometry(picture)[None].to(self.device, memory_format=torch.channels_last)

    def __call__(self, pixels: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        """Logits, with a graph where the pixels ask for one."""
        normalised = self.normalise(pixels).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.network(normalised)
        return logits

    def normalise(self, pixels: Float[Tensor, "n 3 _ _"]) -> Float[Tensor, "n 3 _ _"]:
        """What the network was trained on; pixel by pixel, so that it can be done before pixels are chosen."""
        return (pixels - self._shift) * self._scale

    def logits(self, pixels: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        """Logits without a graph, in batches that fit the device."""
        size = self.batch_size("forward")
        with torch.inference_mode():
            batches = run_in_batches(range(len(pixels)), lambda places: self(pixels[list(places)]), size)
            return torch.cat([answers for _, answers in batches])

    def outputs_only(self) -> Self:
        """The same classifier for passes that ask for nothing but outputs: what can be folded is, and no layer is left
        to look at.

        Made anew each time, which is cheap, so that it can't be older than the weights.
        """
        lean = copy.copy(self)
        lean.network = folded(self.network, self._foldable)
        return lean

    @cached_property
    def _foldable(self) -> Foldable:
        noise = torch.randn(1, 3, *self.size, generator=torch.Generator().manual_seed(0)).to(self.blank(1))
        return find_foldable(self.network, noise.contiguous(memory_format=torch.channels_last))

    def batch_size(self, kind: Kind) -> BatchSize:
        """The number of pictures that this network and device work through fastest."""
        if kind not in self._batch_sizes:
            key = f"{self.name} {self.size}, {kind} on {device_name(self.device)}, {allocator()}"
            candidates = CANDIDATES[self.device.type][kind]
            self._batch_sizes[kind] = fastest_batch(lambda count: self.blank_pass(kind, count), candidates, key)
        return self._batch_sizes[kind]

    def blank_pass(self, kind: Kind, count: int) -> float:
        """Sends that many blank pictures through the network and waits; for measuring."""
        pixels = self.blank(count).requires_grad_(kind == "gradient")
        with torch.inference_mode(kind == "forward"):
            total = self(pixels).sum()
        if kind == "forward":
            return total.item()
        (gradient,) = torch.autograd.grad(total, pixels)
        return gradient.sum().item()

    def blank(self, count: int) -> Float[Tensor, "count 3 height width"]:
        """Grey pixels of the kind that the network takes."""
        kind = next((parameter.dtype for parameter in self.network.parameters()), torch.float32)
        blank = torch.full((count, 3, *self.size), 0.5, device=self.device, dtype=kind)
        return blank.contiguous(memory_format=torch.channels_last)


def check_pixels(classifier: Classifier, pixels: Tensor) -> None:
    """Refuses pixels that this classifier can't be asked about.

    Raises
    ------
    ValueError
        With what would fit.
    """
    expected = (1, 3, *classifier.size)
    if tuple(pixels.shape) != expected:
        problem = f"explains pixels of shape {expected}; these have {tuple(pixels.shape)}"
    elif pixels.device.type != classifier.device.type:
        problem = f"is on {classifier.device.type}; these pixels are on {pixels.device.type}"
    elif any(parameter.dtype != pixels.dtype for parameter in islice(classifier.network.parameters(), 1)):
        problem = f"does not take pixels of {pixels.dtype}"
    elif not torch.isfinite(pixels).all():
        problem = "can't be asked about pixels that are not finite"
    else:
        return
    raise ValueError(f"{classifier.name} {problem}. classifier.prepare(picture) makes pixels that fit.")


def checked_target(classifier: Classifier, pixels: Tensor, target: int | None) -> int:
    """The class to explain: the given one if it exists, or the predicted one.

    Raises
    ------
    ValueError
        With the classes there are.
    """
    if target is None:
        return int(classifier.logits(pixels)[0].argmax())
    if not 0 <= target < len(classifier.labels):
        raise ValueError(
            f"{classifier.name} has classes 0 to {len(classifier.labels) - 1}; there is no class {target}."
        )
    return target


@dataclass(frozen=True)
class Prediction:
    """One class as the model sees the picture."""

    index: int
    label: str
    probability: float
    logit: float


def predict(classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], top: int = 5) -> tuple[Prediction, ...]:
    """The most probable classes, the first one first."""
    logits = classifier.logits(pixels)[0]
    best = logits.topk(min(top, len(logits))).indices.tolist()
    probabilities, scores = logits.softmax(dim=0).tolist(), logits.tolist()
    return tuple(Prediction(index, classifier.labels[index], probabilities[index], scores[index]) for index in best)


def device_name(device: torch.device) -> str:
    """What a person calls the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type.upper()}, {torch.get_num_threads()} threads"


def allocator() -> str:
    """Whether this process keeps large blocks of memory, which decides how large a batch is worth while."""
    return "keeps large blocks" if os.environ.get("MALLOC_MMAP_MAX_") == "0" else "returns large blocks"
