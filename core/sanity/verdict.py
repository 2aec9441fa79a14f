"""Whether a method passes the randomisation check: the criterion, its uncertainty, and what the check cannot show."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Literal, NamedTuple

Standing = Literal["passes", "fails", "unclear"]
HALF = 0.5
CRITERION = (
    "Passes if the similarity (rank correlation of magnitudes) is below 0.5, both on average over the stages and when "
    "fully randomised; fails if either is above 0.5. This threshold lies halfway between an unrelated map (0, like the "
    "random control) and one that ignores the model (1, like the edge detector). On one picture it must hold for "
    "every draw of weights that gives a map, at least two; over five pictures or more, for the whole 95 % interval. "
    "Where layers are randomised one at a time, the average alone decides. "
    "The criterion is ours; Adebayo et al. 2018 judge by eye and by curves."
)
LIMITS = (
    "Passing is necessary, not sufficient: a map that changes with the weights may still be wrong about them. "
    "A random map passes.",
    "Some similarity comes from the picture: dark or even areas stay faint whatever the weights are, and good methods "
    "fail in tasks that the picture alone nearly decides (Yona and Greenfeld 2021, arXiv:2110.14297).",
    "Randomising from the top keeps much of what the lower layers compute, and of its scale, so methods that "
    "follow activations stay similar for longer; noisy maps lose their similarity soonest, which is no merit "
    "(Binder et al. 2023, arXiv:2211.12486).",
    "The average over the stages depends on how the layers are grouped, and in independent mode on the number of "
    "groups: compare methods within a run, and treat values near 0.5 as undecided.",
    "The similarity measure matters: signs, scaling and clipping before the comparison may change the order of methods "
    "(Sundararajan and Taly 2018, arXiv:1806.04205). So four similarities are shown; HOG responds to the grid that "
    "some methods produce, so compare it with the random controls.",
    "Every further draw can only make a verdict harder to reach: all have to lie on the same side.",
    "Randomised networks recognise nothing in the picture, and a class may be dead in them: a blank map has no "
    "similarity, and is counted separately.",
)


class MeanSimilarity(NamedTuple):
    """The mean of a similarity, with its lowest and highest plausible value; NaN where undefined."""

    value: float = nan
    low: float = nan
    high: float = nan


@dataclass(frozen=True)
class VerdictReady:
    """How a method stands with what is known so far; a later one for the method takes its place.

    Parameters
    ----------
    mean
        Rank correlation of magnitudes with the map of the trained network, averaged over the stages; the trained
        network itself is not one of them.
    last
        The same when fully randomised; NaN where that is not a stage.
    chance
        The bounds that contain 95 % of the same correlation for shifted, flipped and rotated copies of the map; None if
        not requested.
    n
        Number of draws of random weights on one picture, or number of pictures.
    blank
        Number of maps of randomised networks that were constant or refused, and so have no similarity.
    sentence
        The verdict in words, with its numbers.
    final
        Whether nothing more will come.
    """

    method: str
    standing: Standing
    mean: MeanSimilarity
    last: MeanSimilarity
    chance: tuple[float, float] | None
    n: int
    blank: int
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "verdict", self.method


def standing(*similarities: MeanSimilarity) -> Standing:
    """The criterion applied to similarities; undefined ones neither fail a method nor let it pass.

    >>> low, near, high = (MeanSimilarity(mean, mean - 0.125, mean + 0.125) for mean in (0.25, 0.5, 0.75))
    >>> standing(low, low), standing(near, low), standing(high, MeanSimilarity()), standing(low, MeanSimilarity())
    ('passes', 'unclear', 'fails', 'unclear')
    """
    if any(each.low > HALF for each in similarities):
        return "fails"
    return "passes" if all(each.high < HALF for each in similarities) else "unclear"


def spread(values: Sequence[float]) -> MeanSimilarity:
    """The mean of some draws, with the lowest and the highest; without these for a single draw.

    >>> spread([0.25, 0.75]), spread([0.5])
    (MeanSimilarity(value=0.5, low=0.25, high=0.75), MeanSimilarity(value=0.5, low=nan, high=nan))
    """
    if not values:
        return MeanSimilarity()
    mean = sum(values) / len(values)
    return MeanSimilarity(mean, min(values), max(values)) if len(values) > 1 else MeanSimilarity(mean)


def in_words(
    standing: Standing,
    mean: MeanSimilarity,
    last: MeanSimilarity,
    chance: tuple[float, float] | None,
    over: str,
    blank: int,
    maps: int,
    final: bool = True,
) -> str:
    """The verdict as a sentence.

    >>> in_words("fails", MeanSimilarity(0.8, 0.7, 0.9), MeanSimilarity(0.4, 0.3, 0.5), None, "3 draws", 0, 24)
    'Fails: similarity 0.80 [0.70, 0.90] on average and 0.40 [0.30, 0.50] fully randomised, over 3 draws.'
    """
    if isnan(mean.value):
        return "Unclear: the randomised networks give no map to compare."
    opening = {
        "passes": "Passes",
        "fails": "Fails",
        "unclear": "Unclear" if final else "So far",
    }[standing]
    figures = f"{figure(mean)} on average"
    if not isnan(last.value):
        figures += f" and {figure(last)} fully randomised"
    by_chance = f" Copies of the map placed elsewhere: {short(chance[0])} to {short(chance[1])}." if chance else ""
    without = f" {blank} of {maps} maps were blank or refused, and have no similarity." if blank else ""
    return f"{opening}: similarity {figures}, over {over}.{by_chance}{without}"


def figure(similarity: MeanSimilarity) -> str:
    interval = "" if isnan(similarity.low) else f" [{short(similarity.low)}, {short(similarity.high)}]"
    return f"{short(similarity.value)}{interval}"


def short(number: float) -> str:
    """A correlation with two digits.

    >>> short(0.5), short(-0.031), short(-0.001)
    ('0.50', '−0.03', '0.00')
    """
    return f"{number:z.2f}".replace("-", "−")
