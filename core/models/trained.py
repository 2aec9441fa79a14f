"""Networks that were trained here: one file each, whose header says how the network is built and used.

A file may come from anybody. Nothing in it is executed; every entry and every shape is checked before it is used.
"""

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import platformdirs
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.assets import ASSETS
from core.lookup import find
from core.models.classifier import RGB, Classifier, Preprocessing
from core.models.cropping import middle
from core.models.matched_filter import empty_filter
from core.models.small import stamp_cnn
from core.models.sources import ModelError, seeded_construction

BUNDLED = ASSETS / "trained"
PREFIX = "trained/"
ENDING = ".safetensors"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
SMALLEST, LARGEST = 8, 512
MOST_BYTES = 16 * 2**20
MOST_LABELS = 1000
LONGEST_TEXT = 200
KINDS = ("F16", "F32")
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Description:
    """How a trained network is built and used; all of it lies in its file's header.

    Parameters
    ----------
    network
        Its kind, one of :data:`FORMS`.
    size
        Height and width of what it sees.
    mean, std
        Normalisation of pixels in [0, 1].
    dataset_mean, dataset
        As a classifier's.
    about
        Whatever the trainer has to say of it, as JSON has it.
    """

    network: str
    labels: tuple[str, ...]
    size: tuple[int, int]
    mean: RGB
    std: RGB
    dataset_mean: RGB
    title: str
    dataset: str
    about: Mapping[str, Any]

    def __post_init__(self) -> None:
        for problem in problems(self):
            raise ModelError(problem)

    def classifier(self, name: str, network: nn.Module, device: torch.device) -> Classifier:
        """The network as a classifier; pictures come as the part around their middle."""
        return Classifier(
            name=name,
            title=self.title,
            network=network,
            preprocessing=Preprocessing(partial(middle, size=self.size), self.size, self.mean, self.std),
            labels=self.labels,
            device=device,
            dataset_mean=self.dataset_mean,
            dataset=self.dataset,
        )


def problems(told: Description) -> Iterator[str]:
    """What is wrong with a description, in words."""
    if not isinstance(told.network, str) or told.network not in FORMS:
        yield f"Its network is of a kind that this HeatCheck does not know: {str(told.network)[:LONGEST_TEXT]!r}."
    if not 2 <= len(told.labels) <= MOST_LABELS or not all(map(is_text, told.labels)):
        yield f"It needs 2 to {MOST_LABELS} labels, each a line of text."
    if len(told.size) != 2 or not all(type(side) is int and SMALLEST <= side <= LARGEST for side in told.size):
        yield f"Its pictures are of a size that is not from {SMALLEST} to {LARGEST} pixels."
    if not all(is_colour(colour, lowest=0) for colour in (told.mean, told.dataset_mean)):
        yield "Its mean colour is not three numbers from 0 to 1."
    if not is_colour(told.std, lowest=1e-3):
        yield "Its standard deviation is not three numbers above 0, at most 1."
    if not is_text(told.title) or not is_text(told.dataset):
        yield "Its title and its data set's name are not lines of text."
    if not isinstance(told.about, Mapping):
        yield "What its trainer says of it is no mapping."


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
        Begins with ``trained/``.
    bundled
        Whether it comes with HeatCheck.
    """

    name: str
    description: Description
    bundled: bool
    path: Path


@dataclass(frozen=True)
class Form:
    """A kind of network that can be trained here.

    Parameters
    ----------
    build
        Makes it for that many classes, pictures of that size, and weights of those shapes.
    learned
        The part of it whose weights are trained and stored.
    """

    build: Callable[[int, tuple[int, int], Shapes], nn.Module]
    learned: Callable[[nn.Module], nn.Module]


def build_stamp_cnn(classes: int, size: tuple[int, int], shapes: Shapes) -> nn.Module:  # noqa: ARG001
    return stamp_cnn(classes, size)


def build_filter(classes: int, size: tuple[int, int], shapes: Shapes) -> nn.Module:
    side = shapes.get("match.weight", (0,))[-1]
    if side % 2 == 0 or side > min(size):
        raise ModelError("Its template does not fit its pictures.")
    return empty_filter(side, classes)


FORMS: dict[str, Form] = {
    "stamp_cnn": Form(build_stamp_cnn, lambda network: network),
    "matched_filter": Form(build_filter, lambda network: network),
}


def home() -> Path:
    """Where a person's own trained networks are."""
    return Path(os.environ.get("HEATCHECK_HOME") or platformdirs.user_data_dir("heatcheck")) / "trained"


def list_trained() -> tuple[Trained, ...]:
    """Every trained network, bundled ones first; a file that is none is passed over."""
    found: dict[str, Trained] = {}
    for folder in (BUNDLED, home()):
        for path in sorted(folder.glob(f"*{ENDING}")):
            name = path.name.removesuffix(ENDING)
            if NAME.fullmatch(name):
                with suppress(ModelError):
                    found.setdefault(name, read(path))
    return tuple(found.values())


def load_trained(name: str, device: torch.device, pretrained: bool = True) -> Classifier:
    """The classifier of that name, which begins with ``trained/``.

    Raises
    ------
    ModelError
        Where there is none, or its file is damaged.
    """
    trained = read(path_of(name))
    told = trained.description
    try:
        shapes, weights = stored(trained.path)
        with seeded_construction():
            network = FORMS[told.network].build(len(told.labels), told.size, shapes)
        learned = FORMS[told.network].learned(network)
        check_weights(weights, {key: tuple(each.shape) for key, each in learned.state_dict().items()})
    except ModelError as problem:
        raise unusable(trained.path, problem) from problem
    if pretrained:
        learned.load_state_dict(weights)
    return told.classifier(trained.name, network, device)


