"""A search for the order of a picture's pixels that has the largest F, within a number of passes.

After TRACE (Wang and Wang 2024, ICML), which searches orders of patches for the best deletion curves. That every map
at hand takes part, and the search itself, are ours: patches ranked by what each does alone, when only it is removed and
when only it is kept, then swaps across single steps of the curves, first of coarse patches and then of fine ones.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, islice
from math import inf
from operator import attrgetter
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.metrics.answers import Answer, Answers
from core.metrics.ceiling import SEARCH, Ceiling, OrderImproved
from core.metrics.chance import COPIES
from core.metrics.curve_plan import Perturbation, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF
from core.metrics.fidelity import null_spread
from core.metrics.patch_orders import ROUNDING, Cut, Patches, Swap, Swapping, partly_shuffled
from core.metrics.removal import Removal, removal_counts
from core.metrics.search_plan import STARTS, by_chance, count_measure, count_starts
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.randomness import generator, picture_digest

COARSE_SHARE = 0.4
"""Share of the search's passes that are spent on patches of twice the side, where these are enough for the steps."""
WHOLE_SHARE = 0.85
"""Share of the others that are spent on steps at which no patch is removed in part."""
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Followed:
    """An order of patches, and the answers along its curves."""

    patches: Patches
    sequence: Int[Tensor, " patches"]
    answers: Float[Tensor, " cuts"]

    @property
    def fidelity(self) -> float:
        return float(self.patches.weights @ self.answers)

    @property
    def values(self) -> Float[Tensor, "height width"]:
        """A map of that order: of no two pixels the same, and highest for the first."""
        return -self.patches.rank(self.sequence[None], self.sequence.device)[0].double()


Step = Progress | OrderImproved
Asked = tuple[Int[Tensor, " patches"], Cut]
"""A picture on the curves of an order of patches."""


