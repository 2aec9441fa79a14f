"""Remove and retrain where the truth is known: sixteen features, four of which say anything about the class.

After the synthetic data of Hooker et al. 2019, arXiv:1806.10758. All features share one strong disturbance, d·eta. A
model learns to cancel it with the help of features that know nothing of the class, so that it fails when these are
replaced by their mean, though nothing was lost that the class can be read from. Retraining tells the two apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.pacing import Pace
from core.metrics.statistics import Estimate, estimates
from core.randomness import generator

Ranking = Literal["best_first", "random", "worst_first"]
RANKINGS: tuple[Ranking, ...] = get_args(Ranking)
FEATURES, INFORMATIVE = 16, 4
EXAMPLES = 1000
"""To learn from, and as many to be tested on. Between 500 and 10,000 of them, no mean accuracy differs by over .02."""
SCALE = 0.1
"""Of the class and of each feature's own noise, beside the shared disturbance."""


class Examples(NamedTuple):
    """Features of examples, and the class of each: whether z is positive."""

    features: Float[Tensor, "examples 16"]
    positive: Bool[Tensor, " examples"]


class Vectors(NamedTuple):
    """How strongly the class (a) and the shared disturbance (d) are in each feature."""

    a: Float[Tensor, " 16"]
    d: Float[Tensor, " 16"]


@dataclass(frozen=True)
class ToyPoint:
    """The accuracy with a number of features removed in one order, over seeds.

    Parameters
    ----------
    removed
        Number of features replaced by their mean.
    gain
        ``retrained`` minus ``without``, of each seed.
    """

    ranking: Ranking
    removed: int
    without: Estimate
    retrained: Estimate
    gain: Estimate


@dataclass(frozen=True)
class ToyReady:
    """Every accuracy over the seeds so far, with its 95 % interval."""

    seeds: int
    points: tuple[ToyPoint, ...]

    @property
    def replaces(self) -> str:
        return "toy"


def stream_retraining_toy(seeds: int = 20, seed: int = 0) -> Iterator[Progress | ToyReady]:
    """Accuracy of a least-squares model by the number of removed features, before and after it is retrained.

    The four informative features are removed first, last, or in random order. A step is one seed: new features, new
    examples and a new random order. More seeds continue fewer.

    Parameters
    ----------
    seeds
        Number of repetitions.
    seed
        Of the first repetition.

    Raises
    ------
    ValueError
        For fewer than one repetition.
    """
    if seeds < 1:
        raise ValueError(f"The experiment needs at least one seed, not {seeds}.")
    return repeat_experiment(seeds, seed)


def repeat_experiment(seeds: int, first: int) -> Iterator[Progress | ToyReady]:
    """The seeds in turn, and the means as often as they cost little."""
    pace, found = Pace(), list[Tensor]()
    for done in range(1, seeds + 1):
        found.append(accuracies(first + done - 1))
        if pace.due() or done == seeds:
            with pace.spending():
                summary = ToyReady(done, over_seeds(torch.stack(found).numpy(), first))
            yield summary
        yield Progress(done, seeds, "Repeating the experiment", "seed")


def accuracies(seed: int, examples: int = EXAMPLES) -> Float[Tensor, "2 3 17"]:
    """Of one repetition, without and with retraining, by ranking and number of removed features."""
    draw = generator(seed, "retraining toy")
    vectors = draw_vectors(draw)
    training, test = (draw_examples(vectors, examples, draw) for _ in range(2))
    removed = torch.stack([removals(order) for order in orders(vectors.a, draw)])
    everything = torch.zeros(FEATURES, dtype=torch.bool)
    return torch.stack(
        [
            accuracy(fit(training, everything), removed, training, test),
            accuracy(fit(training, removed), removed, training, test),
        ]
    )


def draw_vectors(draw: torch.Generator) -> Vectors:
    """Both standard normal; only the first four features have something of the class."""
    a, d = torch.randn(2, FEATURES, generator=draw, dtype=torch.float64)
    return Vectors(a * (torch.arange(FEATURES) < INFORMATIVE), d)


def draw_examples(vectors: Vectors, count: int, draw: torch.Generator) -> Examples:
    """x = a·z/10 + d·eta + eps/10, everything standard normal: z and eta a number an example, eps one a feature."""
    z, eta = torch.randn(2, count, 1, generator=draw, dtype=torch.float64)
    eps = torch.randn(count, FEATURES, generator=draw, dtype=torch.float64)
    return Examples(SCALE * vectors.a * z + vectors.d * eta + SCALE * eps, z[:, 0] > 0)


def orders(a: Float[Tensor, " 16"], draw: torch.Generator) -> list[Int[Tensor, " 16"]]:
    """The features as each ranking removes them; the uninformative ones, which are equal, in random order."""
    shuffled = torch.randperm(FEATURES, generator=draw)
    best = shuffled[a[shuffled].abs().argsort(descending=True, stable=True)]
    return [best, torch.randperm(FEATURES, generator=draw), best.flip(0)]


def removals(order: Int[Tensor, " features"]) -> Bool[Tensor, "steps features"]:
    """Which features are gone after 0, 1, ... all removals.

    >>> removals(torch.tensor([1, 0])).tolist()
    [[False, False], [False, True], [True, True]]
    """
    return order.argsort() < torch.arange(len(order) + 1)[:, None]


def fit(training: Examples, removed: Bool[Tensor, "*masks features"]) -> Float[Tensor, "*masks features"]:
    """The least-squares weights where these features are replaced by their mean: a constant gets no weight."""
    centred = training.features - training.features.mean(0)
    covariance, shared = centred.T @ centred, centred.T @ signs(training.positive)
    kept = (~removed).to(covariance)
    among_kept = kept[..., None] * kept[..., None, :] * covariance + torch.diag_embed(1 - kept)
    weights: Tensor = torch.linalg.solve(among_kept, kept * shared)
    return weights


def accuracy(
    weights: Float[Tensor, "*masks features"],
    removed: Bool[Tensor, "*steps features"],
    training: Examples,
    test: Examples,
) -> Float[Tensor, "*steps"]:
    """The share of test examples on the right side, with the removed features at their training mean."""
    from_mean = test.features - training.features.mean(0)
    scores = signs(training.positive).mean() + (weights * ~removed) @ from_mean.T
    return ((scores > 0) == test.positive).double().mean(-1)


def signs(positive: Bool[Tensor, " examples"]) -> Float[Tensor, " examples"]:
    """The class as the least squares have it: 1 or -1."""
    return positive.double() * 2 - 1


def over_seeds(found: Float[np.ndarray, "seeds 2 3 17"], seed: int) -> tuple[ToyPoint, ...]:
    """Means with their intervals, by ranking and number of removed features."""
    without, retrained = (found[:, part].reshape(len(found), -1) for part in range(2))
    means = [
        [mean.clipped(low, 1.0) for mean in estimates(each, seed)]
        for each, low in ((without, 0.0), (retrained, 0.0), (retrained - without, -1.0))
    ]
    cells = [(ranking, removed) for ranking in RANKINGS for removed in range(FEATURES + 1)]
    return tuple(ToyPoint(*cell, *of_cell) for cell, *of_cell in zip(cells, *means, strict=True))
