"""The leak of removal metrics: how much of a picture's class can be read from where its pixels are missing.

Removed pixels leave gaps, and gaps have a shape: a heatmap of a shoe removes a shoe. A classifier that sees only which
pixels are missing, and nothing of the picture, is tested on pictures that it has not learned from. Where it predicts
the class more often than chance, a removal metric may owe part of its value to the shape of the gaps.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import pi, sqrt

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional as F

from core.jobs.events import Progress
from core.methods.registry import list_methods
from core.metrics.curve_plan import Perturbation
from core.metrics.evidence import Evidence
from core.metrics.registry import metric
from core.metrics.removal import Removal, Visit
from core.metrics.statistics import Estimate, Score, Summary, Tally
from core.models.classifier import Classifier
from core.randomness import generator

LEAK = "leak"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the pixels that are missing, as in ROAR.

They are symmetric, and what remains at one of them where the least important pixels go first is what is missing at
another where the most important do: their mean speaks for both curves of F.
"""
SIDE = 28
"""Cells along a side of a mask; each holds the share of its pixels that is missing."""
FOLDS = 5
FEWEST_OF_A_CLASS = FOLDS
"""So that a picture of every class is in every fold."""
FEWEST_PICTURES = 40
"""With half as many of two classes, a classifier that is right on three of four could not be told from chance."""
MOST_PICTURES = 1000
"""Spread evenly over a larger study, whose pictures may come class by class.

More would narrow intervals of 3 %, and hold hundreds of megabytes of masks.
"""
SECONDS_PER_MASK = 2e-5
"""In a fit, measured on one core."""
WIDENED = sqrt(1 + 2 / pi)
"""How much wider than by independent pictures an interval is where masks tell nothing.

Two pictures of a class whose masks happen to be alike help to name each other. For two classes that multiplies the
variance by 1 + 2 / pi, for more by less. Without it, 7 % of random maps of two classes would be above chance.
"""
WHOLE = 255


@metric(
    label="Leak", group="faithfulness", direction="none", low=0.0, high=1.0, unit="share of pictures",
    random="chance, shown with it", paper="ours, after Rong et al. 2022, arXiv:2202.00449",
    needs=("pictures",), dependence=WIDENED,
)  # fmt: skip
def leak(evidence: Evidence) -> None:  # noqa: ARG001 - other pictures are needed
    """Share of pictures whose class a simple classifier predicts from which pixels are missing, and from nothing else.

    The masks are those of the curve that removes the most important pixels first, at 10, 30, 50, 70 and 90 %. The class
    is the label where the pictures are labelled, else the model's prediction. The classifier chooses the class whose
    mean mask is nearest, rare classes weighed fairly, and learns it from other pictures (five folds). Chance is what
    the same predictions would reach if they had nothing to do with the pictures. The leak is a lower bound: another
    classifier may read more. Above chance, the removal scores may depend on the shape of the gaps as well as on what
    was there. Neither end is better: a good map may well show the object's outline. It takes no passes, and needs 40
    pictures in classes of at least five; of more than 1,000 pictures it takes that many, spread evenly over all.
    """
    return


@dataclass(frozen=True, eq=False)
class PictureMasks:
    """Where one picture loses its pixels.

    Parameters
    ----------
    kind
        The class that is to be predicted.
    masks
        For each method the share of every cell that is missing, of 255, at each of the shares removed.
    """

    picture: str
    kind: int
    masks: Mapping[str, UInt8[Tensor, "shares cells"]]


