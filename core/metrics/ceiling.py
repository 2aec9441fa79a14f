"""The ceiling of F on one picture: the largest F that any order of its pixels was found to reach.

After TRACE (Wang and Wang 2024, ICML), which searches orders of patches for the best deletion curves. That every map
at hand takes part, and the search itself, are ours: patches ranked by what each does alone, when only it is removed and
when only it is kept, then swaps across single steps of the curves, first of coarse patches and then of fine ones.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, islice
from operator import attrgetter
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.metrics.answers import Answer, Answers, Y
from core.metrics.chance import COPIES, FRACTIONS
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF
from core.metrics.fidelity import MARGIN, null_spread
from core.metrics.patch_orders import Cut, Patches, Swap, Swapping, partly_shuffled, side_of, whole_counts
from core.metrics.removal import Removal, checked_map, removal_counts
from core.models.batching import run_in_batches
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import check_contrast
from core.randomness import generator, picture_digest

PASSES = 1500
PATCHES = 14
"""Along the longer side of the picture."""
COARSE_SHARE = 0.4
"""Share of the search's passes that are spent on patches of twice the side, where these are enough for the steps."""
WHOLE_SHARE = 0.85
"""Share of the others that are spent on steps at which no patch is removed in part."""
SEARCH = "search"
"""Who found the best order, where no map that was passed did."""
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Ceiling:
    """The largest F that any order was found to reach on this picture; a better order may exist.

    Parameters
    ----------
    values
        A map that reaches it: the ranks of the best order found, the most important pixel highest, or the best of the
        maps passed.
    found_by
        The name of that map, or ``search``.
    searched
        F of the best order of patches that the search found; below ``value`` where a map does better.
    fidelities
        F of each map that was passed.
    spread
        Half-width of the 95 % interval of F of orders of patches that are drawn at random.
    passes
        Pictures sent through the network.
    """

    value: float
    values: Float[Tensor, "height width"]
    found_by: str
    searched: float
    fidelities: Mapping[str, float]
    spread: float
    passes: int

    @property
    def above_chance(self) -> bool:
        """Whether the best order does better than orders of patches that are drawn at random."""
        return self.value > max(self.spread, MARGIN)

    def share(self, fidelity: float) -> float | None:
        """F as a share of the ceiling; None where the ceiling itself is not above chance."""
        return fidelity / self.value if self.above_chance else None

    def share_in_words(self, fidelity: float) -> str:
        """The same in words, or why there is no share."""
        share = self.share(fidelity)
        return self.sentence if share is None else f"{100 * share:.0f} % of what any order found reaches"

    @property
    def sentence(self) -> str:
        """What the ceiling is, or that there is none."""
        if self.above_chance:
            return f"The best order found in {self.passes:,} passes reaches an F of {self.value:.2f}."
        return (
            f"No order found in {self.passes:,} passes does better than chance on this picture (F up to "
            f"{max(self.spread, MARGIN):.2f}), so F as a share of the ceiling is undefined."
        )


@dataclass(frozen=True)
class CeilingReady:
    """The ceiling, once the passes are spent."""

    ceiling: Ceiling

    @property
    def replaces(self) -> str:
        return "ceiling"


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
    ) -> Generator[Progress, None, tuple[Followed, Float[Tensor, " patches"]]]:
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
    ) -> Generator[Progress, None, tuple[Followed, Float[Tensor, " patches"]]]:
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
        return Followed(patches, swapping.sequence, answers), swapping.worth

    def best_order(
        self, stages: Sequence[Patches], maps: Sequence[Float[Tensor, "height width"]]
    ) -> Generator[Progress, None, Followed]:
        """The best order of patches found from those of the maps and from what each patch does alone.

        Parameters
        ----------
        stages
            The coarsest patches first.
        maps
            The best one first.
        """
        coarse = stages[0]
        worth = yield from self.alone(coarse)
        starts = [worth.argsort(descending=True, stable=True), *map(coarse.sequence, maps)]
        best = best_of((yield from self.follow(coarse, starts)))
        for number, fine in enumerate(stages[1:], 1):
            share = COARSE_SHARE if best.patches.count < fine.count else WHOLE_SHARE
            left = self.total - self.spent - sum(count_starts(later, len(maps[:1])) for later in stages[number:])
            rough, worth = yield from self.improve(best, worth, self.spent + int(share * left))
            again = [fine.sequence(values) for values in (rough.values, *maps[:1])]
            best = best_of((yield from self.follow(fine, again)))
            worth = falling(best, float(worth.std(correction=0)) * rough.patches.count / fine.count)
        found, _ = yield from self.improve(best, worth, self.total)
        return found

    def ceiling(
        self, stages: Sequence[Patches], maps: Mapping[str, Tensor], fidelities: Mapping[str, float]
    ) -> Generator[Progress, None, Ceiling]:
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


