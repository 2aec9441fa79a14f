"""Another seed: where chance has a part in a map, how much of the map is chance."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean

from core.methods.heatmap import Heatmap
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import find_method
from core.methods.repeatability import correlation
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, sentences, span, told, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

SEEDS = 2
SAME, OTHER = 0.9, 0.5


def seeds(subject: Subject) -> list[Altered]:
    """Those after the run's own."""
    following = range(subject.seed + 1, subject.seed + 1 + SEEDS)
    return [Altered(f"seed {seed}", partial(bank_for_seed, subject, seed)) for seed in following]


def bank_for_seed(subject: Subject, seed: int) -> PassBank:
    return PassBank(subject.classifier, subject.pixels, Question(subject.target, subject.output), seed)


def spare(heatmap: Heatmap) -> Judgement | None:
    """Draws nothing as it stands; settings of one's own, such as a noisy baseline, may bring chance in."""
    entry = find_method(heatmap.method)
    if entry.drawn or heatmap.settings != entry.complete({}):
        return None
    return Judgement(1.0, 1.0, 1.0, "passes", "Chance has no part in it: every seed gives this map.")


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """Their correlation."""
    found = correlation(first.values, other.values)
    return Measured(altered.name, found, reason=CONSTANT if found is None else "")


def judge(found: Sequence[Measured]) -> Judgement:
    values, gap = told(found)
    if not values:
        return unknown(gap)
    standing, words = standing_of(values)
    figures = f"{words}: r = {span(values)} with {len(values)} other seed{'s' if len(values) > 1 else ''}."
    more = "" if standing == "passes" else "More samples may help, if it takes any."
    return Judgement(fmean(values), min(values), max(values), standing, sentences(figures, more, gap))


def standing_of(values: Sequence[float]) -> tuple[Standing, str]:
    """By the least and the most similar of the maps."""
    if min(values) >= SAME:
        return "passes", "Another seed gives nearly the same map"
    if max(values) < OTHER:
        return "fails", "Another seed gives another map"
    return "unclear", "Another seed gives a map that is the same only in part"


REPEATABILITY = Check(
    name="repeatability",
    label="Another seed",
    summary="Another seed must give the same map, or else the map shows the draw.",
    number="correlation (Pearson's r) with other seeds' maps",
    criterion=(
        f"Passes where the maps of {SEEDS} other seeds correlate with this one by {SAME} or more; fails where all do "
        f"by less than {OTHER}. A method that draws nothing passes with 1. The thresholds are ours."
    ),
    limits=(
        "It judges the number of samples as much as the method: more of them make most maps steadier.",
        "A map may be the same each time and wrong each time: controls that draw nothing pass.",
    ),
    paper="ours",
    alter=seeds,
    without="",
    compare=compare,
    judge=judge,
    spare=spare,
)