@dataclass(frozen=True)
class Leak:
    """How often the class is predicted from a method's masks.

    Parameters
    ----------
    named
        Share of the pictures whose class is predicted correctly, the mean over the shares removed.
    by_share
        The same at each of them.
    chance
        What the same predictions would reach if they had nothing to do with the pictures.
    """

    method: str
    named: Estimate
    by_share: tuple[float, ...]
    chance: float

    @property
    def above_chance(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.named.low > self.chance

    @property
    def words(self) -> str:
        """As a sentence has it.

        >>> leak = Leak("gradient", Estimate(0.64, 0.5, 0.76, n=50), (0.5, 0.7, 0.7, 0.7, 0.6), 0.1)
        >>> leak.words.partition("classifier ")[2]
        'predicts the class of 64 % (50 to 76 %) of pictures correctly; chance is 10 %.'
        """
        mean, low, high, chance = map(percent, (*self.named[:3], self.chance))
        return (
            "Knowing only which pixels are missing, a simple classifier predicts the class of "
            f"{mean} % ({low} to {high} %) of pictures correctly; chance is {chance} %."
        )


@dataclass(frozen=True)
class LeakReady:
    """How often the class is predicted from each method's masks, once every picture is judged.

    Parameters
    ----------
    scores
        For each picture and method the share of the picture's masks from which its class is predicted.
    pictures, classes
        How many were counted.
    left_out
        Pictures in classes with too few of them.
    lacking
        Methods that have no mask of some of these pictures, and so are not measured.
    """

    scores: tuple[Score, ...]
    leaks: tuple[Leak, ...]
    pictures: int
    classes: int
    left_out: int = 0
    lacking: tuple[str, ...] = ()

    def beside(self, summary: Iterable[Summary]) -> tuple[Summary, ...]:
        """The means of a study, those of the leak with their chance."""
        chance = {each.method: each.chance for each in self.leaks}
        return tuple(replace(row, chance=chance[row.method]) if row.metric == LEAK else row for row in summary)

    @property
    def words(self) -> str:
        """What follows for the methods, controls aside, in one or two sentences."""
        labels = {entry.name: entry.label for entry in list_methods()}
        controls = {entry.name for entry in list_methods() if entry.control}
        judged = [each for each in self.leaks if each.method not in controls]
        telling = [each for each in judged if each.above_chance]
        if not judged:
            return f"Leak: no method was measured. {self._counted}"
        if not telling:
            return f"Leak: no method's masks predict the class clearly better than chance. {self._counted}"
        most = max(telling, key=lambda each: each.named.mean)
        how_many = f"{len(telling)} of {len(judged)} method{'' if len(judged) == 1 else 's'}"
        which = "" if len(judged) == 1 else f", most of all {labels.get(most.method, most.method)}"
        return (
            f"Leak: the masks of {how_many} predict the class better than chance{which}. {most.words} {self._counted}"
        )

    @property
    def _counted(self) -> str:
        rest = f"; {self.left_out:,} left out, in classes of fewer than {FEWEST_OF_A_CLASS}" if self.left_out else ""
        labels = {entry.name: entry.label for entry in list_methods() if not entry.control}
        named = ", ".join(labels[each] for each in self.lacking if each in labels)
        lacking = f" Not measured, since some pictures have no mask: {named}." if named else ""
        return f"Measured on {self.pictures:,} pictures of {self.classes:,} classes{rest}.{lacking}"


@dataclass(frozen=True)
class LeakRefused:
    """The leak cannot be measured on these pictures, with what is missing and what to do."""

    words: str


def percent(share: float) -> str:
    """A share in whole percent, a half upwards as the page's table has it.

    >>> percent(0.765), percent(0.1)
    ('77', '10')
    """
    return f"{100 * share + 1e-9:.0f}"


def picture_masks(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    maps: Mapping[str, Float[Tensor, "*channels height width"]],
    perturbation: Perturbation,
    seed: int,
) -> dict[str, UInt8[Tensor, "shares cells"]]:
    """Which pixels each map's curve removes, the most important first, at each of the shares; no pass is needed."""
    if not maps:
        return {}
    removal = Removal(classifier, pixels, maps, ("mif",), seed, 0, perturbation.unit, perturbation.side)
    cells = min(SIDE, pixels.shape[2]), min(SIDE, pixels.shape[3])
    counts = [round(share * removal.places) for share in SHARES]
    masks = {}
    for number, line in enumerate(removal.lines):
        removed = removal.removed([Visit(number, count, perturbation.imputer) for count in counts])
        shares = F.adaptive_avg_pool2d(removed.float(), cells)
        masks[line.map] = (WHOLE * shares).round().byte().flatten(1).cpu()
    return masks


def measure_leak(pictures: Sequence[PictureMasks], seed: int) -> Generator[Progress, None, LeakReady | LeakRefused]:
    """How often the class is predicted from each method's masks; a step is a method."""
    counted = sorted(with_enough(pictures), key=lambda each: each.picture)
    if len(counted) < FEWEST_PICTURES or len({each.kind for each in counted}) < 2:
        return LeakRefused(
            f"The leak needs at least {FEWEST_PICTURES} pictures in two or more classes of at least "
            f"{FEWEST_OF_A_CLASS} each; {len(counted)} of these {len(pictures)} are in such a class. Judge more "
            "pictures, or choose a folder with more pictures of each class."
        )
    scores: list[Score] = []
    by_share: dict[str, tuple[float, ...]] = {}
    chance: dict[str, float] = {}
    lacking: list[str] = []
    for method in methods_of(counted):
        own = [each for each in counted if method in each.masks]
        if len(own) == len(counted):
            right, chance[method] = out_of_sample(own, method, seed)
            rows = zip(own, right.double().mean(dim=1).tolist(), strict=True)
            scores += [Score(each.picture, method, LEAK, share) for each, share in rows]
            by_share[method] = tuple(right.double().mean(dim=0).tolist())
        else:  # it was refused on a picture, or the truth of one is unknown, and with it the oracle's map
            lacking.append(method)
        yield Progress(len(pictures), len(pictures), "Leak", "picture")
    tally = Tally()
    tally.add(scores)
    leaks = tuple(
        Leak(row.method, Estimate(row.mean, row.low, row.high, row.n), by_share[row.method], chance[row.method])
        for row in tally.summary(seed)
    )
    classes, left_out = len({each.kind for each in counted}), len(pictures) - len(counted)
    return LeakReady(tuple(scores), leaks, len(counted), classes, left_out, tuple(lacking))


def spread_evenly(pictures: int, most: int = MOST_PICTURES) -> set[int]:
    """The places of the pictures whose masks are kept.

    >>> sorted(spread_evenly(10, most=4)), sorted(spread_evenly(3, most=4))
    ([0, 2, 5, 7], [0, 1, 2])
    """
    return {place * pictures // most for place in range(most)} if pictures > most else set(range(pictures))


def leak_workload(methods: int, pictures: int) -> tuple[int, float]:
    """How many classifiers are fitted, and about how many seconds that takes."""
    fits = methods * len(SHARES) * FOLDS
    return fits, SECONDS_PER_MASK * fits * min(pictures, MOST_PICTURES)


def with_enough(pictures: Sequence[PictureMasks]) -> list[PictureMasks]:
    """The pictures whose class has enough of them."""
    counts = Counter(each.kind for each in pictures)
    return [each for each in pictures if counts[each.kind] >= FEWEST_OF_A_CLASS]


def methods_of(pictures: Sequence[PictureMasks]) -> list[str]:
    """Every method with masks of any picture."""
    return list(dict.fromkeys(method for each in pictures for method in each.masks))


def out_of_sample(pictures: Sequence[PictureMasks], method: str, seed: int) -> tuple[Bool[Tensor, "n shares"], float]:
    """Whether a classifier that learned from the other folds predicts the picture's class from each of its masks; and
    how often that would be so by chance, with each class predicted as often as it is.
    """
    masks = torch.stack([each.masks[method] for each in pictures]).float() / WHOLE
    order = {kind: place for place, kind in enumerate(sorted({each.kind for each in pictures}))}
    kinds = torch.tensor([order[each.kind] for each in pictures])
    folds = folds_of(kinds, seed)
    named = torch.zeros(masks.shape[:2], dtype=torch.long)
    for fold in range(FOLDS):
        learned, tested = folds != fold, folds == fold
        named[tested] = nearest_kind(masks[learned], kinds[learned], masks[tested])
    frequent, often = (F.one_hot(each.flatten(), len(order)).double().mean(dim=0) for each in (kinds, named))
    return named == kinds[:, None], float(frequent @ often)


def folds_of(kinds: Int[Tensor, " n"], seed: int) -> Int[Tensor, " n"]:
    """The fold of each picture, drawn so that every fold has its part of every class."""
    shuffled = torch.randperm(len(kinds), generator=generator(seed, "leak folds", len(kinds)))
    by_kind = shuffled[torch.argsort(kinds[shuffled], stable=True)]
    return torch.empty_like(kinds).scatter_(0, by_kind, torch.arange(len(kinds)) % FOLDS)


def nearest_kind(
    masks: Float[Tensor, "n shares cells"], kinds: Int[Tensor, " n"], tested: Float[Tensor, "m shares cells"]
) -> Int[Tensor, "m shares"]:
    """The class whose mean mask is nearest to each tested one, share by share, rare classes weighed fairly.

    With 40 to 400 pictures it reads as much as ridge and kernel regression or five nearest neighbours do, or more, and
    it has nothing to set. With equal classes it is the nearest mean.

    A mean of few masks is noisier. For masks that tell nothing, how much nearer a mask is to the mean of n_k masks of a
    class than to the mean of all n has the expectation -v times the masks' variance and a standard deviation that grows
    with the square root of v, where v = 1 / n_k - 1 / n. The first is added and the second divided by, so that no class
    is predicted more often for being rare, or for being frequent. A class's frequency is no prior here: one would
    predict the largest class whenever little can be read, and hide the leak.
    """
    members = F.one_hot(kinds).float()
    counts = members.sum(dim=0)
    centre = masks.mean(dim=0)
    from_centre = torch.einsum("nk,nsc->skc", members / counts, masks) - centre[:, None]
    squares = from_centre.square().sum(dim=2)
    within = ((masks - centre).square().sum(dim=(0, 2)) - squares @ counts) / (len(masks) - len(counts))
    noise = 1 / counts - 1 / len(masks)
    nearer = 2 * torch.einsum("msc,skc->msk", tested - centre, from_centre) - squares
    return ((nearer + within[:, None] * noise) / noise.sqrt()).argmax(dim=2)