def stages_of(size: tuple[int, int], across: int, steps: int) -> list[Patches]:
    """The patches of that many along the longer side, in stages: patches of twice the side, if enough for the steps;
    the patches, none of them removed in part; and with the exact steps.

    Raises
    ------
    ValueError
        Where there would be no order of them.
    """
    if across < 2:
        raise ValueError(f"An order needs at least 2 patches along the longer side of the picture; got {across}.")
    counts, half = removal_counts(steps, size[0] * size[1]), max(1, across // 2)
    coarse = Patches(size, half, whole_counts(counts, side_of(size, half)))
    whole = Patches(size, across, whole_counts(counts, side_of(size, across)))
    exact = Patches(size, across, counts)
    rougher = [coarse] if steps <= coarse.count < exact.count else []
    return [*rougher, exact] if whole.counts == counts else [*rougher, whole, exact]


def count_starts(patches: Patches, maps: int) -> int:
    """Passes along the curves of the orders that a stage begins with: one of its own, and one for each map."""
    return (1 + maps) * len(patches.cuts)


def count_measure(size: tuple[int, int], perturbation: Perturbation, maps: int) -> int:
    """Passes along the curves of this many maps, and for the picture without any pixel."""
    return count_visits((MIF, LIF), maps, perturbation, size) + 1 if maps else 0


def by_chance(stages: Sequence[Patches]) -> Patches:
    """The coarsest patches, with curves of few shares: enough for what orders score by chance."""
    size, across = stages[0].size, stages[0].across
    return Patches(size, across, removal_counts(FRACTIONS, size[0] * size[1]))


def least_passes(
    stages: Sequence[Patches], perturbation: Perturbation, size: tuple[int, int], maps: int, lacking: int
) -> int:
    """What a search takes before the first swap.

    Parameters
    ----------
    lacking
        The maps whose F is not known.
    """
    begun = sum(count_starts(patches, maps if patches is stages[0] else min(1, maps)) for patches in stages)
    alone, chance = 2 * stages[0].count, COPIES * len(by_chance(stages).cuts)
    return count_measure(size, perturbation, lacking) + chance + alone + begun


def checked_maps(
    maps: Mapping[str, Tensor], known: Mapping[str, float], pixels: Float[Tensor, "1 3 height width"]
) -> dict[str, Float[Tensor, "height width"]]:
    """The maps, if they fit the picture and each known F belongs to one of them.

    Raises
    ------
    ValueError
        With what does not fit.
    """
    strangers = [name for name in known if name not in maps]
    if strangers:
        raise ValueError(f"An F is known of {', '.join(strangers)}, but there is no map of that name; pass it as well.")
    return {name: checked_map(name, values, pixels, 1).view(pixels.shape[2:]) for name, values in maps.items()}


def check_passes(passes: int, least: int) -> None:
    """Refuses a number of passes that ends before the search begins.

    Raises
    ------
    ValueError
        With the least number.
    """
    if passes < least:
        raise ValueError(f"The ceiling takes at least {least:,} passes here, and some for the search; got {passes:,}.")


def stream_ceiling(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    target: ClassChoice | None = None,
    maps: Mapping[str, Float[Tensor, "height width"]] | None = None,
    known: Mapping[str, float] | None = None,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    steps: int = 20,
    patches: int = PATCHES,
    passes: int = PASSES,
    seed: int = 0,
    rather_than: int | None = None,
) -> Iterator[Progress | CeilingReady]:
    """The largest F that any order of the picture's pixels is found to reach; a step is one batch.

    F depends on the imputer, on y and on the steps, so a share of the ceiling takes an F that was measured alike.

    Parameters
    ----------
    maps
        Maps that take part, by name; the ceiling is never below F of any of them.
    known
        F of those maps for which it has been measured, so that its passes are not spent again.
    patches
        Patches along the longer side of the picture.
    passes
        The most pictures sent through the network.
    rather_than
        A class that the target is contrasted with.

    Raises
    ------
    ValueError
        Where a map does not fit the picture, the passes are too few, or the relative logit has no positive clean logit
        to refer to.
    """
    pixels, known = checked_pixels(classifier, pixels), known or {}
    rivals, perturbation = checked_maps(maps or {}, known, pixels), Perturbation(imputer, y=y, steps=steps)
    lacking = {name: values for name, values in rivals.items() if name not in known}
    stages = stages_of(classifier.size, patches, steps)
    spent = 1 + (target is None)
    check_passes(passes, spent + least_passes(stages, perturbation, classifier.size, len(rivals), len(lacking)))
    explained = checked_target(classifier, pixels, target)
    check_contrast(explained, rather_than)
    answers = Answers(classifier, pixels, explained, y, rather_than)
    search = Search(classifier, pixels, answers, perturbation, seed, spent, passes)
    fidelities = {**known, **(yield from search.measure(lacking))}
    yield CeilingReady((yield from search.ceiling(stages, rivals, fidelities)))
