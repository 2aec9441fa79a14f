"""Shifted input: pixels and network are moved alike, so that the network says the very same; so must the map."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.models.classifier import RGB, Classifier
from core.randomness import picture_digest
from core.sanity.alterations import Altered, Check, Judgement, Measured, sentences, span, told, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

SHIFTS = (0.25, -0.5)
STILL, MOVED = 0.01, 0.1


def shifts(subject: Subject) -> list[Altered]:
    return [Altered(f"pixels {shift:+g}", partial(bank_for_shift, subject, shift)) for shift in SHIFTS]


def bank_for_shift(subject: Subject, shift: float) -> PassBank:
    question = Question(subject.target, subject.output)
    bank = PassBank(shifted(subject.classifier, shift), subject.pixels + shift, question, subject.seed)
    bank.digest = picture_digest(subject.pixels)  # what is drawn stays the same, since the picture does
    return bank


def shifted(classifier: Classifier, shift: float) -> Classifier:
    """A copy for pixels that all lie higher: what it subtracts goes along, and so does every colour that it knows."""

    def moved(colour: RGB) -> RGB:
        red, green, blue = colour
        return red + shift, green + shift, blue + shift

    seen = classifier.preprocessing
    made = copy.copy(classifier)
    made.preprocessing = replace(seen, geometry=lambda picture: seen.geometry(picture) + shift, mean=moved(seen.mean))
    made.dataset_mean = moved(classifier.dataset_mean)
    made._shift = classifier._shift + shift
    return made


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """How far the map moved, over its own length."""
    values = first.values.double()
    return Measured(altered.name, float((other.values.double() - values).norm() / values.norm()))


def judge(found: Sequence[Measured]) -> Judgement:
    """By the shift that moves the map furthest."""
    values, gap = told(found)
    if not values:
        return unknown(gap)
    standing, words = standing_of(max(values))
    figures = f"{words}: it moves by {span([100 * value for value in values], '{:.1f}')} % of its length."
    return Judgement(max(values), min(values), max(values), standing, sentences(figures, gap))


def standing_of(furthest: float) -> tuple[Standing, str]:
    if furthest < STILL:
        return "passes", "The map stays as it is where pixels and network are shifted alike"
    if furthest > MOVED:
        return "fails", "The map changes although the network says the very same"
    return "unclear", "The map changes a little, which rounding alone may do"


INPUT_SHIFT = Check(
    name="input_shift",
    label="Shifted input",
    summary="A shift of all pixels that the network takes back must leave the map as it is.",
    number="change, as a share of the map's length",
    criterion=(
        f"Pixels are moved by {' and by '.join(f'{shift:+g}' for shift in SHIFTS)} of their range, and the mean that "
        f"the network subtracts with them. Passes where the map moves by less than {100 * STILL:g} % of its length "
        f"each time; fails where it moves by more than {100 * MOVED:g} % once. The thresholds are ours."
    ),
    limits=(
        "What compares with a fixed colour, or blackens pixels, fails by its choice of that colour. With one that goes "
        "along, as the data set's mean does, it may pass.",
        "Only shifts of all pixels by one number are tried.",
        "Controls that look at no model pass: to stay the same is no merit where nothing was looked at.",
    ),
    paper="Kindermans et al. 2019, arXiv:1711.00867",
    alter=shifts,
    without="",
    compare=compare,
    judge=judge,
)
