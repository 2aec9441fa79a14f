"""Everything that the scores of a study say about its metrics: from the scores alone, without a model."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from core.coherency.alpha import agreement
from core.coherency.anchor import Anchor
from core.coherency.choices import Flip, flip
from core.coherency.consistency import Change, Consistency, consistency, control_metrics
from core.coherency.controls import placement
from core.coherency.correlation import correlate
from core.coherency.cube import Cube, cube_of, sign_of
from core.coherency.degradation import LEVELS, Degradation, degradation
from core.coherency.differences import critical_differences
from core.coherency.events import (
    AlphasReady,
    ConsistencyReady,
    CorrelationsReady,
    DegradationsReady,
    DifferencesReady,
    ExplainedReady,
    Finding,
    FlipsReady,
    PlacementsReady,
    StatusesReady,
)
from core.coherency.explained import BOTH, explained
from core.coherency.forms import CHOICE, DEGRADED, EQUALISED, STUDY, WINNER, Form, changed
from core.coherency.status import Checks, status
from core.metrics.ranking import Ranking, rank_methods
from core.metrics.statistics import Tally

CHANGES: tuple[Change, ...] = ("picture", "weights")


def findings(forms: Mapping[Form, Tally], seed: int = 0, anchors: Sequence[Anchor] = ()) -> Iterator[Finding]:
    """What the scores so far say, part by part, and every metric's status at the end.

    Parameters
    ----------
    forms
        The study's own scores, under ``("study",)``; a finished study has no others, and what needs them is left out.
    anchors
        Agreement with a known truth, where that was measured.
    """
    cube = cube_of(forms[STUDY])
    judging = cube.with_metrics(cube.judging)
    real = judging.with_methods(judging.real)
    yield AlphasReady(tuple(agreement(real.metrics, real.values, seed)))
    yield CorrelationsReady("raw", tuple(correlate(cube, "raw", seed)))
    yield CorrelationsReady("partial", tuple(correlate(judging, "partial", seed)))
    if EQUALISED in forms:
        yield CorrelationsReady("equalised", tuple(correlate(cube_of(forms[EQUALISED]), "equalised", seed)))
    placements = []
    for metric in judging.metrics:
        if ranking := ranked(forms[STUDY], metric):
            placements.append(placement(ranking))
            yield DifferencesReady(critical_differences(ranking))
    looks = tuple(explained(cube, seed))
    falls = tuple(degradations(forms[DEGRADED], seed)) if DEGRADED in forms else ()
    met = tuple(consistencies(forms, seed))
    yield PlacementsReady(tuple(placements))
    yield ExplainedReady(looks)
    if falls:
        yield DegradationsReady(falls)
    if met:
        yield ConsistencyReady(met)
    if flips := tuple(flipped(forms, seed)):
        yield FlipsReady(flips)
    checks = [
        Checks(
            metric,
            next((each for each in placements if each.metric == metric), None),
            next((each for each in falls if each.metric == metric), None),
            next((each for each in looks if each.metric == metric and each.by == BOTH), None),
            tuple(each for each in met if each.metric == metric),
            tuple(each for each in anchors if each.metric == metric),
        )
        for metric in judging.metrics
    ]
    yield StatusesReady(tuple(map(status, checks)), len(cube.pictures))


def ranked(tally: Tally, metric: str) -> Ranking | None:
    """The methods' ranking; None where no picture has a score for every method."""
    try:
        return rank_methods(tally, metric)
    except ValueError:
        return None


def degradations(tally: Tally, seed: int) -> Iterator[Degradation]:
    """How every metric's score changes; the levels stand where methods do."""
    cube = cube_of(tally)
    levels = cube.with_methods([level for level in map(str, LEVELS) if level in cube.methods])
    for metric in cube.judging:
        yield degradation(metric, levels.of(metric), sign_of(metric), tuple(map(float, levels.methods)), seed)


def consistencies(forms: Mapping[Form, Tally], seed: int) -> Iterator[Consistency]:
    """How every metric meets each change that was made in both sizes."""
    for change in CHANGES:
        both = [forms.get(changed(change, size)) for size in ("minor", "disruptive")]
        minor, disruptive = both
        if minor is None or disruptive is None:
            continue
        clean, *others = aligned([cube_of(forms[STUDY]), cube_of(minor), cube_of(disruptive)])
        for metric in clean.judging:
            less, more = (other.of(metric) for other in others)
            yield consistency(metric, change, clean.of(metric), less, more, seed)
        yield from control_metrics(change, len(clean.pictures), len(clean.methods), seed)


def aligned(cubes: Sequence[Cube]) -> list[Cube]:
    """The cubes with the pictures, real methods and metrics that all of them have."""
    pictures, methods, metrics = (
        [name for name in first if all(name in other for other in others)]
        for first, *others in (
            [each.pictures for each in cubes],
            [each.real for each in cubes],
            [each.metrics for each in cubes],
        )
    )
    return [
        Cube(tuple(pictures), tuple(methods), tuple(metrics), picked(each.with_methods(methods), pictures, metrics))
        for each in cubes
    ]


def picked(
    cube: Cube, pictures: Sequence[str], metrics: Sequence[str]
) -> Float[np.ndarray, "pictures methods metrics"]:
    """The scores of these pictures and metrics, in this order."""
    place = {name: number for number, name in enumerate(cube.pictures)}
    return cube.with_metrics(metrics).values[[place[name] for name in pictures]]


def flipped(forms: Mapping[Form, Tally], seed: int) -> Iterator[Flip]:
    """What every choice does to the winner."""
    for form, tally in forms.items():
        if form[0] == CHOICE:
            usual, other = aligned([cube_of(forms[STUDY]), cube_of(tally)])
            yield flip(form[1], form[2], usual.methods, usual.of(WINNER), other.of(WINNER), seed)
