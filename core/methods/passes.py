"""The pass bank: what methods read from a network, computed once however many of them request it.

A method calls the bank (``passes.noisy_gradients(15, 0.15)``). What is not known yet interrupts it with
:class:`Pending`; the bank then computes the request, its batches filled across all requests, and the method is called
again: with partial answers for a rough heatmap, with complete ones for the final heatmap.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.readings import FeatureGradients, InputGradients, Outputs, Question, Reading
from core.methods.rectifiers import Rule
from core.methods.requests import Collected, Fold, Moments, OnlyAnswer, Request, SampleMoments
from core.models.batching import Work, run_in_batches
from core.models.classifier import Classifier
from core.pictures.datasets import background
from core.pictures.imputers import Original, find_imputer
from core.randomness import generator, picture_digest


class Pending(Exception):
    """A method requested passes that have not been made yet."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.name)
        self.request = request


@dataclass
class Asked:
    """What one call of a method requested and noted."""

    requests: list[Request] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missed: float | None = None
    doubt: Float[Tensor, "height width"] | None = None
    rough: bool = False


@dataclass
class Account:
    """What is known of a request, and what it cost."""

    fold: Fold
    done: int = 0
    seconds: float = 0.0


class PassBank:
    """Everything known about one classifier at one picture for one question.

    Parameters
    ----------
    pixels
        ``(1, 3, height, width)`` in [0, 1], on the classifier's device.
    truth
        The pixels known to matter, for the control that shows them.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        question: Question,
        seed: int = 0,
        truth: Bool[Tensor, "height width"] | None = None,
    ) -> None:
        self.classifier = classifier
        self.pixels = pixels
        self.question = question
        self.seed = seed
        self.truth = truth
        self._asked = Asked()
        self._accounts: dict[Request, Account] = {}
        self._baselines: dict[str, Tensor] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self.pixels.shape[2], self.pixels.shape[3]

    @cached_property
    def digest(self) -> str:
        return picture_digest(self.pixels)

    def generator(self, *purpose: object) -> torch.Generator:
        """A generator for this run, this picture and this purpose."""
        return generator(self.seed, self.digest, *purpose, device=self.pixels.device)

    @property
    def rough(self) -> bool:
        """Whether the current call accepts partial answers."""
        return self._asked.rough

    def note(self, text: str) -> None:
        """Records what a reader needs to know before trusting the current heatmap."""
        self._asked.notes.append(text)

    def miss(self, share: float | None) -> None:
        """Records how far the current heatmap is from adding up to the score difference, if it claims to."""
        self._asked.missed = share

    def doubt(self, spread: Float[Tensor, "height width"]) -> None:
        """Records the standard error of each value of the current heatmap, if it has one by chance."""
        self._asked.doubt = spread

    @contextmanager
    def asking(self, rough: bool) -> Iterator[Asked]:
        """Collects what a method requests and notes inside; a rough call accepts estimates."""
        self._asked = Asked(rough=rough)
        yield self._asked

    def read(self, request: Request) -> Any:
        """The answer to a request, or its current estimate while a rough heatmap is being made.

        Raises
        ------
        Pending
            Where nothing usable is known yet.
        """
        self._asked.requests.append(request)
        account = self._accounts.get(request)
        if account is None or not account.done or (account.done < request.count and not self._asked.rough):
            raise Pending(request)
        return account.fold.value()

    def done(self, request: Request) -> int:
        """How many of the request's pictures have gone through the network."""
        return self._accounts[request].done if request in self._accounts else 0

    def seconds(self, request: Request) -> float:
        """Time that the request took; a batch is charged by the number of pictures."""
        return self._accounts[request].seconds if request in self._accounts else 0.0

    def compute(self, requests: Sequence[Request], stops: Sequence[int] = ()) -> Iterator[int]:
        """Makes the passes of requests that share one reading; yields the number made after every batch.

        Parameters
        ----------
        stops
            Numbers of passes at which a batch ends, in ascending order.
        """
        self._accounts.update({request: Account(request.fold()) for request in requests})
        made = 0
        size = self.classifier.batch_size(requests[0].reading.kind)
        for part in cut_at(stops, visiting_plan(requests)):
            for batch, (answers, seconds) in run_in_batches(part, self._answer, size):
                start = 0
                for request, places in by_request(batch):
                    account = self._accounts[request]
                    account.fold.add(places, answers[start : start + len(places)])
                    account.done += len(places)
                    account.seconds += seconds * len(places) / len(batch)
                    start += len(places)
                made += len(batch)
                yield made

    def _answer(self, batch: Sequence[tuple[Request, int]]) -> tuple[Tensor, float]:
        begin = time.perf_counter()
        pictures = torch.cat([request.pictures(places) for request, places in by_request(batch)])
        reading = batch[0][0].reading
        classifier = self._outputs_only if reading.kind == "forward" else self.classifier
        answers = reading(classifier, self.question, pictures)
        return answers, time.perf_counter() - begin

    @cached_property
    def _outputs_only(self) -> Classifier:
        return self.classifier.outputs_only()

    def gradient(self, rule: Rule = "plain") -> Float[Tensor, "3 height width"]:
        """The gradient at the picture, with ReLUs passing it back by the rule."""
        return self.at_picture(InputGradients(rule))

    def feature_gradients(self, layer: str) -> Float[Tensor, "2 channels rows columns"]:
        """A layer's activations at the picture, and the gradient with respect to them."""
        return self.at_picture(FeatureGradients(layer))

    def at_picture(self, reading: Reading) -> Tensor:
        """One reading at the picture itself."""
        answer: Tensor = self.read(Request(("picture",), reading, 1, lambda _: self.pixels, OnlyAnswer))
        return answer

    def noisy_gradients(self, samples: int, level: float, rule: Rule = "plain") -> Moments:
        """Moments of the gradient over noisy copies; ``level`` is a share of the picture's range, max - min."""

        def pictures(places: Sequence[int]) -> Tensor:
            return torch.cat([self.noisy(place, level) for place in places])

        request = Request(("noise", samples, level), InputGradients(rule), samples, pictures, SampleMoments)
        moments: Moments = self.read(request)
        return moments

    def noisy(self, sample: int, level: float) -> Float[Tensor, "1 3 height width"]:
        """A noisy copy of the picture, the same for every caller; ``level`` is a share of its range, max - min."""
        spread = level * (self.pixels.max() - self.pixels.min())
        draw = self.generator("noise", sample)
        noise = torch.randn(self.pixels.shape, generator=draw, device=self.pixels.device, dtype=self.pixels.dtype)
        return self.pixels + spread * noise

    def baseline(self, name: str) -> Float[Tensor, "1 3 height width"]:
        """The picture that represents absence, named like an imputer."""
        if name not in self._baselines:
            original = Original(self.pixels, self.classifier.dataset_mean, self.generator("baseline"))
            everything = torch.ones_like(self.pixels[:, :1], dtype=torch.bool)
            self._baselines[name] = find_imputer(name).prepare(original)(everything).expand_as(self.pixels)
        return self._baselines[name]

    @cached_property
    def background(self) -> Float[Tensor, "n 3 height width"]:
        """Some of the classifier's training pictures, or bundled ones that are like them; without this one."""
        own = self.classifier.background
        others = (background(self.classifier.dataset, self.classifier.prepare) if own is None else own).to(self.pixels)
        return others[(others != self.pixels).flatten(1).any(dim=1)]

    def score(self) -> Float[Tensor, ""]:
        """The explained output at the picture itself."""
        return self.outputs(("whole",), 1, lambda _: self.pixels)[0]

    def outputs(
        self, name: tuple[object, ...], count: int, pictures: Callable[[Sequence[int]], Tensor]
    ) -> dict[int, Tensor]:
        """The explained output at each of some pictures, by place."""
        answers: dict[int, Tensor] = self.read(Request(name, Outputs(), count, pictures, Collected))
        return answers


