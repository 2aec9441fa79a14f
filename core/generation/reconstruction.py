"""Reconstruction: a hidden region is filled many times, and the explained model is asked whether its class is kept.

After Thakur and Fischmeister 2020, arXiv:2006.09504. A fill that keeps the class is an acceptable variation. The share
that is kept means little by itself: a prior that guesses well keeps it high whatever is hidden. So it stands beside the
energy score of the fills, and beside three controls: the same shape elsewhere, the inverted hole, the unfilled hole.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.generation.choosing import ChosenPrior, chosen_prior
from core.generation.energy import distances, energy_score
from core.generation.hidden import REGIONS, Hidden, hidden_regions
from core.generation.holes import Cut, Region
from core.generation.pools import Pool, PoolSource, list_pool
from core.generation.priors import AT_ONCE, Filler, Prior, Scene, in_steps
from core.jobs.events import Progress, Returning
from core.metrics.statistics import clopper_pearson
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import predicts
from core.randomness import generator, picture_digest

MOST = 64


@dataclass(frozen=True, eq=False)
class VariationsReady:
    """Some fills of a hidden region, with the model's answers.

    Parameters
    ----------
    method, share, region
        The map that was cut, the share that was asked for, and which region is hidden.
    first
        Number of the first of these variations.
    hole
        The hidden pixels.
    pictures
        The variations, equal to the picture outside of the hole, to the bit.
    confidences
        Probability of the explained class for each.
    kept
        Whether the model predicts the explained class for each.
    distances
        How far each is from the picture in the hole, as in the energy score.
    """

    method: str
    share: float
    region: Region
    first: int
    hole: Bool[Tensor, "height width"]
    pictures: Float[Tensor, "n channels height width"]
    confidences: tuple[float, ...]
    kept: tuple[bool, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True)
class ReconstructionReady:
    """What the variations of a hidden region say so far.

    Parameters
    ----------
    hidden
        Share of the pixels that are hidden.
    kept, low, high
        Share of the variations that keep the class, and its 95 % interval for this picture and this prior; equal
        variations count as one there.
    confidence
        Mean probability of the explained class.
    energy
        The energy score of the fills; None for fewer than two or without a hole.
    order
        The variations' numbers, those that keep the class first, and the most confident of them first.
    prior
        What filled the hole; empty where nothing did.
    seconds
        What the fills and the answers took.
    different
        How many different pictures the variations are.
    """

    method: str
    share: float
    region: Region
    hidden: float
    variations: int
    kept: float
    low: float
    high: float
    confidence: float
    energy: float | None
    order: tuple[int, ...]
    prior: str
    seconds: float
    different: int

    @property
    def replaces(self) -> tuple[str, str, float, Region]:
        return "reconstruction", self.method, self.share, self.region


Event = Progress | VariationsReady | ReconstructionReady


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """How the hidden regions of one picture are filled and judged.

    Parameters
    ----------
    variations
        Number of fills of each region.
    """

    classifier: Classifier
    scene: Scene
    target: int
    prior: Prior
    filler: Filler
    variations: int
    seed: int

    def variations_of(self, hidden: Hidden, first: int) -> Iterator[float | VariationsReady | ReconstructionReady]:
        """The variations of a region, a batch at a time, each followed by what all so far say; before it, how many
        variations' worth of it is done, where it is made in steps.

        Parameters
        ----------
        first
            Variations of the first batch.
        """
        made: list[VariationsReady] = []
        seconds = 0.0
        for numbers in batches(count_variations(hidden.region, self.variations), first):
            filling = Returning(self.filled(hidden, numbers))
            began = time.perf_counter()
            for share in filling:
                seconds += time.perf_counter() - began
                yield share * len(numbers)
                began = time.perf_counter()
            made.append(self.judged(hidden, numbers, filling.result))
            seconds += time.perf_counter() - began
            yield made[-1]
            yield self.summed_up(hidden, made, seconds)

    def judged(
        self, hidden: Hidden, numbers: range, pictures: Float[Tensor, "n channels height width"]
    ) -> VariationsReady:
        """The variations of those numbers, with the model's answers."""
        logits = self.classifier.logits(pictures)
        confidences = self.classifier.probabilities(logits)[:, self.target].tolist()
        kept = predicts(logits, self.target, self.classifier.reading).tolist()
        apart = distances(pictures, self.scene.pixels[0], hidden.hole)
        named = hidden.method, hidden.share, hidden.region
        return VariationsReady(*named, numbers.start, hidden.hole, pictures, (*confidences,), (*kept,), (*apart,))

    def filled(
        self, hidden: Hidden, numbers: range
    ) -> Generator[float, None, Float[Tensor, "n channels height width"]]:
        """The picture with its hole filled once for each number, or left as the data set's mean colour."""
        pixels, hole = self.scene.pixels, hidden.hole
        if hidden.region == "unfilled":
            fills = pixels.new_tensor(self.classifier.dataset_mean).view(1, -1, 1, 1).expand_as(pixels)
        elif not hole.any():
            fills = pixels.expand(len(numbers), -1, -1, -1)
        else:
            # The same draws for every hole: maps and regions are compared on them.
            draws = partial(generator, self.seed, picture_digest(pixels), "reconstruction")
            fills = yield from in_steps(self.filler(hole, numbers, draws))
        return torch.where(hole, fills, pixels)

    def summed_up(self, hidden: Hidden, made: Sequence[VariationsReady], seconds: float) -> ReconstructionReady:
        """What these variations say."""
        kept = [each for some in made for each in some.kept]
        confidences = [each for some in made for each in some.confidences]
        n, share = len(kept), sum(kept) / len(kept)
        pictures = torch.cat([each.pictures for each in made])
        different = len({each.cpu().numpy().tobytes() for each in pictures})
        best_first = sorted(range(n), key=lambda number: (-kept[number], -confidences[number]))
        filled = hidden.region != "unfilled"
        return ReconstructionReady(
            method=hidden.method,
            share=hidden.share,
            region=hidden.region,
            hidden=float(hidden.hole.double().mean()),
            variations=n,
            kept=share,
            **dict(zip(("low", "high"), clopper_pearson(share, different), strict=True)),
            confidence=sum(confidences) / n,
            energy=energy_score(pictures, self.scene.pixels[0], hidden.hole),
            order=tuple(best_first),
            prior=self.prior.label if filled else "",
            seconds=seconds,
            different=different,
        )


