"""Training a network on stamps, from base pictures to a model that is kept with its gate."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.jobs.awaiting import awaited
from core.jobs.events import Progress, Returning
from core.lookup import find
from core.models.bundled import FASHION_MNIST
from core.models.catalogue import chosen_device
from core.models.classifier import Colour
from core.models.heads import BODIES, BODY_SIZE, Body
from core.models.matched_filter import matched_filter
from core.models.small import stamp_cnn
from core.models.sources import UNSCALED, UNSHIFTED, seeded_construction
from core.models.trained import check_room, save_trained
from core.models.trained_file import FORMS, Description, check_text
from core.models.training import EpochDone, Examples, stream_training
from core.pictures.bases import Bases, collect_bases
from core.stamping.gate import Gate, GateReady, measure_gate
from core.stamping.task import STAMPED, Task, batched, check_stamps, draw_examples, labels_of, stamped

PEAK = 8e-3
HEAD_PEAK, HEAD_BATCH = 4e-2, 256
DRAWS = 4
"""How often each base picture is shown to a bundled network, stamped again each time."""
FEATURE_BATCH = 16
PHOTOS = "stamps"
"""The kind of base pictures, unless they are clothes: the background of expected gradients."""
LARGE = 1000
"""Maximum number of base pictures as large as photos."""


@dataclass(frozen=True)
class ModelTrained:
    """A network was trained and kept.

    Parameters
    ----------
    name
        The name to load it by; starts with ``trained/``.
    """

    name: str
    title: str
    gate: Gate


@dataclass(frozen=True)
class Lesson:
    """The training data of a network, and how long it trains."""

    task: Task
    bases: Bases
    epochs: int
    seed: int
    device: torch.device


Training = Generator[Progress | EpochDone, None, tuple[nn.Module, Colour, Colour]]


@dataclass(frozen=True)
class Recipe:
    """How a kind of network is trained on stamps.

    Parameters
    ----------
    epochs
        Default number of epochs.
    train
        Gives the part of the network that is stored, and the mean and standard deviation that normalise pictures.
    most
        Maximum number of base pictures.
    side
        Side of its pictures; any if not given.
    """

    epochs: int
    train: Callable[[Lesson], Training]
    most: int | None = None
    side: int | None = None


def train_cnn(lesson: Lesson) -> Training:
    """A small network from random weights; the stamped pictures and the places are drawn again in each epoch."""
    bases = lesson.bases
    mean, std = bases.mean, deviation(bases.train)
    with seeded_construction(lesson.seed):
        network = stamp_cnn(len(lesson.task.labels), bases.size)
    network = network.to(lesson.device).to(memory_format=torch.channels_last)
    draw = partial(drawn, lesson, mean, std)
    held_out = draw(bases.test, "held out")
    yield from stream_training(
        network, lambda epoch: draw(bases.train, "training", epoch), held_out, lesson.epochs, lesson.seed, PEAK
    )
    return network, mean, std


def build_filter(lesson: Lesson) -> Training:
    """A matched filter, which has nothing to learn."""
    stamp, *others = lesson.task.stamps
    if others or lesson.task.sizes or lesson.task.opacities or stamp.opacity < 1:
        raise ValueError("A matched filter needs a single stamp of a single size with opacity 1.")
    network = matched_filter(*stamp.drawn, lesson.bases.size).to(lesson.device)
    yield Progress(1, 1, "Weights")
    return network, UNSHIFTED, UNSCALED


def train_head(body: Body, lesson: Lesson) -> Training:
    """One layer on a bundled network's features of the pictures, which are computed once."""
    mean, std = body.normalisation()
    network = nn.Sequential(body.seeing()).eval().to(lesson.device)
    seen = yield from features(lesson, body, network, [(lesson.bases.train, "training", draw) for draw in range(DRAWS)])
    held_out = yield from features(lesson, body, network, [(lesson.bases.test, "held out")])
    shift, scale = seen[0].mean(dim=0), seen[0].std(dim=0).clamp(min=1e-3)
    with seeded_construction(lesson.seed):
        head = nn.Linear(body.channels, len(lesson.task.labels))
    head = head.to(lesson.device)
    learned, tested = (((read - shift) / scale, labels) for read, labels in (seen, held_out))
    yield from stream_training(head, lambda _: learned, tested, lesson.epochs, lesson.seed, HEAD_PEAK, HEAD_BATCH)
    with torch.no_grad():  # the layer takes over the scaling
        head.weight.div_(scale)
        head.bias.sub_(head.weight @ shift)
    return head, mean, std


