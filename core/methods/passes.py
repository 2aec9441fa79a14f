"""The pass bank: what methods read of a network, computed once however many of them ask.

A method asks (``passes.noisy_gradients(15, 0.15)``). What is not known yet interrupts it with :class:`Pending`; the
bank then computes what was asked, its batches filled across all requests, and the method is called again: on
half-known answers for a rough heatmap, on the whole ones for the final.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.readings import FeatureGradients, InputGradients, Outputs, Question, Reading
from core.methods.rectifiers import Rule
from core.methods.requests import Collected, Fold, Moments, OnlyAnswer, Request, SampleMoments, WeightedMean
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.pictures.imputers import Original, find_imputer
from core.randomness import generator, picture_digest

Quadrature = Literal["gauss_legendre", "midpoint"]


class Pending(Exception):
    """A method asked for passes that have not been made yet."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.name)
        self.request = request


@dataclass
class Asked:
    """What one call of a method asked for and noted."""

    requests: list[Request] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rough: bool = False


@dataclass
class Account:
    """What is known of a request, and what it cost."""

    fold: Fold
    done: int = 0
    seconds: float = 0.0


class PassBank:
    """All that is known of one classifier at one picture for one question.

    Parameters
    ----------
    pixels
        ``(1, 3, height, width)`` in [0, 1], on the classifier's device.
    """

    def __init__(
        self, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], question: Question, seed: int = 0
    ) -> None:
        self.classifier = classifier
        self.pixels = pixels
        self.question = question
        self.seed = seed
        self._asked = Asked()
        self._accounts: dict[Request, Account] = {}

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

    def note(self, text: str) -> None:
        """Tells the reader of the heatmap in hand what has to be known before believing it."""
        self._asked.notes.append(text)

    @contextmanager
    def asking(self, rough: bool) -> Iterator[Asked]:
        """Keeps what a method asks and notes inside; a rough call is content with estimates."""
        self._asked = Asked(rough=rough)
        yield self._asked

    def read(self, request: Request) -> Any:
        """The answer to a request, or its estimate so far where a rough heatmap is being made.

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
        """How many of the request's pictures went through the network."""
        return self._accounts[request].done if request in self._accounts else 0

    def seconds(self, request: Request) -> float:
        """Time that the request took, batches being charged by their pictures."""
        return self._accounts[request].seconds if request in self._accounts else 0.0

    def compute(self, requests: Sequence[Request]) -> Iterator[int]:
        """Makes the passes of requests that have one reading, short ones first; after every batch how many are made."""
        plan = [
            (request, place) for request in sorted(requests, key=lambda r: r.count) for place in range(request.count)
        ]
        self._accounts.update({request: Account(request.fold()) for request in requests})
        made = 0
        size = self.classifier.batch_size(requests[0].reading.kind)
        for batch, (answers, seconds) in run_in_batches(plan, self._answer, size):
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
        answers = batch[0][0].reading(self.classifier, self.question, pictures)
        return answers, time.perf_counter() - begin

    def gradient(self, rule: Rule = "plain") -> Float[Tensor, "3 height width"]:
        """The gradient at the picture, ReLUs going back by the rule."""
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
            spread = level * (self.pixels.max() - self.pixels.min())
            return torch.cat([self.pixels + spread * self._noise(place) for place in places])

        request = Request(("noise", samples, level), InputGradients(rule), samples, pictures, SampleMoments)
        moments: Moments = self.read(request)
        return moments

    def _noise(self, place: int) -> Float[Tensor, "1 3 height width"]:
        draw = self.generator("noise", place)
        return torch.randn(self.pixels.shape, generator=draw, device=self.pixels.device, dtype=self.pixels.dtype)

    def path_gradients(self, steps: int, baseline: str, quadrature: Quadrature) -> Float[Tensor, "3 height width"]:
        """Mean gradient on the straight path from the baseline to the picture."""
        shares, weights = path_points(steps, quadrature)

        def pictures(places: Sequence[int]) -> Tensor:
            start = self.baseline(baseline)
            along = self.pixels.new_tensor([shares[place] for place in places]).view(-1, 1, 1, 1)
            return start + along * (self.pixels - start)

        name = ("path", steps, baseline, quadrature)
        request = Request(name, InputGradients(), steps, pictures, lambda: WeightedMean(weights))
        mean: Tensor = self.read(request)
        return mean

    def baseline(self, name: str) -> Float[Tensor, "1 3 height width"]:
        """The picture that stands for nothing having been seen, named as an imputer."""
        original = Original(self.pixels, self.classifier.dataset_mean, self.generator("baseline"))
        return find_imputer(name).fill(original).expand_as(self.pixels)

    def path_ends(self, baseline: str) -> Float[Tensor, "2 3 height width"]:
        """The baseline and the picture."""
        return torch.cat([self.baseline(baseline), self.pixels])

    def outputs(
        self, name: tuple[object, ...], count: int, pictures: Callable[[Sequence[int]], Tensor]
    ) -> dict[int, Tensor]:
        """The explained number at each of some pictures, by place."""
        answers: dict[int, Tensor] = self.read(Request(name, Outputs(), count, pictures, Collected))
        return answers


def by_request(batch: Sequence[tuple[Request, int]]) -> Iterator[tuple[Request, list[int]]]:
    for request, entries in groupby(batch, key=lambda entry: entry[0]):
        yield request, [place for _, place in entries]


def path_points(steps: int, quadrature: Quadrature) -> tuple[list[float], list[float]]:
    """Shares of the way and their weights, visited from far apart to close, so that early means are already fair.

    >>> path_points(3, "midpoint")[0]
    [0.5, 0.16666666666666666, 0.8333333333333334]
    """
    if quadrature == "midpoint":
        shares, weights = (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    else:
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        shares, weights = (nodes + 1) / 2, weights / 2
    order = halving_order(steps)
    return shares[order].tolist(), weights[order].tolist()


def halving_order(count: int) -> list[int]:
    """The places 0..count - 1, the middle first, then the middles of what is left.

    >>> halving_order(5)
    [2, 1, 4, 0, 3]
    """
    spans, order = deque([(0, count)]), []
    while spans:
        low, high = spans.popleft()
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            spans += [(low, middle), (middle + 1, high)]
    return order