class Search:
    """A search for the best order on one picture, within a number of passes.

    Parameters
    ----------
    spent, total
        Passes so far, and the most there may be.
    """

    def __init__(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        answers: Answers,
        perturbation: Perturbation,
        seed: int,
        spent: int,
        total: int,
    ) -> None:
        self.classifier, self.pixels, self.perturbation = classifier, pixels, perturbation
        self.spent, self.total = spent, total
        self._answers, self._seed, self._digest = answers, seed, picture_digest(pixels)
        self._told: tuple[Patches | None, float] = None, -inf
        # Its fill is that of the maps' curves, down to the noise.
        self._removal = Removal(classifier, pixels, {"": pixels[0, 0]}, ("mif",), seed, 1)

    def ask(self, patches: Patches, asked: Sequence[Asked]) -> Generator[Progress, None, Float[Tensor, " asked"]]:
        """The answers for these pictures; yields after each batch."""
        found: list[float] = []
        for batch, known in run_in_batches(
            asked, partial(self._answer, patches), self.classifier.batch_size("forward")
        ):
            found += [answer.value for answer in known]
            self.spent += len(batch)
            yield Progress(self.spent, self.total, "Orders of patches")
        return torch.tensor(found, dtype=torch.float64)

    def _answer(self, patches: Patches, asked: Sequence[Asked]) -> list[Answer]:
        device = self.pixels.device
        rank = patches.rank(torch.stack([sequence for sequence, _ in asked]), device)
        place, before = (
            torch.tensor([getattr(cut, name) for _, cut in asked], device=device).view(-1, 1, 1)
            for name in ("place", "before")
        )
        removed = ((rank < place) == before)[:, None]
        return self._answers(self._removal.without(removed, self.perturbation.imputer))

    def follow(
        self, patches: Patches, sequences: Sequence[Int[Tensor, " patches"]]
    ) -> Generator[Progress, None, list[Followed]]:
        """These orders, with the answers along their curves."""
        answers = yield from self.ask(patches, [(each, cut) for each in sequences for cut in patches.cuts])
        rows = answers.view(len(sequences), len(patches.cuts)).unbind()
        return [Followed(patches, *pair) for pair in zip(sequences, rows, strict=True)]

    def tell(self, patches: Patches, value: float) -> Iterator[OrderImproved]:
        """F of an order, if none before on the same patches reached as much."""
        stage, best = self._told
        if stage is not patches or value > best + ROUNDING:
            self._told = patches, value
            exact = patches.counts == removal_counts(self.perturbation.steps, patches.counts[-1])
            yield OrderImproved(value, self.spent, self.total, exact)

    def alone(self, patches: Patches) -> Generator[Progress, None, Float[Tensor, " patches"]]:
        """What F gains from each patch that goes first instead of last, by all that is known of it alone: what is left
        of the answer where only it is kept, less what is left where only it is removed.
        """
        everything = torch.arange(patches.count)
        asked = [
            (torch.cat([everything[patch:], everything[:patch]]), Cut(int(patches.cells.sizes[patch]), before, 0.0))
            for patch in range(patches.count)
            for before in (False, True)
        ]
        answers = yield from self.ask(patches, asked)
        return (answers[::2] - answers[1::2]) / self.perturbation.steps

    def improve(
        self, start: Followed, worth: Float[Tensor, " patches"], until: int
    ) -> Generator[Step, None, tuple[Followed, Float[Tensor, " patches"]]]:
        """The best order found by swaps until the passes are spent, and what was learned of the patches.

        Where no swap is left by which F gains, a part of the best order is shuffled and the search goes on from there.
        """
        patches = start.patches
        draw = generator(self._seed, self._digest, "swaps", patches.count)
        best = start
        while True:
            climbed, worth = yield from self.climb(start, worth, until, draw)
            best = best_of([best, climbed])
            if until - self.spent < 2 * len(patches.cuts):
                return best, worth
            (start,) = yield from self.follow(patches, [partly_shuffled(best.sequence, draw)])

    def climb(
        self, start: Followed, worth: Float[Tensor, " patches"], until: int, draw: torch.Generator
    ) -> Generator[Step, None, tuple[Followed, Float[Tensor, " patches"]]]:
        """The order after all swaps by which F gains, until no swap is left or the passes are spent."""
        patches, answers = start.patches, start.answers.clone()
        swapping = Swapping(patches, start.sequence, worth, draw)
        while swaps := affordable(swapping.propose(), until - self.spent):
            others = {swap: swapping.swapped(swap) for swap in swaps}
            asked = [(others[swap], patches.cuts[at]) for swap in swaps for at in swap.cuts]
            now = iter((yield from self.ask(patches, asked)).tolist())
            for swap in swaps:
                places, after = list(swap.cuts), torch.tensor(list(islice(now, len(swap.cuts))), dtype=torch.float64)
                if swapping.learn(swap, float(patches.weights[places] @ (after - answers[places]))):
                    answers[places] = after
            yield from self.tell(patches, float(patches.weights @ answers))
        return Followed(patches, swapping.sequence, answers), swapping.worth

    def best_order(
        self, stages: Sequence[Patches], maps: Sequence[Float[Tensor, "height width"]]
    ) -> Generator[Step, None, Followed]:
        """The best order of patches found from those of the best maps and from what each patch does alone.

        Parameters
        ----------
        stages
            The coarsest patches first.
        maps
            The best one first.
        """
        coarse = stages[0]
        worth = yield from self.alone(coarse)
        starts = [worth.argsort(descending=True, stable=True), *map(coarse.sequence, maps[:STARTS])]
        best = best_of((yield from self.follow(coarse, starts)))
        yield from self.tell(coarse, best.fidelity)
        for number, fine in enumerate(stages[1:], 1):
            share = COARSE_SHARE if best.patches.count < fine.count else WHOLE_SHARE
            left = self.total - self.spent - sum(count_starts(later, len(maps[:1])) for later in stages[number:])
            rough, worth = yield from self.improve(best, worth, self.spent + int(share * left))
            again = [fine.sequence(values) for values in (rough.values, *maps[:1])]
            best = best_of((yield from self.follow(fine, again)))
            yield from self.tell(fine, best.fidelity)
            worth = falling(best, float(worth.std(correction=0)) * rough.patches.count / fine.count)
        found, _ = yield from self.improve(best, worth, self.total)
        return found

    def ceiling(
        self, stages: Sequence[Patches], maps: Mapping[str, Tensor], fidelities: Mapping[str, float]
    ) -> Generator[Step, None, Ceiling]:
        """The best of the order that is found and of the maps, and what orders score by chance."""
        spread = yield from self.chance(by_chance(stages))
        ranked = sorted(maps, key=lambda name: -fidelities[name])
        found = yield from self.best_order(stages, [maps[name] for name in ranked])
        value, values, name = found.fidelity, found.values, SEARCH
        if ranked and fidelities[ranked[0]] > value:
            name = ranked[0]
            value, values = fidelities[name], maps[name]
        return Ceiling(value, values, name, found.fidelity, dict(fidelities), spread, self.spent)

    def measure(self, maps: Mapping[str, Tensor]) -> Generator[Progress, None, dict[str, float]]:
        """F of these maps."""
        passes = count_measure(self.classifier.size, self.perturbation, len(maps))
        tracing = trace_curves(
            self.classifier, self.pixels, maps, (MIF, LIF), self._answers, self.perturbation, self._seed
        )
        traced = yield from self._counted(tracing, passes)
        return {name: area_between(curves[LIF], curves[MIF]) for name, curves in traced.items()}

    def chance(self, patches: Patches) -> Generator[Progress, None, float]:
        """The spread of F of orders of patches that are drawn at random."""
        draw = generator(self._seed, self._digest, "orders by chance")
        orders = [torch.randperm(patches.count, generator=draw) for _ in range(COPIES)]
        followed = yield from self.follow(patches, orders)
        return null_spread([each.fidelity for each in followed])

    def _counted(self, events: Generator[Progress, None, Result], passes: int) -> Generator[Progress, None, Result]:
        running = Returning(events)
        for step in running:
            yield replace(step, done=self.spent + step.done, total=self.total)
        self.spent += passes
        return running.result


def best_of(orders: Sequence[Followed]) -> Followed:
    return max(orders, key=attrgetter("fidelity"))


def falling(order: Followed, scale: float) -> Float[Tensor, " patches"]:
    """A worth for each patch that falls evenly along the order, with that standard deviation."""
    places = torch.linspace(1, -1, order.patches.count, dtype=torch.float64)
    return torch.empty_like(places).scatter_(0, order.sequence, scale * places / places.std(correction=0))


def affordable(swaps: Sequence[Swap], passes: int) -> list[Swap]:
    """As many of the swaps, from the first, as these passes suffice for."""
    costs = accumulate(len(swap.cuts) for swap in swaps)
    return [swap for swap, cost in zip(swaps, costs, strict=True) if cost <= passes]
