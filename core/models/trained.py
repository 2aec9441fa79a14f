"""Networks that were trained here: one file each, whose header says how the network is built and used.

A file may come from anybody. Nothing in it is executed; every entry and every shape is checked before it is used.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import platformdirs
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.assets import ASSETS
from core.models.classifier import RGB, Classifier, Preprocessing
from core.models.cropping import middle
from core.models.heads import BODIES, BODY_SIZE, Body, empty_head
from core.models.matched_filter import empty_filter
from core.models.small import label_cnn, stamp_cnn
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


def check_text(value: str, what: str) -> None:
    """Refuses what no file could hold as its title.

    Raises
    ------
    ValueError
        With what would do.
    """
    if not is_text(value):
        raise ValueError(f"The {what} is one line of at most {LONGEST_TEXT} characters; this one has {len(value)}.")


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
    learned
        Makes the part that is trained and stored, for that many classes, pictures of that size, and weights of those
        shapes; it may refuse them.
    whole
        The network that it is a part of.
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
        raise ModelError(f"Its pictures are not of {BODY_SIZE[1]} × {BODY_SIZE[0]}, as its network's are.")
    return empty_head(body, classes)


FORMS: dict[str, Form] = {
    "stamp_cnn": Form(partial(learned_cnn, stamp_cnn), lambda learned: learned),
    "label_cnn": Form(partial(learned_cnn, label_cnn), lambda learned: learned),
    "matched_filter": Form(written_filter, lambda learned: learned),
    **{f"head of {name}": Form(partial(learned_head, body), body.with_head) for name, body in BODIES.items()},
}


def home() -> Path:
    """Where a person's own trained networks are."""
    return Path(os.environ.get("HEATCHECK_HOME") or platformdirs.user_data_dir("heatcheck")) / "trained"


def list_trained() -> tuple[Trained, ...]:
    """Every trained network, bundled ones first; a file that is none is passed over."""
    found: dict[str, Trained] = {}
    for folder in (BUNDLED, home()):
        for path in sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stem):
            if not NAME.fullmatch(path.stem):
                continue
            with suppress(OSError):  # it may be removed in this moment
                file = path.stat()
                if known := said_by(path, file.st_mtime_ns, file.st_size):
                    found.setdefault(path.stem, known)
    return tuple(found.values())


@lru_cache(maxsize=256)
def said_by(path: Path, written: int, size: int) -> Trained | None:  # noqa: ARG001
    """What a file says as long as nobody writes it anew; None where it is none of ours."""
    try:
        return read(path)[0]
    except ModelError:
        return None


def load_trained(name: str, device: torch.device, pretrained: bool = True) -> Classifier:
    """The classifier of that name, which begins with ``trained/``.

    Raises
    ------
    ModelError
        Where there is none, or its file is damaged.
    """
    trained, weights = read(path_of(name))
    told = trained.description
    with seeded_construction():
        learned = empty(told, shapes_of(weights))
        if pretrained:
            learned.load_state_dict(weights)
        return told.classifier(trained.name, FORMS[told.network].whole(learned), device)


def save_trained(description: Description, learned: nn.Module) -> str:
    """Keeps a network among a person's own, and gives the name that it can be loaded by.

    The name is made from the title; one that is taken gets a number.

    Parameters
    ----------
    learned
        The part of the network that its form stores.

    Raises
    ------
    ModelError
        Where it can't be written.
    """
    weights = {key: tensor.detach().cpu().contiguous() for key, tensor in learned.state_dict().items()}
    header = {field.name: json.dumps(getattr(description, field.name)) for field in fields(description)}
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
    return PREFIX + target.stem


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
    for folder in (BUNDLED, home()):
        path = folder / f"{short}{ENDING}"
        if NAME.fullmatch(short) and path.is_file():
            return path
    names = [trained.name for trained in list_trained()]
    near = get_close_matches(name, names, n=3, cutoff=0.6) or names
    raise ModelError(f"There is no trained model {name!r}. Did you mean {' or '.join(near)}?")


def read(path: Path) -> tuple[Trained, dict[str, Tensor]]:
    """What a file's header says, and the weights as float32.

    Raises
    ------
    ModelError
        Where it is none of ours.
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ModelError(f"It is no file of at most {MOST_BYTES // 2**20} MB.")
        with safe_open(path, "pt") as file:
            description = described(file.metadata() or {})
            weights = checked_weights(file, description)
    except ModelError as problem:
        raise ModelError(f"{path.name} can't be used as a trained model. {problem}") from problem
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path.name} can't be used as a trained model. It is damaged, or of another kind.") from error
    return Trained(PREFIX + path.stem, description, path.parent == BUNDLED, path), weights


def checked_weights(file: Any, description: Description) -> dict[str, Tensor]:
    """The weights in an open file; none is read before all have the shapes that they should have.

    Raises
    ------
    ModelError
        With the first that is not what it should be.
    """
    parts = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
    shapes = {key: tuple(part.get_shape()) for key, part in parts.items()}
    with torch.device("meta"):
        expected = shapes_of(empty(description, shapes).state_dict())
    for key in sorted(expected.keys() | shapes.keys()):
        if shapes.get(key) != expected.get(key) or parts[key].get_dtype() not in KINDS:
            raise ModelError(f"Its weights are not those of its network: {key[:LONGEST_TEXT]!r} differs.")
    weights = {key: file.get_tensor(key).float() for key in shapes}
    for key, tensor in weights.items():
        if not tensor.isfinite().all():
            raise ModelError(f"Some of its weights are no finite numbers: {key!r}.")
    return weights


def empty(description: Description, shapes: Shapes) -> nn.Module:
    """The part of a network that is stored, without its weights."""
    return FORMS[description.network].learned(len(description.labels), description.size, shapes)


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in weights.items()}


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
