"""Minor and disruptive changes of a picture and of a network's weights, sized by the predictions that hold.

A minor change leaves at least 95 % of the predictions as they were, a disruptive one at most 20 % [ours].
"""

import copy
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from core.coherency.consistency import Change
from core.jobs.events import Progress
from core.models.answering import AnswerError
from core.models.classifier import Classifier
from core.models.outputs import predicts
from core.randomness import generator, picture_digest
from core.studies.scoring import Subject

HOLDS, FAILS = 0.95, 0.2
LEVELS = tuple(2.0**power for power in range(-10, 5))
"""Standard deviations of the noise that are tried: as a share of the pixel range, or of each weight."""


@dataclass(frozen=True)
class Sizes:
    """The noise of a minor and of a disruptive change, as standard deviations; None where no level that was tried fits.

    Parameters
    ----------
    minor, disruptive
        The largest level up to which all levels leave enough predictions, and the smallest that leaves few enough.
    minor_holds, disruptive_holds
        The shares of predictions that hold at these.
    """

    minor: float | None
    disruptive: float | None
    minor_holds: float | None
    disruptive_holds: float | None


def sizes_of(holds: Mapping[float, float]) -> Sizes:
    """The sizes, from the share of predictions that holds at each level.

    >>> sizes_of({0.125: 1.0, 0.25: 0.96, 0.5: 0.6, 1.0: 0.1})
    Sizes(minor=0.25, disruptive=1.0, minor_holds=0.96, disruptive_holds=0.1)
    """
    minor = disruptive = None
    for level, share in sorted(holds.items()):
        if share < HOLDS:
            break
        minor = level
    disruptive = next((level for level, share in sorted(holds.items()) if share <= FAILS), None)
    return Sizes(minor, disruptive, *(None if each is None else holds[each] for each in (minor, disruptive)))


def noisy_picture(subject: Subject, level: float) -> Subject:
    """The subject with normal noise on every channel of every pixel, not clipped; larger levels have the same noise."""
    pixels = subject.pixels
    draw = generator(subject.seed, picture_digest(pixels), "coherency", "noise", device=pixels.device)
    noise = torch.randn(pixels.shape, generator=draw, device=pixels.device, dtype=pixels.dtype)
    return replace(subject, pixels=pixels + level * noise)


def noisy_weights(classifier: Classifier, level: float, seed: int) -> Classifier:
    """A copy of the classifier whose every parameter is multiplied by 1 plus normal noise; larger levels have the same.

    Running statistics stay as they were learned.
    """
    changed = copy.copy(classifier)
    vars(changed).pop("weights_digest", None)
    changed.network = copy.deepcopy(classifier.network)
    with torch.no_grad():
        for name, parameter in changed.network.named_parameters():
            draw = generator(seed, "coherency", "weights", name, device=parameter.device)
            noise = torch.randn(parameter.shape, generator=draw, device=parameter.device, dtype=parameter.dtype)
            parameter.mul_(1 + level * noise)
    return changed


def held(subject: Subject) -> bool:
    """Whether the class that is explained is still predicted; not where the answer is no longer a number."""
    try:
        logits = subject.classifier.logits(subject.pixels)
    except AnswerError:
        return False
    return bool(predicts(logits, subject.target, subject.classifier.reading)[0])


def find_sizes(change: Change, subjects: Sequence[Subject]) -> Generator[Progress, None, Sizes]:
    """The sizes for these subjects, all of one classifier; yields after each level.

    Levels are tried upwards until few enough predictions hold.
    """
    holds: dict[float, float] = {}
    for place, level in enumerate(LEVELS):
        changed = changed_by(change, subjects, level)
        holds[level] = sum(held(changed(subject)) for subject in subjects) / len(subjects)
        yield Progress(place + 1, len(LEVELS), f"Size of changes: {change}")
        if holds[level] <= FAILS:
            break
    return sizes_of(holds)


def changed_by(change: Change, subjects: Sequence[Subject], level: float) -> Callable[[Subject], Subject]:
    """Changes one of these subjects; the network is changed once for all."""
    if change == "picture":
        return lambda subject: noisy_picture(subject, level)
    network = noisy_weights(subjects[0].classifier, level, subjects[0].seed)
    return lambda subject: replace(subject, classifier=network)
