"""Surrogates: a linear model of the network's answers when superpixels are covered. Needs outputs only."""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.registry import Range, Unfit, method
from core.methods.repeatability import note_agreement
from core.pictures.imputers import Cover, remove
from core.pictures.superpixels import superpixels

Samples = Annotated[int, Range(20, 8000)]
Segments = Annotated[int, Range(4, 200)]


@method(label="LIME", family="perturbation", signed=True, paper="Ribeiro et al. 2016, arXiv:1602.04938", drawn=True)
def lime(
    passes: PassBank,
    samples: Samples = 1000,
    segments: Segments = 50,
    cover: Cover = "dataset_mean",
    width: Annotated[float, Range(0.05, 5.0)] = 0.25,
    ridge: Annotated[float, Range(0.0, 100.0)] = 1.0,
) -> Float[Tensor, "1 height width"]:
    """Weights of a linear model that imitates the network on copies with randomly covered superpixels.

    Copies that keep more of the picture have more weight. The result depends on how fast that weight falls and on the
    superpixels' borders, and a linear model misses superpixels that matter only together. With few samples two runs
    disagree; their agreement is shown.

    Parameters
    ----------
    samples
        Number of copies; each superpixel is covered in half of them.
    segments
        Approximate number of superpixels.
    cover
        What covers a superpixel.
    width
        How fast a copy's weight falls as more of it is covered; 0.25 in the authors' code for pictures.
    ridge
        Strength of the ridge penalty; 1 in the authors' code.
    """
    game = CoveringGame(passes, segments, cover)
    kept = coin_coalitions(samples, game.players, passes.generator("lime", samples, segments))
    answers = game.answers(("lime", samples, segments, cover), kept)
    closeness = lime_kernel(kept, width)

    def weights(places: Sequence[int]) -> Float[Tensor, " players"]:
        at = list(places)
        return ridge_weights(kept[at], answers[at], closeness[at], ridge)

    seen = range(len(answers))
    if len(seen) > 1:
        note_agreement(passes, torch.stack([weights(seen[::2]), weights(seen[1::2])]), "samples")
    return game.painted(weights(seen))


