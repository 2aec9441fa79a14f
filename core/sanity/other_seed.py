"""Another seed: how much of a random method's map is chance."""

from collections.abc import Sequence
from statistics import fmean

from core.methods.heatmap import Heatmap
from core.methods.registry import find_method
from core.methods.repeatability import correlation
from core.sanity.alterations import CONSTANT, Altered, Check, Judgement, Measured, known, sentences, span, unknown
from core.sanity.verdict import Standing
from core.studies.scoring import Subject, with_seed

SEEDS = 2
SAME, OTHER = 0.9, 0.5


def seeds(subject: Subject) -> list[Altered]:
    """The seeds after the run's own."""
    following = range(subject.seed + 1, subject.seed + 1 + SEEDS)
    return [Altered(f"seed {seed}", with_seed(subject, seed).bank) for seed in following]


def spare(heatmap: Heatmap) -> Judgement | None:
    """Deterministic by default; a person's own settings, such as a noisy baseline, may add randomness."""
    entry = find_method(heatmap.method)
    if entry.drawn or heatmap.settings != entry.complete({}):
        return None
    return Judgement(1.0, 1.0, 1.0, "passes", "Deterministic: every seed gives the same map.")


def compare(altered: Altered, first: Heatmap, other: Heatmap) -> Measured:
    """Their correlation."""
    found = correlation(first.values, other.values)
    return Measured(altered.name, found, reason=CONSTANT if found is None else "")


def judge(found: Sequence[Measured]) -> Judgement:
    values, gap = known(found)
    if not values:
        return unknown(gap)
    standing, words = standing_of(values)
    figures = f"{words}: r = {span(values)} with {len(values)} other seed{'s' if len(values) > 1 else ''}."
    more = "" if standing == "passes" else "More samples may help, if the method uses any."
    return Judgement(fmean(values), min(values), max(values), standing, sentences(figures, more, gap))


def standing_of(values: Sequence[float]) -> tuple[Standing, str]:
    """By the least and the most similar of the maps."""
    if min(values) >= SAME:
        return "passes", "Another seed gives nearly the same map"
    if max(values) < OTHER:
        return "fails", "Another seed gives another map"
    return "unclear", "Another seed gives a partly different map"


REPEATABILITY = Check(
    name="repeatability",
    label="Another seed",
    summary="Another seed must give the same map; otherwise the map shows the random draw.",
    number="correlation (Pearson's r) with other seeds' maps",
    criterion=(
        f"Passes where the maps of {SEEDS} other seeds correlate with this one by {SAME} or more; fails where all do "
        f"by less than {OTHER}. A deterministic method passes with 1. The thresholds are ours."
    ),
    limits=(
        "It judges the number of samples as much as the method: more samples make most maps more stable.",
        "A map may be the same each time and wrong each time: deterministic controls pass.",
    ),
    paper="ours",
    alter=seeds,
    count=lambda _: SEEDS,
    without="",
    compare=compare,
    judge=judge,
    spare=spare,
)
