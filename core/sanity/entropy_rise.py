"""Random weights, the efficient form: a network that knows nothing should give a map of more values, near to noise."""

from collections.abc import Sequence
from functools import partial
from math import isnan

import numpy as np

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.metrics.similarity import map_entropy
from core.metrics.statistics import estimates
from core.models.randomising import LayerGroup, find_groups, randomised
from core.randomness import picture_digest
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, sentences, told, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

DRAWS = 5
STILL = 0.01


def random_weights(subject: Subject) -> list[Altered]:
    """Networks with every parameter drawn anew."""
    if next(subject.classifier.network.parameters(), None) is None:
        return []
    groups = find_groups(subject.classifier)
    return [
        Altered(f"draw {draw + 1} of random weights", partial(bank_for_weights, subject, groups, draw))
        for draw in range(DRAWS)
    ]


def bank_for_weights(subject: Subject, groups: Sequence[LayerGroup], draw: int) -> PassBank:
    purpose = picture_digest(subject.pixels), "draw", draw
    lost = randomised(subject.classifier, groups, subject.pixels, subject.seed, *purpose)
    return PassBank(lost, subject.pixels, Question(subject.target, subject.output), subject.seed)


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """The rise of the map's entropy, over what it was."""
    before, after = map_entropy(first.values), map_entropy(other.values)
    if before is None or after is None:
        return Measured(altered.name, None, reason=CONSTANT)
    return Measured(altered.name, after / before - 1)


def judge(found: Sequence[Measured]) -> Judgement:
    """By the interval of the mean over draws."""
    values, gap = told(found)
    if not values:
        return unknown(gap)
    mean, low, high, n = estimates(np.array(values)[:, None], seed=0)[0]
    if isnan(low):
        figures = f"One draw of random weights changes the map's entropy by {percent(mean)}; that is too few to judge."
        return Judgement(mean, None, None, "unclear", sentences(figures, gap))
    standing, words = standing_of(low, high)
    figures = f"{words}: its entropy changes by {percent(mean)} ({percent(low)} to {percent(high)}, {n} draws)."
    return Judgement(mean, low, high, standing, sentences(figures, gap))


def percent(share: float) -> str:
    """With its sign, where it has one when rounded.

    >>> percent(0.126), percent(-0.04), percent(-0.0)
    ('+13 %', '-4 %', '0 %')
    """
    rounded = round(100 * share)
    return f"{rounded:+d} %" if rounded else "0 %"


def standing_of(low: float, high: float) -> tuple[Standing, str]:
    """A fall is no failure: the map does depend on the weights, though not as the check expects."""
    if low > -STILL and high < STILL:
        return "fails", "Random weights hardly change how many values the map has"
    if low > 0:
        return "passes", "Under random weights the map comes nearer to noise"
    if high < 0:
        return "unclear", "Under random weights the map changes, but becomes simpler and not nearer to noise"
    return "unclear", "Whether the map comes nearer to noise under random weights hangs on the draw"


EFFICIENT = Check(
    name="efficient",
    label="Random weights, efficient form",
    summary="Under random weights the map must come nearer to noise: its entropy rises, whatever it was before.",
    number="relative rise of the map's entropy",
    criterion=(
        f"Passes where the 95 % interval of the mean relative rise over {DRAWS} draws of random weights lies above 0; "
        f"fails where it lies within {100 * STILL:g} % of 0, so that the map hardly knows of the weights. A fall is "
        f"unclear: the map changes, though not as expected. Entropy is that of a histogram of 100 bins. The thresholds "
        f"are ours."
    ),
    limits=(
        "It sees how many values a map has and not where they lie: a method whose map only moves fails, and one whose "
        "map was simple to begin with passes easily.",
        "A few strong pixels make a histogram simple, and a random network may have more of them than a trained one. "
        "On EfficientNet-Lite0 and a photo of a cat the entropy of the plain gradient fell by a quarter.",
        "Where the explained class gets no signal in a random network the map is constant; such draws are left out.",
        "The random controls keep their seed here, so that they, like all that look at no model, keep their map and "
        "fail by construction.",
    ),
    paper="Hedström et al. 2024, arXiv:2401.06465",
    alter=random_weights,
    without="This network has no parameters that could be drawn anew.",
    compare=compare,
    judge=judge,
)
