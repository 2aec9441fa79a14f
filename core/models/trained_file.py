"""The file of a trained network, whose header says how the network is built and used.

A file may come from anybody. Nothing in it is executed; every entry and every shape is checked before it is used.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.assets import ASSETS
from core.models.answering import Answering
from core.models.classifier import Classifier, Colour, Preprocessing, in_own_layout
from core.models.cropping import centre_crop
from core.models.heads import BODIES, BODY_SIZE, Body, empty_head
from core.models.matched_filter import empty_filter
from core.models.small import batch_norm_cnn, label_cnn, stamp_cnn
from core.models.sources import ModelError

BUNDLED = ASSETS / "trained"
PREFIX = "trained/"
SMALLEST, LARGEST = 8, 512
MOST_BYTES = 16 * 2**20
MOST_LABELS = 1000
LONGEST_TEXT = 200
KINDS = {torch.float32: ("F16", "F32"), torch.int64: ("I64",)}
"""How a file may hold each of a network's entries; batch normalisation counts its batches in whole numbers."""
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Description:
    """How a trained network is built and used; all of it is in its file's header.

    Parameters
    ----------
    network
        Its kind, one of :data:`FORMS`.
    size
        Height and width of its input.
    mean, std
        Normalisation of pixels in [0, 1].
    dataset_mean, dataset
        The same as a classifier's.
    about
        Any further information from the trainer, as JSON.
    """

    network: str
    labels: tuple[str, ...]
    size: tuple[int, int]
    mean: Colour
    std: Colour
    dataset_mean: Colour
    title: str
    dataset: str
    about: Mapping[str, Any]

    def __post_init__(self) -> None:
        for problem in problems(self):
            raise ModelError(problem)

    def classifier(self, name: str, network: nn.Module, device: torch.device) -> Classifier:
        """The network as a classifier of centre-cropped pictures."""
        classifier = Classifier(
            name=name,
            title=self.title,
            network=network,
            preprocessing=Preprocessing(partial(centre_crop, size=self.size), self.size, self.mean, self.std),
            labels=self.labels,
            device=device,
            dataset_mean=self.dataset_mean,
            dataset=self.dataset,
            answering=Answering(),
        )
        return in_own_layout(classifier)


def problems(description: Description) -> Iterator[str]:
    """What is wrong with a description, in sentences."""
    if not isinstance(description.network, str) or description.network not in FORMS:
        kind = str(description.network)[:LONGEST_TEXT]
        yield f"This version of HeatCheck does not know its kind of network: {kind!r}."
    if not 2 <= len(description.labels) <= MOST_LABELS or not all(map(is_text, description.labels)):
        yield f"It needs 2 to {MOST_LABELS} labels, each one line of text."
    if len(description.size) != 2 or not all(
        type(side) is int and SMALLEST <= side <= LARGEST for side in description.size
    ):
        yield f"The size of its pictures is not from {SMALLEST} to {LARGEST} pixels."
    if not all(is_colour(colour, lowest=0) for colour in (description.mean, description.dataset_mean)):
        yield "Its mean colour is not three numbers from 0 to 1."
    if not is_colour(description.std, lowest=1e-3):
        yield "Its standard deviation is not three numbers above 0 and at most 1."
    if not is_text(description.title) or not is_text(description.dataset):
        yield "Its title or the name of its data set is not a line of text."
    if not isinstance(description.about, Mapping):
        yield "The trainer's information about it is not a mapping."


def check_text(value: str, what: str) -> None:
    """Refuses a text that no file could hold as its title.

    Raises
    ------
    ValueError
        With what is allowed.
    """
    if not is_text(value):
        raise ValueError(f"The {what} must be one line of at most {LONGEST_TEXT} characters; it has {len(value)}.")


def is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


def is_colour(value: tuple[object, ...], lowest: float) -> bool:
    return len(value) == 3 and all(type(each) in (int, float) and lowest <= each <= 1 for each in value)  # type: ignore[operator]


@dataclass(frozen=True)
class Trained:
    """A trained network that can be loaded.

    Parameters
    ----------
    name
        Starts with ``trained/``.
    bundled
        Whether it ships with HeatCheck.
    owner
        Its owner; empty where it belongs to everybody.
    """

    name: str
    description: Description
    bundled: bool
    path: Path
    owner: str = ""


@dataclass(frozen=True)
class Form:
    """A kind of network that can be trained here.

    Parameters
    ----------
    learned
        Creates the part that is trained and stored, for a number of classes, a picture size and the shapes of the
        weights; it may refuse them.
    whole
        Completes that part to the whole network.
    """

    learned: Callable[[int, tuple[int, int], Shapes], nn.Module]
    whole: Callable[[nn.Module], nn.Module]


