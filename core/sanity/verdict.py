"""Whether a method passes the randomisation check: the criterion, its doubt, and what the check can't tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Literal, NamedTuple

Standing = Literal["passes", "fails", "unclear"]
HALF = 0.5
CRITERION = (
    "Passes if the map is surely less than half alike, by rank correlation of magnitudes, both on average over the "
    "stages and with everything randomised; fails if either is surely more than half. Half lies between a map that has "
    "nothing to do with it (0, as the random control) and one that ignores the model (1, as the edge detector). "
    "Surely: for every draw of weights that gives a map, two at least, on one picture; for the whole 95 % interval "
    "over five pictures or more. Where layers are randomised one at a time, the average alone decides. "
    "The criterion is ours; Adebayo et al. 2018 judge by eye and by curves."
)
LIMITS = (
    "To pass is the least that can be asked: a map that changes with the weights may still be wrong about them. "
    "A random map passes.",
    "Some likeness is the picture's own: what is dark or even stays faint whatever the weights are, and tasks in which "
    "the picture says nearly all make good methods fail (Yona and Greenfeld 2021, arXiv:2110.14297).",
    "Randomising from the top keeps much of what the lower layers compute, and of its scale, so that methods that "
    "follow activations look alike for longer; noisy maps lose their likeness soonest, which is no merit "
    "(Binder et al. 2023, arXiv:2211.12486).",
    "The average over the stages hangs on how the layers are grouped, and one over single groups on how many there "
    "are: compare methods within a run, and take what lies near half for open.",
    "The measure matters: signs, scaling and cutting before comparing may turn the order of methods "
    "(Sundararajan and Taly 2018, arXiv:1806.04205). Four similarities stand side by side; HOG sees the grid that a "
    "method draws by itself, so compare it with the random controls.",
    "A draw more can only make a verdict harder to reach: each has to lie on one side.",
    "Randomised networks see nothing in the picture, and a class may be dead in them: a blank map has no likeness, and "
    "is counted apart.",
)


class Alike(NamedTuple):
    """How alike maps are, with the lowest and the highest that it may be; NaN where it can't be told."""

    value: float = nan
    low: float = nan
    high: float = nan


@dataclass(frozen=True)
class VerdictReady:
    """How a method stands after what is known so far; a later one of the method takes its place.

    Parameters
    ----------
    mean
        Rank correlation of magnitudes with the map of the trained network, on average over the stages; the trained
        network itself is none of them.
    last
        The same with everything randomised; NaN where that is no stage.
    chance
        Between which values lie 95 % of the same correlation for copies of the map that are shifted, flipped and
        turned; None where that was not asked.
    n
        Draws of random weights on one picture, pictures where there are many.
    blank
        Of all maps of randomised networks, how many were constant or refused and have no likeness.
    sentence
        The verdict in words, with its figures.
    final
        Whether nothing more will come.
    """

    method: str
    standing: Standing
    mean: Alike
    last: Alike
    chance: tuple[float, float] | None
    n: int
    blank: int
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "verdict", self.method


def standing(*alike: Alike) -> Standing:
    """What the criterion says of likenesses; those that can't be told neither fail a method nor let it pass.

    >>> standing(Alike(0.3, 0.2, 0.4), Alike(0.1, 0.0, 0.2)), standing(Alike(0.3, 0.2, 0.6), Alike(0.1, 0.0, 0.2))
    ('passes', 'unclear')
    >>> standing(Alike(0.8, 0.7, 0.9), Alike()), standing(Alike(0.1, 0.0, 0.2), Alike())
    ('fails', 'unclear')
    """
    if any(each.low > HALF for each in alike):
        return "fails"
    return "passes" if all(each.high < HALF for each in alike) else "unclear"


def spread(values: Sequence[float]) -> Alike:
    """The mean of some draws, from the lowest to the highest; without ends where one is all.

    >>> spread([0.25, 0.75]), spread([0.5])
    (Alike(value=0.5, low=0.25, high=0.75), Alike(value=0.5, low=nan, high=nan))
    """
    if not values:
        return Alike()
    mean = sum(values) / len(values)
    return Alike(mean, min(values), max(values)) if len(values) > 1 else Alike(mean)


def in_words(
    standing: Standing,
    mean: Alike,
    last: Alike,
    chance: tuple[float, float] | None,
    over: str,
    blank: int,
    maps: int,
    final: bool = True,
) -> str:
    """The verdict as a sentence.

    >>> in_words("fails", Alike(0.8, 0.7, 0.9), Alike(0.4, 0.3, 0.5), None, "3 draws", 0, 24)
    'Fails: it stays alike, .80 [.70, .90] on average and .40 [.30, .50] with everything randomised, over 3 draws.'
    """
    if isnan(mean.value):
        return "Unclear: the randomised networks give no map that could be compared."
    opening = {
        "passes": "Passes: it changes with the weights,",
        "fails": "Fails: it stays alike,",
        "unclear": "Unclear:" if final else "So far:",
    }[standing]
    told = f"{figure(mean)} on average"
    if not isnan(last.value):
        told += f" and {figure(last)} with everything randomised"
    by_chance = f" Copies of the map that lie elsewhere: {short(chance[0])} to {short(chance[1])}." if chance else ""
    without = f" {blank} of {maps} maps were blank or refused, and have no likeness." if blank else ""
    return f"{opening} {told}, over {over}.{by_chance}{without}"


def figure(alike: Alike) -> str:
    interval = "" if isnan(alike.low) else f" [{short(alike.low)}, {short(alike.high)}]"
    return f"{short(alike.value)}{interval}"


def short(number: float) -> str:
    """A correlation as tables have it.

    >>> short(0.5), short(-0.031), short(1.0), short(-0.001)
    ('.50', '−.03', '1.00', '.00')
    """
    told = f"{abs(number):.2f}"
    return ("−" if number < 0 and told != "0.00" else "") + (told[1:] if told.startswith("0") else told)