def visiting_plan(requests: Sequence[Request]) -> list[list[tuple[Request, int]]]:
    """Every place of every request: one, two, four, ... of each in turn, so that all are roughly known before any is
    known well. Split into parts that are made one after the other, since a round has to wait for the one before.
    """
    units = [
        (request, range(start, min(start + step, request.count)))
        for request in sorted(requests, key=attrgetter("count"))
        for step in [request.round_size or 1]
        for start in range(0, request.count, step)
    ]
    units.sort(key=lambda unit: (unit[1].start + 1).bit_length())
    parts = groupby(units, key=lambda unit: unit if unit[0].round_size else None)
    return [[(request, place) for request, places in part for place in places] for _, part in parts]


def cut_at(stops: Sequence[int], parts: Sequence[Sequence[Work]]) -> Iterator[Sequence[Work]]:
    """The parts of a plan, each cut where one of these numbers of passes is reached.

    >>> list(cut_at([3, 4], [[1, 2], [3, 4, 5, 6]]))
    [[1, 2], [3], [4], [5, 6]]
    """
    made = 0
    for part in parts:
        inside = [stop - made for stop in stops if made < stop < made + len(part)]
        yield from (part[begin:end] for begin, end in pairwise([0, *inside, len(part)]))
        made += len(part)


def by_request(batch: Sequence[tuple[Request, int]]) -> Iterator[tuple[Request, list[int]]]:
    for request, entries in groupby(batch, key=lambda entry: entry[0]):
        yield request, [place for _, place in entries]
