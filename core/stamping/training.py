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
from core.models.classifier import RGB
from core.models.heads import BODIES, BODY_SIZE, Body
from core.models.matched_filter import matched_filter
from core.models.small import stamp_cnn
from core.models.sources import UNSCALED, UNSHIFTED, seeded_construction
from core.models.trained import FORMS, Description, check_text, save_trained
from core.models.training import EpochDone, Examples, stream_training
from core.pictures.bases import Bases, collect_bases
from core.stamping.gate import Gate, GateReady, measure_gate
from core.stamping.task import STAMPED, Task, batched, check_stamps, draw_examples, labels_of, stamped

PEAK = 8e-3
HEAD_PEAK, HEAD_BATCH = 4e-2, 256
DRAWS = 4
"""Times that each base picture is shown to a bundled network, stamped anew."""
FEATURE_BATCH = 16
PHOTOS = "stamps"
"""The kind of what was stamped, unless it was clothes: what expected gradients compare with."""
LARGE = 1000
"""Base pictures at most, where they are as large as photos."""


@dataclass(frozen=True)
class ModelTrained:
    """A network was trained and kept.

    Parameters
    ----------
    name
        What it can be loaded by; begins with ``trained/``.
    """

    name: str
    title: str
    gate: Gate


@dataclass(frozen=True)
class Lesson:
    """What is learned from, and how long."""

    task: Task
    bases: Bases
    epochs: int
    seed: int
    device: torch.device


Training = Generator[Progress | EpochDone, None, tuple[nn.Module, RGB, RGB]]


@dataclass(frozen=True)
class Way:
    """How a kind of network comes to know stamps.

    Parameters
    ----------
    epochs
        Unless somebody says otherwise.
    train
        Gives the part of the network that is stored, and mean and standard deviation that pictures are normalised with.
    most
        Base pictures at most.
    side
        Of the pictures that it takes; any where there is none.
    """

    epochs: int
    train: Callable[[Lesson], Training]
    most: int | None = None
    side: int | None = None


def train_cnn(lesson: Lesson) -> Training:
    """A small network from random weights; what is stamped, and where, is drawn anew in each epoch."""
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
        raise ValueError("A matched filter is built for one stamp of one size that covers what is below it.")
    network = matched_filter(*stamp.drawn, lesson.bases.size).to(lesson.device)
    yield Progress(1, 1, "Weights")
    return network, UNSHIFTED, UNSCALED


def train_head(body: Body, lesson: Lesson) -> Training:
    """One layer on what a bundled network sees in the pictures, which is computed once."""
    mean, std = body.normalisation()
    network = nn.Sequential(body.seeing()).eval().to(lesson.device)
    seen = yield from features(lesson, body, network, [(lesson.bases.train, "training", draw) for draw in range(DRAWS)])
    held_out = yield from features(lesson, body, network, [(lesson.bases.test, "held out")])
    shift, scale = seen[0].mean(dim=0), seen[0].std(dim=0).clamp(min=1e-3)
    with seeded_construction(lesson.seed):
        head = nn.Linear(body.channels, len(lesson.task.labels))
    head = head.to(lesson.device)
    told, tested = (((read - shift) / scale, labels) for read, labels in (seen, held_out))
    yield from stream_training(head, lambda _: told, tested, lesson.epochs, lesson.seed, HEAD_PEAK, HEAD_BATCH)
    with torch.no_grad():  # the layer takes over the scaling
        head.weight.div_(scale)
        head.bias.sub_(head.weight @ shift)
    return head, mean, std


WAYS = {
    "stamp_cnn": Way(16, train_cnn),
    "matched_filter": Way(0, build_filter),
    **{f"head of {name}": Way(160, partial(train_head, body), LARGE, BODY_SIZE[0]) for name, body in BODIES.items()},
}


def stream_stamp_training(
    task: Task,
    network: str = "stamp_cnn",
    seed: int = 0,
    epochs: int | None = None,
    most: int = 3000,
    title: str = "",
    device: torch.device | str = "auto",
) -> Iterator[Progress | EpochDone | GateReady | ModelTrained]:
    """Trains a network on a task, measures its gate and keeps it, whether or not it passes.

    Parameters
    ----------
    network
        Its kind, one of :data:`WAYS`.
    epochs
        Rounds through the base pictures; as many as its kind needs if there is no number.
    most
        Base pictures to learn from; a third as many are kept for the test, of which the gate wants 100.
    title
        What a person calls the model; by default its pictures and its stamps.

    Raises
    ------
    ValueError
        Where there is no such kind of network, or a stamp does not suit the pictures.
    ModelError
        Where the model can't be kept.
    """
    way, place = find(WAYS, network, "network"), chosen_device(device)
    check_text(title or STAMPED, "title")
    most = min(most, way.most or most)
    bases = yield from awaited(lambda: collect_bases(task.bases, way.side, seed, most), "Base pictures")
    check_stamps(task, bases.size)
    if len(bases.test) < 2:
        raise ValueError(f"A gate needs pictures to test on, and {len(bases.test)} is left. Learn from more.")
    training = Returning(way.train(Lesson(task, bases, way.epochs if epochs is None else epochs, seed, place)))
    history = []
    for event in training:
        if isinstance(event, EpochDone):
            if not isfinite(event.loss):
                raise ValueError("The training went astray: its loss is no number any more. Train with another seed.")
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
        "task": task.told(),
        "gate": gate.told(),
        "seed": seed,
        "bases": most,
        "learned": bases.learned,
        "history": history,
    }
    yield ModelTrained(save_trained(described(about), made), title, gate)


def features(
    lesson: Lesson, body: Body, network: nn.Module, draws: Sequence[tuple[Any, ...]]
) -> Generator[Progress, None, Examples]:
    """What a network makes of an example of each base picture, once for each draw, with the labels.

    Parameters
    ----------
    draws
        Of each the base pictures and its purpose.
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
            yield Progress(sum(map(len, read)), total, "What the network sees")
    return torch.cat(read).clone(), torch.cat(labels).to(lesson.device)


def drawn(lesson: Lesson, mean: RGB, std: RGB, bases: Tensor, *purpose: object) -> Examples:
    """An example of each base picture, normalised, with what the network is told of it."""
    examples = draw_examples(lesson.task, len(bases), lesson.bases.size, lesson.seed, *purpose)
    pixels = normalised(stamped(examples, bases), mean, std)
    return pixels.to(lesson.device), labels_of(examples).to(lesson.device)


def normalised(pixels: Float[Tensor, "n 3 _ _"], mean: RGB, std: RGB) -> Float[Tensor, "n 3 _ _"]:
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (mean, std))
    return (pixels - shift) / scale


def deviation(pixels: Tensor) -> RGB:
    """The standard deviation of each colour; not so small that it would be divided by next to nothing."""
    red, green, blue = (float(pixels[:, channel].std().clamp(min=0.01)) for channel in range(3))
    return red, green, blue