RECIPES = {
    "stamp_cnn": Recipe(16, train_cnn),
    "matched_filter": Recipe(0, build_filter),
    **{f"head of {name}": Recipe(160, partial(train_head, body), LARGE, BODY_SIZE[0]) for name, body in BODIES.items()},
}


def stream_stamp_training(
    task: Task,
    network: str = "stamp_cnn",
    seed: int = 0,
    epochs: int | None = None,
    most: int = 3000,
    title: str = "",
    device: torch.device | str = "auto",
    owner: str = "",
) -> Iterator[Progress | EpochDone | GateReady | ModelTrained]:
    """Trains a network on a task, measures its gate and keeps it, whether or not it passes.

    Parameters
    ----------
    network
        Its kind, one of :data:`RECIPES`.
    epochs
        Passes through the base pictures; the default of its kind if not given.
    most
        Maximum number of training pictures; a third as many are reserved for testing, of which the gate needs 100.
    title
        The model's name for a person; by default its pictures and its stamps.
    owner
        The model's owner, on a shared machine; everybody's if empty.

    Raises
    ------
    ValueError
        Where there is no such kind of network, or a stamp does not suit the pictures.
    ModelError
        Where the model cannot be stored.
    """
    check_room(owner)
    recipe, place = find(RECIPES, network, "network"), chosen_device(device)
    check_text(title or STAMPED, "title")
    most = min(most, recipe.most or most)
    bases = yield from awaited(lambda: collect_bases(task.bases, recipe.side, seed, most), "Base pictures")
    check_stamps(task, bases.size)
    if len(bases.test) < 2:
        raise ValueError(f"The gate needs test pictures, and only {len(bases.test)} is left. Add pictures.")
    training = Returning(recipe.train(Lesson(task, bases, recipe.epochs if epochs is None else epochs, seed, place)))
    history = []
    for event in training:
        if isinstance(event, EpochDone):
            if not isfinite(event.loss):
                raise ValueError("The training diverged: its loss is no longer a number. Train with another seed.")
            history.append(asdict(event))
        yield event
    made, mean, std = training.result
    title = title or f"{bases.title}: {', '.join(stamp.design for stamp in task.stamps)}"
    dataset = bases.name if bases.name == FASHION_MNIST.name else PHOTOS
    described = partial(Description, network, task.labels, bases.size, mean, std, bases.mean, title, dataset)
    classifier = described({}).classifier(title, FORMS[network].whole(made), place)
    gate = yield from measure_gate(classifier, task, bases.test, seed)
    yield GateReady(gate)
    about = {
        "task": task.as_json(),
        "gate": gate.as_json(),
        "seed": seed,
        "bases": most,
        "learned": bases.learned,
        "history": history,
    }
    yield ModelTrained(save_trained(described(about), made, owner), title, gate)


def features(
    lesson: Lesson, body: Body, network: nn.Module, draws: Sequence[tuple[Any, ...]]
) -> Generator[Progress, None, Examples]:
    """A network's features of an example of each base picture, once for each draw, with the labels.

    Parameters
    ----------
    draws
        The base pictures and the purpose of each draw.
    """
    read, labels = [], []
    total = sum(len(bases) for bases, *_ in draws)
    for bases, *purpose in draws:
        examples = draw_examples(lesson.task, len(bases), lesson.bases.size, lesson.seed, *purpose)
        labels.append(labels_of(examples))
        for part in batched(examples, FEATURE_BATCH):
            with torch.inference_mode():
                shown = normalised(stamped(part, bases), *body.normalisation()).to(lesson.device)
                read.append(network(shown))
            yield Progress(sum(map(len, read)), total, "Features of the pictures", "picture")
    return torch.cat(read).clone(), torch.cat(labels).to(lesson.device)


def drawn(lesson: Lesson, mean: Colour, std: Colour, bases: Tensor, *purpose: object) -> Examples:
    """An example of each base picture, normalised, with its label."""
    examples = draw_examples(lesson.task, len(bases), lesson.bases.size, lesson.seed, *purpose)
    pixels = normalised(stamped(examples, bases), mean, std)
    return pixels.to(lesson.device), labels_of(examples).to(lesson.device)


def normalised(pixels: Float[Tensor, "n 3 _ _"], mean: Colour, std: Colour) -> Float[Tensor, "n 3 _ _"]:
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (mean, std))
    return (pixels - shift) / scale


def deviation(pixels: Tensor) -> Colour:
    """The standard deviation of each colour; bounded below, so that nothing is divided by almost zero."""
    red, green, blue = (float(pixels[:, channel].std().clamp(min=0.01)) for channel in range(3))
    return red, green, blue
