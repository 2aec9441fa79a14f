"""Random weights, the efficient form: under random weights a map should become more complex, close to noise."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import isnan

import numpy as np

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.metrics.similarity import map_entropy
from core.metrics.statistics import estimates
from core.models.classifier import Classifier
from core.models.randomising import LayerGroup, find_groups, randomised
from core.randomness import picture_digest
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, known, sentences, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

DRAWS = 5
STILL = 0.01


def random_weights(subject: Subject) -> list[Altered]:
    """Networks with every parameter re-drawn."""
    draws = count_draws(subject.classifier)
    groups = find_groups(subject.classifier) if draws else ()
    return [
        Altered(f"draw {draw + 1} of random weights", partial(bank_for_weights, subject, groups, draw))
        for draw in range(draws)
    ]


def count_draws(classifier: Classifier) -> int:
    """None where the network has no parameters."""
    return 0 if next(classifier.network.parameters(), None) is None else DRAWS


def bank_for_weights(subject: Subject, groups: Sequence[LayerGroup], draw: int) -> PassBank:
    purpose = picture_digest(subject.pixels), "draw", draw
    lost = randomised(subject.classifier, groups, subject.pixels, subject.seed, *purpose)
    return replace(subject, classifier=lost).bank()


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """The relative rise of the map's entropy."""
    before, after = map_entropy(first.values), map_entropy(other.values)
    if before is None or after is None:
        return Measured(altered.name, None, reason=CONSTANT)
    return Measured(altered.name, after / before - 1)


def judge(found: Sequence[Measured]) -> Judgement:
    """By the interval of the mean over draws."""
    values, gap = known(found)
    if not values:
        return unknown(gap)
    mean, low, high, n = estimates(np.array(values)[:, None], seed=0)[0]
    if isnan(low):
        figures = f"One draw of random weights changes the map's entropy by {percent(mean)}; a verdict needs more."
        return Judgement(mean, None, None, "unclear", sentences(figures, gap))
    standing, words = standing_of(low, high)
    figures = f"{words}: its entropy changes by {percent(mean)} ({percent(low)} to {percent(high)}, {n} draws)."
    return Judgement(mean, low, high, standing, sentences(figures, gap))


def percent(share: float) -> str:
    """With its sign, unless it rounds to zero.

    >>> percent(0.126), percent(-0.04), percent(-0.0)
    ('+13 %', '−4 %', '0 %')
    """
    rounded = round(100 * share)
    return f"{rounded:+d} %".replace("-", "−") if rounded else "0 %"


def standing_of(low: float, high: float) -> tuple[Standing, str]:
    """A fall is no failure: the map does depend on the weights, though not as the check expects."""
    if low > -STILL and high < STILL:
        return "fails", "Random weights hardly change the map's entropy"
    if low > 0:
        return "passes", "Under random weights the map becomes more like noise"
    if high < 0:
        return "unclear", "Under random weights the map changes, but becomes simpler instead of noisier"
    return "unclear", "Whether the map becomes noisier under random weights depends on the draw"


EFFICIENT = Check(
    name="efficient",
    label="Random weights, efficient form",
    summary="Under random weights the map must become more like noise: its entropy rises.",
    number="relative rise of the map's entropy",
    criterion=(
        f"Passes where the 95 % interval of the mean relative rise over {DRAWS} draws of random weights lies above 0; "
        f"fails where it lies within {100 * STILL:g} % of 0, so that the map hardly depends on the weights. A fall is "
        f"unclear: the map changes, though not as expected. Entropy is that of a histogram of 100 bins. The thresholds "
        f"are ours."
    ),
    limits=(
        "It measures how varied a map's values are, not where they lie: a method whose map only moves fails, and one "
        "whose map was simple from the start passes easily.",
        "A few strong pixels make a histogram simple, and a random network may have more of them than a trained one. "
        "On EfficientNet-Lite0 and a photo of a cat the entropy of the plain gradient fell by a quarter.",
        "Where the explained class gets no signal in a random network the map is constant; such draws are left out.",
        "The random controls keep their seed here, so that they, like all controls that ignore the model, keep their "
        "map and fail by construction.",
    ),
    paper="Hedström et al. 2024, arXiv:2401.06465",
    alter=random_weights,
    count=count_draws,
    without="This network has no parameters that could be re-drawn.",
    compare=compare,
    judge=judge,
)
