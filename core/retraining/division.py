"""Which pictures are learned from and which are for tests: no picture is in both, whatever its source says."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import UInt8
from torch import Tensor

from core.pictures.datasets import Labelled
from core.randomness import generator
from core.studies.over_pictures import PictureRefused

HELD_OUT = 1 / 7
"""Share of the pictures reserved for tests where a source does not divide them; as in the bundled ones."""
FEWEST_OF_A_CLASS = 7
MOST_TESTS = 10_000
"""Test pictures of a source unless more are asked for: the interval of an accuracy is then within 1 %."""

Item = TypeVar("Item")


class Example(NamedTuple):
    """A picture as a network sees it.

    Parameters
    ----------
    name
        What a person reads of it.
    levels
        From 0 to 255; one channel where all three are equal.
    number
        The place of its class among the labels.
    enlarged
        Whether it was smaller.
    """

    name: str
    levels: UInt8[Tensor, "channels side side"]
    number: int
    enlarged: bool = False


Examples = Iterable[Example | PictureRefused]


@dataclass(frozen=True)
class SourcePictures:
    """What a source holds; its pictures are read once, and no more of them than are needed.

    Parameters
    ----------
    labels
        The name of each class; empty where they only have numbers.
    train
        Its training pictures, in an order of which any beginning is a fair sample; all of its pictures where it does
        not divide them.
    test
        Its test pictures; None where it does not divide them.
    division
        How it divides them, in a sentence.
    refused
        What is left out before any picture is read.
    """

    title: str
    labels: tuple[str, ...]
    train: Examples
    test: Examples | None = None
    division: str = ""
    refused: tuple[PictureRefused, ...] = ()


class Divided(NamedTuple):
    """The pictures of a source in two parts."""

    labels: tuple[str, ...]
    train: Labelled
    test: Labelled
    refused: tuple[PictureRefused, ...]
    division: str


class Once:
    """Lets each picture through once; what is refused, and why, is kept.

    Pictures are identical when a network sees the same pixels, whatever their files hold.
    """

    def __init__(self, refused: Iterable[PictureRefused]) -> None:
        self.refused = list(refused)
        self.identical = 0
        self._kept: dict[bytes, tuple[str, int]] = {}

    def of(self, examples: Examples) -> Iterator[Example]:
        """The pictures that are unlike any before."""
        for each in examples:
            if isinstance(each, PictureRefused):
                self.refused.append(each)
                continue
            content = hashlib.sha256(each.levels.contiguous().numpy().tobytes()).digest()
            own = each.name, each.number
            first = self._kept.setdefault(content, own)
            if first is own:
                yield each
                continue
            self.identical += 1
            other = "" if first[1] == each.number else " under another label; remove the one that is wrong"
            size = " × ".join(map(str, each.levels.shape[1:]))
            told = f"At {size} pixels it is the same picture as {first[0]}, which is kept{other}."
            self.refused.append(PictureRefused(each.name, told))


def divided(source: SourcePictures, most: int | None, seed: int, tests: int = MOST_TESTS) -> Divided:
    """The pictures divided as their source divides them, or else by a draw, with each picture in one part only.

    A picture that is in both parts of a source stays among the tests.

    Parameters
    ----------
    most, tests
        Maximum number of training and of test pictures.

    Raises
    ------
    ValueError
        Where there are fewer than two classes, or too few pictures of one.
    """
    once = Once(source.refused)
    if source.test is None:
        found = list(once.of(source.train))
        check_numbers(source, found, once.refused)
        test, train = drawn(found, seed)
        more, test = len(test) > tests, test[:tests]
        train, division = train[:most], f"One in seven pictures of each class is for tests, drawn with seed {seed}."
    else:
        offered = once.of(source.test)
        test = list(islice(offered, tests))
        more = next(offered, None) is not None
        train, division = list(islice(once.of(source.train), most)), source.division
    labels, numbers = named_classes(source.labels, [*train, *test])
    classes = [numbers[each.number] for each in train], [numbers[each.number] for each in test]
    check_parts(source.title, labels, classes, (most, tests), once.refused)
    if more:
        division += f" {tests:,} of the test pictures are used."
    division += enlarged_among([*train, *test])
    if once.identical:
        division += f" {so_many_are(once.identical, 'identical picture')} left out."
    learned, tested = (stacked(part, numbers) for part in (train, test))
    return Divided(labels, learned, tested, tuple(once.refused), division)


def enlarged_among(examples: Sequence[Example]) -> str:
    """A sentence of how many pictures were enlarged, which adds no detail to them; nothing where none was."""
    number, size = sum(each.enlarged for each in examples), " × ".join(map(str, examples[0].levels.shape[1:]))
    if not number:
        return ""
    if number == len(examples):
        return f" All pictures are smaller than {size} pixels and were enlarged."
    were = "is smaller than {} pixels and was" if number == 1 else "are smaller than {} pixels and were"
    return f" {number:,} of {len(examples):,} pictures {were.format(size)} enlarged."


def drawn(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """The same share of every class for tests, and the rest, both in an order drawn once."""
    classes = torch.tensor([each.number for each in examples])
    order = torch.randperm(len(classes), generator=generator(seed, "held out"))
    within = [order[classes[order] == number] for number in sorted(set(classes.tolist()))]
    parts = [(own[: round(HELD_OUT * len(own))], own[round(HELD_OUT * len(own)) :]) for own in within]
    test, train = (shuffled(torch.cat(places).tolist(), seed) for places in zip(*parts, strict=True))
    return [examples[place] for place in test], [examples[place] for place in train]


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """The same in an order of which any beginning is a fair sample."""
    order = torch.randperm(len(items), generator=generator(seed, "order"))
    return [items[place] for place in order.tolist()]


def named_classes(labels: tuple[str, ...], examples: Iterable[Example]) -> tuple[tuple[str, ...], dict[int, int]]:
    """The name of each class, and the place of each number among them; without names, the numbers that occur."""
    if labels:
        return labels, {number: number for number in range(len(labels))}
    numbers = sorted({each.number for each in examples})
    return tuple(map(str, numbers)), {number: place for place, number in enumerate(numbers)}


def check_numbers(source: SourcePictures, examples: Sequence[Example], refused: Sequence[PictureRefused]) -> None:
    """Refuses pictures from which no share of each class can be reserved for tests."""
    labels, numbers = named_classes(source.labels, examples)
    counts = numbers_of(labels, [numbers[each.number] for each in examples])
    few = [f"{label} ({count})" for label, count in counts.items() if count < FEWEST_OF_A_CLASS]
    if len(counts) < 2 or few:
        wrong = f"too few of {in_short(few)}." if few else f"{source.title} has {'one' if counts else 'none'}."
        raise ValueError(
            f"Training needs at least two classes with {FEWEST_OF_A_CLASS} different pictures each; {wrong}"
            + left_out(refused)
        )


def check_parts(
    title: str,
    labels: tuple[str, ...],
    classes: tuple[Sequence[int], Sequence[int]],
    most: tuple[int | None, int],
    refused: Sequence[PictureRefused],
) -> None:
    """Refuses a division in which a class cannot be learned or cannot be tested.

    Parameters
    ----------
    classes
        The class of each training and of each test picture.
    most
        Maximum number of training and of test pictures.
    """
    if len(labels) < 2:
        raise ValueError(f"Training needs at least two classes; {title} has {'one' if labels else 'none'}.")
    unlearned, untested = (
        [label for label, count in numbers_of(labels, part).items() if not count] for part in classes
    )
    for kind, missing, part, asked in zip(("training", "test"), (unlearned, untested), classes, most, strict=True):
        if missing and len(part) == asked:
            raise ValueError(too_few(asked, kind, len(labels)))
        if missing:
            raise ValueError(
                f"{title} has no {kind} picture of {in_short(missing)}. Training and test pictures must be of the same "
                f"classes.{left_out(refused)}"
            )


def too_few(most: int, kind: str, classes: int) -> str:
    """Why the first pictures are not enough."""
    return f"The first {most} {kind} pictures do not show each of the {classes} classes; use more."


def left_out(refused: Sequence[PictureRefused]) -> str:
    """How many pictures cannot be used, and why the first of them cannot."""
    if not refused:
        return ""
    first = refused[0]
    return f" {so_many_are(len(refused), 'picture')} left out, the first, {first.picture}, because: {first.reason}"


def numbers_of(labels: Sequence[str], classes: Sequence[int]) -> dict[str, int]:
    """How many pictures each class has."""
    counts = torch.bincount(torch.tensor(classes, dtype=torch.long), minlength=len(labels))
    return dict(zip(labels, counts.tolist(), strict=True))


def in_short(names: Sequence[str], most: int = 5) -> str:
    """
    >>> in_short(["a", "b"]), in_short(["a", "b", "c"], most=1)
    ('a, b', 'a and 2 more')
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def so_many_are(number: int, noun: str) -> str:
    """
    >>> so_many_are(1, "picture"), so_many_are(2000, "picture")
    ('1 picture is', '2,000 pictures are')
    """
    return f"{number:,} {noun}{' is' if number == 1 else 's are'}"


def stacked(examples: Sequence[Example], numbers: dict[int, int]) -> Labelled:
    """The pictures in [0, 1] with their classes; three equal channels share one block of memory."""
    channels = max(len(each.levels) for each in examples)
    levels = torch.stack([each.levels.expand(channels, -1, -1) for each in examples])
    classes = torch.tensor([numbers[each.number] for each in examples])
    return Labelled((levels / 255).expand(-1, 3, -1, -1), classes)