@method(
    label="KernelSHAP", family="perturbation", signed=True, paper="Lundberg and Lee 2017, arXiv:1705.07874", drawn=True
)
def kernel_shap(
    passes: PassBank,
    samples: Samples = 1000,
    segments: Segments = 50,
    cover: Cover = "dataset_mean",
) -> Float[Tensor, "1 height width"]:
    """Each superpixel's Shapley value: its contribution to the score, averaged over all orders of uncovering.

    The values add up to the score difference between the picture and the fully covered picture. Where there are more
    coalitions than samples, the values are fitted to a random part of them and two runs differ; their agreement is
    shown. The choice of cover matters, and most coalitions are pictures unlike the training data.

    Parameters
    ----------
    samples
        Number of coalitions, each followed by its complement; all of them where there are no more than that.
    segments
        Approximate number of superpixels.
    cover
        What covers a superpixel.
    """
    game = CoveringGame(passes, segments, cover)
    whole, covered = game.everybody(), game.nobody()
    few = 2**game.players - 2 <= samples
    if few:
        kept = all_coalitions(game.players)
    else:
        kept = shapley_coalitions(samples, game.players, passes.generator("kernel shap", samples, segments))
    answers = game.answers(("kernel shap", samples, segments, cover), kept)
    odds = shapley_kernel(kept) if few else torch.ones(len(kept), dtype=torch.float64)

    def values(places: Sequence[int]) -> Float[Tensor, " players"]:
        at = list(places)
        pull = 1.0 if passes.rough else 0.0  # with hardly more samples than values the fit is erratic
        return shapley_values(kept[at], answers[at] - covered, odds[at], whole - covered, pull)

    seen = range(len(answers))
    if few and not passes.rough:
        passes.note(f"All {len(kept)} coalitions of {game.players} superpixels are evaluated: the values are exact.")
    elif not few and len(seen) > 2:
        halves = [[place for place in seen if place // 2 % 2 == half] for half in (0, 1)]
        note_agreement(passes, torch.stack([values(half) for half in halves]), "samples")
    return game.painted(values(seen))


class CoveringGame:
    """The network as a game of superpixels: a coalition is the set left uncovered, its worth is the score.

    Raises
    ------
    Unfit
        Where the picture has only one superpixel, which leaves nothing to compare.
    """

    def __init__(self, passes: PassBank, segments: int, cover: Cover) -> None:
        self._passes = passes
        self._cover = cover
        self._parts = superpixels(passes.pixels, segments)
        self.players = int(self._parts.max()) + 1
        if self.players < 2:
            raise Unfit("This picture has only one superpixel, so there is nothing to compare. Increase segments.")

    def everybody(self) -> Float[Tensor, ""]:
        """The score of the picture itself."""
        return self._passes.score().cpu().double()

    def nobody(self) -> Float[Tensor, ""]:
        """The score of the fully covered picture."""
        cover = self._cover
        answers = self._passes.outputs(("baselines", (cover,)), 1, lambda _: self._passes.baseline(cover))
        return answers[0].cpu().double()

    def answers(self, name: tuple[object, ...], kept: Bool[Tensor, "n players"]) -> Float[Tensor, " known"]:
        """The scores of the first coalitions, as many as are known."""
        filled, here = self._passes.baseline(self._cover), kept.to(self._parts.device)

        def pictures(places: Sequence[int]) -> Float[Tensor, "n 3 height width"]:
            removed = ~here[list(places)][:, self._parts]
            return remove(self._passes.pixels, removed[:, None], filled)

        answers = self._passes.outputs(name, len(kept), pictures)
        return torch.stack([answers[place] for place in range(len(answers))]).cpu().double()

    def painted(self, values: Float[Tensor, " players"]) -> Float[Tensor, "1 height width"]:
        """Every pixel with its superpixel's value."""
        return values.to(self._passes.pixels.dtype).to(self._parts.device)[self._parts][None]


def coin_coalitions(count: int, players: int, draw: torch.Generator) -> Bool[Tensor, "count players"]:
    """The full coalition first, then each player in or out by a fair coin."""
    kept = torch.rand(count, players, generator=draw, device=draw.device).cpu() < 0.5
    kept[0] = True
    return kept


def lime_kernel(kept: Bool[Tensor, "n players"], width: float) -> Float[Tensor, " n"]:
    """The weight of each copy: an exponential kernel on its cosine distance from the whole picture.

    >>> lime_kernel(torch.tensor([[True, True], [False, False]]), 1.0).tolist()
    [1.0, 0.6065306597126334]
    """
    distance = 1 - kept.double().mean(dim=1).sqrt()
    return torch.exp(-0.5 * (distance / width).square())


def ridge_weights(
    kept: Bool[Tensor, "n players"], answers: Float[Tensor, " n"], closeness: Float[Tensor, " n"], ridge: float
) -> Float[Tensor, " players"]:
    """Weights of the players in a weighted ridge regression with a free intercept; the smallest where many fit."""
    share = closeness / closeness.sum()
    design = kept.double()
    design, answers = design - share @ design, answers - share @ answers
    root = closeness.sqrt()
    pull = math.sqrt(ridge) * torch.eye(design.shape[1], dtype=torch.float64)
    return least_squares(
        torch.cat([root[:, None] * design, pull]), torch.cat([root * answers, torch.zeros(len(pull)).double()])
    )


def all_coalitions(players: int) -> Bool[Tensor, "count players"]:
    """Every coalition except the empty and the full one, each followed by its complement; single players come first.

    >>> all_coalitions(2).tolist()
    [[True, False], [False, True]]
    """
    numbers = torch.arange(1, 2 ** (players - 1))
    first = (numbers[:, None] >> torch.arange(players)) & 1 == 1
    smaller = torch.minimum(first.sum(dim=1), (~first).sum(dim=1))
    return with_complements(first[smaller.argsort(stable=True)])


def shapley_coalitions(count: int, players: int, draw: torch.Generator) -> Bool[Tensor, "count players"]:
    """Coalitions drawn with the frequencies of the Shapley kernel, each followed by its complement."""
    sizes = torch.arange(1, players, device=draw.device)
    odds = 1 / (sizes * (players - sizes))
    pairs = math.ceil(count / 2)
    drawn = sizes[odds.multinomial(pairs, replacement=True, generator=draw)]
    turns = torch.rand(pairs, players, generator=draw, device=draw.device).argsort(dim=1).argsort(dim=1)
    return with_complements((turns < drawn[:, None]).cpu())[:count]


def with_complements(kept: Bool[Tensor, "pairs players"]) -> Bool[Tensor, "count players"]:
    return torch.stack([kept, ~kept], dim=1).flatten(0, 1)


def shapley_kernel(kept: Bool[Tensor, "n players"]) -> Float[Tensor, " n"]:
    """The weight of each coalition in the regression that the Shapley values solve."""
    players = kept.shape[1]
    of_size = [0.0] + [1 / (math.comb(players, size) * size * (players - size)) for size in range(1, players)]
    return torch.tensor(of_size, dtype=torch.float64)[kept.sum(dim=1)]


def shapley_values(
    kept: Bool[Tensor, "n players"],
    gains: Float[Tensor, " n"],
    odds: Float[Tensor, " n"],
    total: Tensor,
    pull: float = 0.0,
) -> Float[Tensor, " players"]:
    """Weighted least squares among the values that add up to the total; closest to equal shares where many fit.

    Equal shares meet the constraint; deviations from them sum to 0, so the search is restricted to such deviations.
    """
    equal = total / kept.shape[1]
    design = kept.double()
    rest = gains - equal * design.sum(dim=1)
    root = odds.sqrt()
    towards_equal = pull * torch.eye(design.shape[1], dtype=torch.float64)
    departures = least_squares(
        torch.cat([root[:, None] * (design - design.mean(dim=1, keepdim=True)), towards_equal]),
        torch.cat([root * rest, torch.zeros(len(towards_equal), dtype=torch.float64)]),
    )
    return equal + departures - departures.mean()


def least_squares(design: Float[Tensor, "n players"], answers: Float[Tensor, " n"]) -> Float[Tensor, " players"]:
    solution: Tensor = torch.linalg.lstsq(design, answers[:, None], driver="gelsd").solution
    return solution[:, 0]