def save_trained(description: Description, network: nn.Module) -> str:
    """Keeps a network among a person's own, and gives the name that it can be loaded by.

    The name is made from the title; one that is taken gets a number.

    Raises
    ------
    ModelError
        Where it can't be written.
    """
    weights = {
        key: tensor.detach().cpu().contiguous()
        for key, tensor in FORMS[description.network].learned(network).state_dict().items()
    }
    header = {key: json.dumps(value) for key, value in asdict(description).items()}
    content = safetensors.torch.save(weights, header)
    try:
        home().mkdir(parents=True, exist_ok=True)
        target = reserved(slug(description.title))
        draft = target.with_suffix(".draft")
        try:
            draft.write_bytes(content)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ModelError(f"The model can't be kept in {home()}: {error.strerror or error}.") from error
    return PREFIX + target.name.removesuffix(ENDING)


def remove_trained(name: str) -> None:
    """Deletes one of a person's own.

    Raises
    ------
    ModelError
        For a bundled one, or a name that is not there.
    """
    path = path_of(name)
    if path.parent == BUNDLED:
        raise ModelError(f"{name} comes with HeatCheck and can't be deleted.")
    path.unlink(missing_ok=True)


def slug(title: str) -> str:
    """A file's name for a title.

    >>> slug("Patches: a cross / 6 px"), slug("…")
    ('patches-a-cross-6-px', 'model')
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-") or "model"


def reserved(wanted: str) -> Path:
    """A file of that name that nobody else has, or of the name with the next free number."""
    for number in count(1):
        name = wanted if number == 1 else f"{wanted}-{number}"
        path = home() / f"{name}{ENDING}"
        if not (BUNDLED / path.name).exists():
            with suppress(FileExistsError):
                path.touch(exist_ok=False)
                return path
    raise AssertionError


def path_of(name: str) -> Path:
    """The file of that name.

    Raises
    ------
    ModelError
        With the nearest names.
    """
    short = name.removeprefix(PREFIX)
    if NAME.fullmatch(short):
        for folder in (BUNDLED, home()):
            path = folder / f"{short}{ENDING}"
            if path.is_file():
                return path
    try:
        return find({trained.name: trained.path for trained in list_trained()}, name, "trained model")
    except ValueError as unknown:
        raise ModelError(str(unknown)) from None


def read(path: Path) -> Trained:
    """What a file's header says.

    Raises
    ------
    ModelError
        Where it is none of ours.
    """
    try:
        with opened(path) as file:
            description = described(file.metadata() or {})
    except ModelError as problem:
        raise unusable(path, problem) from problem
    return Trained(PREFIX + path.name.removesuffix(ENDING), description, path.parent == BUNDLED, path)


def opened(path: Path) -> Any:
    """The file, its header read."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ModelError(f"It is no file of at most {MOST_BYTES // 2**20} MB.")
        return safe_open(path, "pt")
    except (OSError, SafetensorError) as error:
        raise ModelError("It is damaged, or no safetensors file.") from error


def described(header: Mapping[str, str]) -> Description:
    """The header's entries, each of which is JSON."""
    names = [field.name for field in fields(Description)]
    missing = [name for name in names if name not in header]
    if missing:
        raise ModelError(f"Its header has no {' and no '.join(missing)}.")
    try:
        told = {name: json.loads(header[name]) for name in names}
    except (ValueError, RecursionError) as error:
        raise ModelError("Its header is no JSON.") from error
    lists = ("labels", "size", "mean", "std", "dataset_mean")
    if not all(isinstance(told[name], list) for name in lists):
        raise ModelError(f"Its {', '.join(lists)} are not all lists.")
    return Description(**told | {name: tuple(told[name]) for name in lists})


def stored(path: Path) -> tuple[Shapes, dict[str, Tensor]]:
    """The shapes of the weights in a file, and the weights as float32."""
    try:
        with opened(path) as file:
            parts = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
            if not all(part.get_dtype() in KINDS for part in parts.values()):
                raise ModelError("Its weights are not all of 16 or 32 bits.")
            shapes = {key: tuple(part.get_shape()) for key, part in parts.items()}
            return shapes, {key: file.get_tensor(key).float() for key in shapes}
    except SafetensorError as error:
        raise ModelError("It is damaged.") from error


def check_weights(weights: Mapping[str, Tensor], expected: Shapes) -> None:
    """Refuses weights that are not those of the network.

    Raises
    ------
    ModelError
        With the first that differs.
    """
    for key in sorted(expected.keys() | weights.keys()):
        shape = tuple(weights[key].shape) if key in weights else None
        if shape != expected.get(key):
            raise ModelError(f"Its weights are not those of its network: {key[:LONGEST_TEXT]!r} is {shape}.")
        if not math.isfinite(float(weights[key].abs().sum())):
            raise ModelError(f"Some of its weights are no finite numbers: {key!r}.")


def unusable(path: Path, problem: ModelError) -> ModelError:
    return ModelError(f"{path.name} can't be used as a trained model. {problem}")
