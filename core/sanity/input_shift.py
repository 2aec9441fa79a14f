"""Input shift: pixels and network are shifted together, so that the answer stays the same; so must the map."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.models.classifier import Classifier, Colour
from core.randomness import picture_digest
from core.sanity.alterations import Altered, Check, Judgement, Measured, known, sentences, span, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

SHIFTS = (0.25, -0.5)
STILL, MOVED = 0.01, 0.1


def shifts(subject: Subject) -> list[Altered]:
    return [Altered(f"pixels {shift:+g}", partial(bank_for_shift, subject, shift)) for shift in SHIFTS]


def bank_for_shift(subject: Subject, shift: float) -> PassBank:
    bank = replace(subject, classifier=shifted(subject.classifier, shift), pixels=subject.pixels + shift).bank()
    bank.digest = picture_digest(subject.pixels)  # random draws stay the same, since the picture does
    return bank


def shifted(classifier: Classifier, shift: float) -> Classifier:
    """A copy for shifted pixels: the mean that it subtracts is shifted too, and so is every colour that it knows."""

    def moved(colour: Colour) -> Colour:
        return tuple(each + shift for each in colour)

    seen = classifier.preprocessing
    made = copy.copy(classifier)
    made.preprocessing = replace(seen, geometry=lambda picture: seen.geometry(picture) + shift, mean=moved(seen.mean))
    made.dataset_mean = moved(classifier.dataset_mean)
    made._shift = classifier._shift + shift
    return made


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """How far the map changed, relative to its norm."""
    values = first.values.double()
    return Measured(altered.name, float((other.values.double() - values).norm() / values.norm()))


def judge(found: Sequence[Measured]) -> Judgement:
    """By the shift that changes the map most."""
    values, gap = known(found)
    if not values:
        return unknown(gap)
    standing, words = standing_of(max(values))
    figures = f"{words}: it changes by {span([100 * value for value in values], '{:.1f}')} % of its norm."
    return Judgement(max(values), min(values), max(values), standing, sentences(figures, gap))


def standing_of(furthest: float) -> tuple[Standing, str]:
    if furthest < STILL:
        return "passes", "The map stays the same when pixels and network are shifted together"
    if furthest > MOVED:
        return "fails", "The map changes although the network's answer does not"
    return "unclear", "The map changes slightly, possibly by rounding alone"


INPUT_SHIFT = Check(
    name="input_shift",
    label="Shifted input",
    summary="A shift of all pixels that the network subtracts again must leave the map unchanged.",
    number="change, as a share of the map's norm",
    criterion=(
        f"Pixels are shifted by {' and by '.join(f'{shift:+g}' for shift in SHIFTS)} of their range, and so is the "
        f"mean that the network subtracts. Passes where the map changes by less than {100 * STILL:g} % of its norm "
        f"each time; fails where it changes by more than {100 * MOVED:g} % once. The thresholds are ours."
    ),
    limits=(
        "A method that compares with a fixed colour, or blackens pixels, fails because of that colour. With one that "
        "shifts too, such as the data set's mean, it may pass.",
        "Only shifts of all pixels by one number are tried.",
        "Controls that ignore the model pass: their stability is no merit.",
    ),
    paper="Kindermans et al. 2019, arXiv:1711.00867",
    alter=shifts,
    count=lambda _: len(SHIFTS),
    without="",
    compare=compare,
    judge=judge,
)
