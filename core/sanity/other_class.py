"""Another class: a map that explains why this class was predicted must differ from that of an absent class."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from core.methods.heatmap import Heatmap
from core.methods.registry import find_method
from core.metrics.similarity import rank_correlation
from core.models.classifier import Classifier
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, known, sentences, span, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

DIFFERENT, SAME = 0.7, 0.9


def other_classes(subject: Subject) -> list[Altered]:
    """The runner-up, the middle one of all others, and the least probable one."""
    if not count_others(subject.classifier):
        return []
    ranking = subject.classifier.logits(subject.pixels)[0].argsort(descending=True).tolist()
    others = [index for index in ranking if index != subject.target]
    chosen = dict.fromkeys((others[0], others[len(others) // 2], others[-1]))
    return [Altered(subject.classifier.labels[other], replace(subject, target=other).bank) for other in chosen]


def count_others(classifier: Classifier) -> int:
    """Three, fewer where there are fewer; none where no class is unrelated to the explained one."""
    others = len(classifier.labels) - 1
    return min(3, others) if others > 1 else 0


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """Rank correlation, with that of magnitudes beside it.

    A negated signed map is not a different map: a method that starts from the score flips sign where the score is
    negative.
    """
    found = rank_correlation(first.values, other.values)
    if found is None:
        return Measured(altered.name, None, reason=CONSTANT)
    signed = find_method(first.method).signed and first.reduction == "sum"
    magnitudes = rank_correlation(first.values.abs(), other.values.abs())
    return Measured(altered.name, abs(found) if signed else found, magnitudes)


def judge(found: Sequence[Measured]) -> Judgement:
    """By the classes far down the list: the runner-up may legitimately rely on the same pixels."""
    near, far = found[0], found[1:]
    values, gap = known(far)
    if not values:
        return unknown(gap or f"So far only the runner-up, {near.name}, has been explained.")
    names = " and ".join(each.name for each in far if each.value is not None)
    runner_up = "" if near.value is None else f", {span([near.value])} for the runner-up {near.name}"
    magnitudes = [each.companion for each in far if each.companion is not None]
    beside = f"Magnitudes alone: {span(magnitudes)}." if magnitudes and span(magnitudes) != span(values) else ""
    standing, words = standing_of(values)
    figures = f"{words}: rank correlation {span(values)} for {names}{runner_up}."
    return Judgement(fmean(values), min(values), max(values), standing, sentences(figures, beside, gap))


def standing_of(values: Sequence[float]) -> tuple[Standing, str]:
    """By the least and the most similar of the maps."""
    if min(values) > SAME:
        return "fails", "The map is nearly the same whichever class is explained"
    if max(values) < DIFFERENT:
        return "passes", "Another class gets another map"
    return "unclear", "Another class changes the map, but not much or not always"


OTHER_CLASS = Check(
    name="other_class",
    label="Another class",
    summary="The map for an absent class must differ from the map for the predicted one.",
    number="rank correlation with other classes' maps",
    criterion=(
        f"Passes where the maps for two classes far down the list, the middle one and the last, correlate with this "
        f"map by less than {DIFFERENT} in rank; fails where both do by more than {SAME}. A negated signed map "
        f"counts as the same, since some methods flip sign with the score. The thresholds are ours."
    ),
    limits=(
        "Two classes may legitimately rely on the same pixels: so the runner-up is shown but not judged.",
        "Unsigned maps share the picture's contrasts, whatever the class, and are more similar.",
        "A map may depend on the class and still not show the evidence for it.",
        "With two classes one is the reverse of the other, so networks with fewer than three are not judged.",
        "Controls that ignore the model give one map for all classes and fail by construction.",
    ),
    paper="our form of a check by Sixt et al. 2020, arXiv:1912.09818",
    alter=other_classes,
    count=count_others,
    without="This network has fewer than three classes, so there is no unrelated one to explain.",
    compare=compare,
    judge=judge,
)
