"""Another class: a map that says why this class was seen has to differ from that of a class that was not."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import find_method
from core.metrics.similarity import rank_correlation
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, sentences, span, told, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

APART, ALIKE = 0.7, 0.9


def other_classes(subject: Subject) -> list[Altered]:
    """The runner-up, the one in the middle of all others, and the one that the network believes least."""
    ranking = subject.classifier.logits(subject.pixels)[0].argsort(descending=True).tolist()
    others = [index for index in ranking if index != subject.target]
    if len(others) < 2:
        return []
    chosen = dict.fromkeys((others[0], others[len(others) // 2], others[-1]))
    return [Altered(subject.classifier.labels[other], partial(bank_for_class, subject, other)) for other in chosen]


def bank_for_class(subject: Subject, other: int) -> PassBank:
    return PassBank(subject.classifier, subject.pixels, Question(other, subject.output), subject.seed)


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """Rank correlation, that of magnitudes beside it.

    A signed map upside down is no other map: what starts from the score turns round where the score is negative.
    """
    found = rank_correlation(first.values, other.values)
    if found is None:
        return Measured(altered.name, None, reason=CONSTANT)
    signed = find_method(first.method).signed and first.reduction == "sum"
    magnitudes = rank_correlation(first.values.abs(), other.values.abs())
    return Measured(altered.name, abs(found) if signed else found, magnitudes)


def judge(found: Sequence[Measured]) -> Judgement:
    """By the classes far down the list: the runner-up may rightly be seen in the same pixels."""
    near, far = found[0], found[1:]
    values, gap = told(far)
    if not values:
        return unknown(gap or f"So far only the runner-up, {near.name}, was asked for.")
    names = " and ".join(each.name for each in far if each.value is not None)
    runner_up = "" if near.value is None else f", {near.value:.2f} for the runner-up {near.name}"
    magnitudes = [each.aside for each in far if each.aside is not None]
    beside = f"Magnitudes alone: {span(magnitudes)}." if magnitudes and span(magnitudes) != span(values) else ""
    standing, words = standing_of(values)
    figures = f"{words}: rank correlation {span(values)} for {names}{runner_up}."
    return Judgement(fmean(values), min(values), max(values), standing, sentences(figures, beside, gap))


def standing_of(values: Sequence[float]) -> tuple[Standing, str]:
    """By the least and the most similar of the maps."""
    if min(values) > ALIKE:
        return "fails", "It draws nearly the same map whichever class is asked for"
    if max(values) < APART:
        return "passes", "Another class gets another map"
    return "unclear", "Another class changes the map, but not by much or not always"


OTHER_CLASS = Check(
    name="other_class",
    label="Another class",
    summary="The map for a class that is not seen here must differ from the map for the one that is.",
    number="rank correlation with other classes' maps",
    criterion=(
        f"Passes where the maps for two classes far down the list, the middle one and the last, correlate with this "
        f"map by less than {APART} in rank; fails where both do by more than {ALIKE}. Of a signed map the reverse "
        f"counts as the same, since what starts from the score turns round with it. The thresholds are ours."
    ),
    limits=(
        "Two classes may rightly be seen in the same pixels: that is why the runner-up is told and not judged.",
        "Maps without sign share the picture's contrasts, whatever the class, and come out more alike.",
        "A map may depend on the class and still not show what speaks for it.",
        "Of two classes one is the other's reverse, so networks with fewer than three are not judged.",
        "Controls that look at no model draw one map for all classes and fail by construction.",
    ),
    paper="our form of a check by Sixt et al. 2020, arXiv:1912.09818",
    alter=other_classes,
    without="This network has fewer than three classes, so there is no unrelated one to ask for.",
    compare=compare,
    judge=judge,
)