def stream_reconstruct(
    classifier: Classifier,
    pixels: Float[Tensor, "1 channels height width"],
    maps: Mapping[str, Float[Tensor, "height width"] | Bool[Tensor, "height width"]],
    target: ClassChoice | None = None,
    shares: Sequence[float] = (0.5,),
    by: Cut = "area",
    prior: ChosenPrior = None,
    variations: int = 16,
    source: PoolSource | None = None,
    origin: str = "",
    regions: Sequence[Region] = REGIONS,
    seed: int = 0,
) -> Iterator[Event]:
    """Variations of the picture in the region that each map marks, and in its controls; a step is 16 variations, fewer
    or a part of them where the prior is slow.

    Every map's own region comes first, then the controls.

    Parameters
    ----------
    maps
        By name; a map of true and false is the hole itself, as a person has marked it.
    shares, by
        How much is hidden: ``area``, that share of the pixels; ``threshold``, the pixels that are below the map's
        maximum by at most that share of it.
    prior
        A name of :func:`core.list_priors`, or a function of your own: it is called with the pixels, whose hidden ones
        are grey, with the hole, the number of fills and a seed, and returns that many pictures.
    source
        Pictures that fills may come from, such as a folder; by default bundled ones that suit the classifier.
    origin
        The photo that the picture is cut from, where it may be among those of the source.

    Raises
    ------
    ValueError
        Where a map does not fit, or something requested does not exist or does not apply; the message says what would.
    """
    check_variations(variations)
    pixels = checked_pixels(classifier, pixels)
    hidden = hidden_regions(maps, classifier.size, shares, by, regions, seed, picture_digest(pixels))
    explained = checked_target(classifier, pixels, target)
    listed = list_pool(classifier, source)
    chosen_prior(prior, listed)  # refuses at the call what it would after all pictures are opened

    def opened_and_filled() -> Iterator[Event]:
        pool = yield from listed.opened()
        yield from reconstruct(prepared(classifier, pixels, explained, pool, prior, variations, origin, seed), hidden)

    return opened_and_filled()


def prepared(
    classifier: Classifier,
    pixels: Float[Tensor, "1 channels height width"],
    target: int,
    pool: Pool,
    prior: ChosenPrior,
    variations: int,
    origin: str,
    seed: int,
) -> Reconstruction:
    """The reconstruction of a picture, with a prior that is ready to fill it."""
    scene, chosen = Scene(pixels, pool, origin, variations), chosen_prior(prior, pool)
    return Reconstruction(classifier, scene, target, chosen, chosen.prepare(scene), variations, seed)


def reconstruct(reconstruction: Reconstruction, hidden: Sequence[Hidden]) -> Iterator[Event]:
    """The variations of every region, and the progress in model passes."""
    total = count_pictures([each.region for each in hidden], reconstruction.variations)
    done = 0
    for each in hidden:
        there = each._replace(hole=each.hole.to(reconstruction.scene.pixels.device))
        first = reconstruction.prior.first if each.region == "salient" else AT_ONCE
        for event in reconstruction.variations_of(there, first):
            if isinstance(event, float):
                yield Progress(done + event, total, "Variations")
                continue
            yield event
            if isinstance(event, VariationsReady):
                done += len(event.pictures)
                yield Progress(done, total, "Variations")


def batches(total: int, first: int) -> list[range]:
    """The numbers of the variations of each step: a first few, then as many as come at once.

    >>> batches(36, 4)
    [range(0, 4), range(4, 16), range(16, 32), range(32, 36)]
    """
    ends = [0, first, *range(AT_ONCE, total + AT_ONCE, AT_ONCE)]
    return [range(one, min(other, total)) for one, other in pairwise(ends) if one < min(other, total)]


def count_variations(region: Region, variations: int) -> int:
    """How many pictures a region gives: one where nothing is filled in."""
    return 1 if region == "unfilled" else variations


def count_pictures(regions: Sequence[Region], variations: int) -> int:
    """How many pictures these regions give in all.

    >>> count_pictures(REGIONS, 16)
    49
    """
    return sum(count_variations(region, variations) for region in regions)


def check_variations(variations: int) -> None:
    """Refuses a number of variations that is none or too many.

    Raises
    ------
    ValueError
        With what is allowed.
    """
    if not 1 <= variations <= MOST:
        raise ValueError(f"Ask for 1 to {MOST} variations; got {variations}.")