def learned_cnn(
    build: Callable[[int, tuple[int, int]], nn.Module],
    classes: int,
    size: tuple[int, int],
    shapes: Shapes,  # noqa: ARG001
) -> nn.Module:
    return build(classes, size)


def written_filter(classes: int, size: tuple[int, int], shapes: Shapes) -> nn.Module:
    side = (shapes.get("match.weight") or (0,))[-1]
    if side % 2 == 0 or side > min(size):
        raise ModelError("Its template does not fit its pictures.")
    return empty_filter(side, classes)


def learned_head(body: Body, classes: int, size: tuple[int, int], shapes: Shapes) -> nn.Module:  # noqa: ARG001
    if size != BODY_SIZE:
        raise ModelError(f"The size of its pictures is not {BODY_SIZE[1]} × {BODY_SIZE[0]}, its network's input.")
    return empty_head(body, classes)


FORMS: dict[str, Form] = {
    "stamp_cnn": Form(partial(learned_cnn, stamp_cnn), lambda learned: learned),
    "label_cnn": Form(partial(learned_cnn, label_cnn), lambda learned: learned),
    "batch_norm_cnn": Form(partial(learned_cnn, batch_norm_cnn), lambda learned: learned),
    "matched_filter": Form(written_filter, lambda learned: learned),
    **{f"head of {name}": Form(partial(learned_head, body), body.with_head) for name, body in BODIES.items()},
}


def read(path: Path) -> tuple[Trained, dict[str, Tensor]]:
    """The contents of a file's header, and the weights as float32.

    Raises
    ------
    ModelError
        Where it is not a valid file.
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ModelError(f"It is not a file of at most {MOST_BYTES // 2**20} MB.")
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            description, owner = described(header), owner_in(header)
            weights = checked_weights(file, description)
    except ModelError as problem:
        raise ModelError(f"{path.name} is not a valid trained model. {problem}") from problem
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path.name} is not a valid trained model. It is damaged or of another kind.") from error
    return Trained(PREFIX + path.stem, description, path.parent == BUNDLED, path, owner), weights


def checked_weights(file: Any, description: Description) -> dict[str, Tensor]:
    """The weights in an open file; none is read before all shapes have been checked.

    Raises
    ------
    ModelError
        With the first that is wrong.
    """
    parts = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
    shapes = {key: tuple(part.get_shape()) for key, part in parts.items()}
    with torch.device("meta"):
        expected = empty(description, shapes).state_dict()
    for key in sorted(expected.keys() | shapes.keys()):
        wanted = expected.get(key)
        fits = wanted is not None and shapes.get(key) == tuple(wanted.shape)
        if wanted is None or not fits or parts[key].get_dtype() not in KINDS[wanted.dtype]:
            raise ModelError(f"Its weights do not fit its network: {key[:LONGEST_TEXT]!r} differs.")
    weights = {key: file.get_tensor(key).to(expected[key].dtype) for key in shapes}
    for key, tensor in weights.items():
        if not tensor.isfinite().all():
            raise ModelError(f"Some of its weights are not finite: {key!r}.")
    return weights


def empty(description: Description, shapes: Shapes) -> nn.Module:
    """The part of a network that is stored, without its weights."""
    return FORMS[description.network].learned(len(description.labels), description.size, shapes)


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in weights.items()}


def described(header: Mapping[str, str]) -> Description:
    """The description in the header's entries, each of which is JSON."""
    names = [field.name for field in fields(Description)]
    missing = [name for name in names if name not in header]
    if missing:
        raise ModelError(f"Its header has no {' and no '.join(missing)}.")
    try:
        entries = {name: json.loads(header[name]) for name in names}
    except (ValueError, RecursionError) as error:
        raise ModelError("Its header is not valid JSON.") from error
    lists = ("labels", "size", "mean", "std", "dataset_mean")
    if not all(isinstance(entries[name], list) for name in lists):
        raise ModelError(f"Its {', '.join(lists)} are not all lists.")
    return Description(**entries | {name: tuple(entries[name]) for name in lists})


def owner_of(path: Path) -> str:
    """The owner named in a file's header, however damaged the rest; empty where none is named."""
    with suppress(OSError, ValueError, RecursionError, AttributeError, ModelError):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, MOST_BYTES)))
        return owner_in(header.get("__metadata__") or {})
    return ""


def owner_in(header: Mapping[str, str]) -> str:
    """The owner named in the header; empty for a file without one."""
    try:
        owner = json.loads(header.get("owner", '""'))
    except (ValueError, RecursionError) as error:
        raise ModelError("Its header is not valid JSON.") from error
    if owner != "" and not is_text(owner):
        raise ModelError("The name of its owner is not a line of text.")
    return str(owner)
