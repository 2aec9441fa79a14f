"""Training a network on stamps, from base pictures to a model that is kept with its gate."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from core.jobs.events import Progress
from core.lookup import find
from core.models.catalogue import chosen_device
from core.models.classifier import RGB
from core.models.matched_filter import matched_filter
from core.models.small import stamp_cnn
from core.models.trained import Description, save_trained
from core.models.training import EpochDone, Examples, stream_training
from core.pictures.bases import Bases, collect_bases
from core.pictures.stamps import SMALLEST
from core.stamping.gate import Gate, GateReady, measure_gate
from core.stamping.task import Task, draw_examples, labels_of, stamped

PEAK = 4e-3
UNSHIFTED: RGB = (0.0, 0.0, 0.0)
UNSCALED: RGB = (1.0, 1.0, 1.0)


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
        Gives the network, and the mean and standard deviation that pictures are normalised with.
    side
        Of the pictures that it takes; any where there is none.
    """

    epochs: int
    train: Callable[[Lesson], Training]
    side: int | None = None


def train_cnn(lesson: Lesson) -> Training:
    """A small network from random weights; what is stamped, and where, is drawn anew in each epoch."""
    bases = lesson.bases
    mean, std = bases.mean, deviation(bases.train)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(lesson.seed)
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
    yield Progress(1, 1, "building")
    return network, UNSHIFTED, UNSCALED


WAYS = {
    "stamp_cnn": Way(8, train_cnn),
    "matched_filter": Way(0, build_filter),
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
        Base pictures to learn from; a third as many are kept for the test.
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
    yield Progress(0, most, "base pictures")
    bases = collect_bases(task.bases, side=way.side, seed=seed, most=most)
    check_stamps(task, bases.size)
    epochs = way.epochs if epochs is None else epochs
    made, mean, std = yield from way.train(Lesson(task, bases, epochs, seed, place))
    title = title or f"{bases.title}: {', '.join(stamp.design for stamp in task.stamps)}"
    described = partial(Description, network, task.labels, bases.size, mean, std, bases.mean, title, "stamps")
    gate = yield from measure_gate(described({}).classifier(title, made, place), task, bases.test, seed)
    yield GateReady(gate)
    about = {"task": task.told(), "gate": gate.told(), "seed": seed, "epochs": epochs, "bases": len(bases.train)}
    yield ModelTrained(save_trained(described(about), made), title, gate)


def drawn(lesson: Lesson, mean: RGB, std: RGB, bases: Tensor, *purpose: object) -> Examples:
    """An example of each base picture, normalised, with what the network is told of it."""
    examples = draw_examples(lesson.task, len(bases), lesson.bases.size, lesson.seed, *purpose)
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (mean, std))
    pixels = (stamped(examples, bases) - shift) / scale
    return pixels.to(lesson.device), labels_of(examples).to(lesson.device)


def deviation(pixels: Tensor) -> RGB:
    """The standard deviation of each colour; not so small that it would be divided by next to nothing."""
    red, green, blue = (float(pixels[:, channel].std().clamp(min=0.01)) for channel in range(3))
    return red, green, blue


def check_stamps(task: Task, size: tuple[int, int]) -> None:
    """Refuses stamps that are no small part of the pictures.

    Raises
    ------
    ValueError
        With the sizes that would do.
    """
    largest = max(SMALLEST, min(size) // 8)
    stamps = (*task.stamps, *filter(None, [task.distractor]))
    for side in {*task.sizes} or {stamp.size for stamp in stamps}:
        if not SMALLEST <= side <= largest:
            height, width = size
            raise ValueError(
                f"A stamp on pictures of {width} × {height} is {SMALLEST} to {largest} pixels wide; {side} is not."
            )
