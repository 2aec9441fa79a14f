"""One picture of a study of coherency: its scores as they are, and in every form that tests the metrics."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Literal, TypeVar, get_args

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from core.coherency.cube import sign_of
from core.coherency.degradation import LEVELS, degraded
from core.coherency.equalised import rank_equalised
from core.coherency.events import PictureShown
from core.coherency.forms import DEGRADED, EQUALISED, STUDY, WINNER, Form, choice
from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, reduce_channels
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import REDUCTIONS, find_method
from core.methods.workload import Workload, outputs
from core.metrics.answers import Answers, Y
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import Curve, area_between
from core.metrics.evidence import LIF, MIF, RANDOM, Trace
from core.metrics.registry import find_metric
from core.metrics.removal import Unit
from core.metrics.statistics import Score
from core.models.answering import AnswerError
from core.models.classifier import Classifier
from core.models.outputs import rather_than
from core.pictures.rendering import in_colour, shrunk
from core.randomness import generator, picture_digest
from core.studies.scoring import ScoresReady, Subject, importance, plan_scores, stream_scores
from core.studies.study import plan_picture

Name = TypeVar("Name", bound=str)
Scores = tuple[Score, ...]
Scoring = Generator[Progress | MethodRefused, None, Scores]
Altered = Callable[[Subject], Subject]
Check = Literal["degradation", "changes", "choices"]
CHECKS: tuple[Check, ...] = get_args(Check)
"""What takes further passes: a map degraded, picture and weights changed, and choices made otherwise."""
CHANGED_FORMS = 4
"""Picture and weights, each with a minor and a disruptive change."""
IMPUTERS = ("black", "blur", "uniform_noise", "noisy_linear", "dataset_mean")
UNITS: tuple[Unit, ...] = ("pixel", "region", "superpixel")
FROM_OTHER_MAPS = frozenset(("moved", "repeated", "ceiling"))
SECOND = "second class"
SIDE_SHOWN, SIDE_OF_MAP = 128, 28
"""Pixels along the longer side of a picture, and of a map, that are shown beside scores."""


@dataclass(frozen=True, eq=False)
class Run:
    """The maps of a subject, and what they score.

    Parameters
    ----------
    curves
        By method.
    scores
        By method and metric; NaN where undefined.
    """

    heatmaps: Mapping[str, Heatmap]
    curves: Mapping[str, Mapping[Trace, Curve]]
    scores: Mapping[str, Mapping[str, float]]

    def rows(self, picture: str) -> Scores:
        """The scores as rows of a table."""
        return rows_of(picture, self.scores)


@dataclass(frozen=True, eq=False)
class PictureStudy:
    """What is computed for a picture.

    Parameters
    ----------
    checks
        The changes of picture and weights, by form; None where a picture is only scored.
    checking
        What is checked on a picture that is not only scored.
    """

    metrics: tuple[str, ...]
    perturbation: Perturbation
    checks: Mapping[Form, Altered] | None = None
    checking: Collection[Check] = CHECKS

    def forms(
        self, picture: str, subject: Subject
    ) -> Generator[Progress | MethodRefused | PictureShown, None, dict[Form, Scores]]:
        """The scores in every form, and once the maps are there the picture with them; yields after every batch."""
        phases = Phases([each.passes for each in self.planned(subject.classifier, subject.request)])
        run = yield from phases.part(explained(subject, self.metrics, self.perturbation))
        found = {STUDY: run.rows(picture)}
        again = [name for name in self.metrics if judges_values(name)]
        equalising = equalised(picture, subject, run, again, self.perturbation)
        found[EQUALISED] = yield from phases.part(equalising)
        real = [name for name in run.heatmaps if not find_method(name).control]
        yield shown(picture, subject, {name: run.heatmaps[name] for name in real})
        if self.checks is None or not real:
            return found
        if "degradation" in self.checking:
            degrading = degrade(picture, subject, run, best_of(run, real), again, self.perturbation)
            found[DEGRADED] = yield from phases.part(degrading)
        judging = [name for name in self.metrics if find_metric(name).direction != "none"]
        mine = replace(subject, request=subject.request.as_made({name: run.heatmaps[name] for name in real}))
        for form, alter in self.checks.items() if "changes" in self.checking else ():
            found[form] = yield from phases.part(altered(picture, mine, alter, judging, self.perturbation))
        if "choices" in self.checking:
            for form, scoring in choices(picture, mine, run, self.perturbation):
                found[form] = yield from phases.part(scoring)
        return found

    def planned(self, classifier: Classifier, request: HeatmapRequest) -> list[Workload]:
        """About what each form takes of the network."""
        own = sum(plan_picture(classifier, request, self.metrics, self.perturbation), Workload())
        parts = [own, outputs(2 * len(request.methods))]
        real = request.only([name for name in request.methods if not find_method(name).control])
        if self.checks is None or not real.methods:
            return parts
        if "degradation" in self.checking:
            steps = plan_scores(self.metrics, self.perturbation, classifier.size, len(LEVELS) - 1, Workload())
            parts.append(sum(steps, Workload()))
        if "changes" in self.checking:
            anew = sum(plan_picture(classifier, real, self.metrics, self.perturbation), Workload())
            parts += [anew] * (len(self.checks) or CHANGED_FORMS)
        if "choices" in self.checking:
            curves = outputs(count_visits((MIF, LIF), len(real.methods), self.perturbation, classifier.size))
            parts += [curves] * (len(IMPUTERS) + len(UNITS) + len(REDUCTIONS) + len(get_args(Y)))
        return parts


def shown(picture: str, subject: Subject, heatmaps: Mapping[str, Heatmap]) -> PictureShown:
    """The picture and its maps, small and away from the device."""
    pixels = torch.stack([shrunk(channel, SIDE_SHOWN) for channel in in_colour(subject.pixels[0])])
    maps = {name: shrunk(heatmap.values, SIDE_OF_MAP).detach().cpu() for name, heatmap in heatmaps.items()}
    return PictureShown(picture, pixels.detach().cpu(), maps)


def judges_values(metric: str) -> bool:
    """Whether a metric judges the values of one map, and not how its method repeats itself or adds up.

    >>> judges_values("deletion"), judges_values("infidelity"), judges_values("max_sensitivity"), judges_values("gini")
    (True, True, False, False)
    """
    entry = find_metric(metric)
    of_method = entry.group == "robustness" and "removals" not in entry.needs
    return entry.direction != "none" and not of_method and not FROM_OTHER_MAPS.intersection(entry.needs)


def rows_of(picture: str, scores: Mapping[str, Mapping[str, float]]) -> Scores:
    """Scores by method and metric as rows of a table."""
    return tuple(
        Score(picture, method, metric, score) for method, own in scores.items() for metric, score in own.items()
    )


def explained(
    subject: Subject, metrics: Sequence[str], perturbation: Perturbation
) -> Generator[Progress | MethodRefused, None, Run]:
    """The subject's maps, and what they score."""
    heatmaps: dict[str, Heatmap] = {}
    for event in subject.heatmaps(rough=False):
        if isinstance(event, HeatmapReady):
            heatmaps[event.heatmap.method] = event.heatmap
        else:
            yield event
    curves, scores = yield from scored(subject, heatmaps, metrics, perturbation)
    return Run(heatmaps, curves, scores)


def scored(
    subject: Subject,
    heatmaps: Mapping[str, Heatmap],
    metrics: Sequence[str],
    perturbation: Perturbation,
    known: Mapping[str, Mapping[Trace, Curve]] | None = None,
) -> Generator[Progress, None, tuple[Mapping[str, Mapping[Trace, Curve]], dict[str, dict[str, float]]]]:
    """The curves of these maps, and their scores."""
    scores: dict[str, dict[str, float]] = {}
    scoring = stream_scores(subject, heatmaps, metrics, perturbation, known)
    while True:
        try:
            event = next(scoring)
        except StopIteration as end:
            return end.value, scores
        if isinstance(event, ScoresReady):
            scores[event.method] = {name: nan if score is None else score for name, score in event.scores.items()}
        else:
            yield event


def with_values(heatmap: Heatmap, values: Tensor) -> Heatmap:
    """The heatmap with other values."""
    return replace(heatmap, values=values, attribution=values[None])


def equalised(picture: str, subject: Subject, run: Run, metrics: Sequence[str], perturbation: Perturbation) -> Scoring:
    """The scores of rank-equalised maps; a metric that reads curves alone has the scores that it had."""
    by_rank = [name for name in metrics if find_metric(name).reads]
    others = [name for name in metrics if name not in by_rank]
    maps = {name: with_values(each, rank_equalised(each.values)) for name, each in run.heatmaps.items()}
    _, scores = yield from scored(subject, maps, others, perturbation)
    kept = {method: {name: run.scores[method][name] for name in by_rank} | scores.get(method, {}) for method in maps}
    return rows_of(picture, kept)


def best_of(run: Run, methods: Sequence[str]) -> str:
    """The method with the best mean rank over the metrics that judge, on this picture; the first of equal ones."""
    metrics = [name for name in run.scores[methods[0]] if judges_values(name)]
    scores = np.array([[-sign_of(name) * run.scores[method][name] for name in metrics] for method in methods])
    ranked = rankdata(np.where(np.isfinite(scores), scores, np.inf), axis=0)
    return methods[int(ranked.mean(axis=1).argmin())] if metrics else methods[0]


def degrade(
    picture: str, subject: Subject, run: Run, good: str, metrics: Sequence[str], perturbation: Perturbation
) -> Scoring:
    """The scores of a good map that is degraded step by step; the levels stand where methods do."""
    found = {str(LEVELS[0]): {name: run.scores[good][name] for name in metrics}}
    known = {trace: curve for trace, curve in run.curves[good].items() if trace.order == RANDOM.order}
    pixels = subject.pixels
    for level in LEVELS[1:]:
        draw = generator(subject.seed, picture_digest(pixels), "coherency", "degraded")
        worse = with_values(run.heatmaps[good], degraded(run.heatmaps[good].values, level, draw))
        _, scores = yield from scored(subject, {good: worse}, metrics, perturbation, {good: known})
        found[str(level)] = scores[good]
    return rows_of(picture, found)


def altered(
    picture: str, subject: Subject, alter: Altered, metrics: Sequence[str], perturbation: Perturbation
) -> Scoring:
    """The scores of everything computed anew on a changed picture or network; none where it cannot be judged."""
    try:
        run = yield from without_refusals(explained(alter(subject), metrics, perturbation))
    except (AnswerError, ValueError):
        return ()
    return run.rows(picture)


def without_refusals(running: Generator[Progress | MethodRefused, None, Run]) -> Generator[Progress, None, Run]:
    """The same without methods that do not apply, which the study itself reports."""
    while True:
        try:
            event = next(running)
        except StopIteration as end:
            found: Run = end.value
            return found
        if isinstance(event, Progress):
            yield event


def choices(picture: str, subject: Subject, run: Run, perturbation: Perturbation) -> Iterator[tuple[Form, Scoring]]:
    """Each choice made otherwise, alone: imputer, unit, y, sign and class."""
    maps = {name: run.heatmaps[name] for name in subject.request.methods}
    for imputer in without(IMPUTERS, perturbation.imputer):
        yield choice("imputer", imputer), fidelities(picture, subject, maps, replace(perturbation, imputer=imputer))
    for unit in without(UNITS, perturbation.unit):
        yield choice("unit", unit), fidelities(picture, subject, maps, replace(perturbation, unit=unit))
    others: tuple[Y, ...] = get_args(Y)
    for y in without(others, perturbation.y):
        yield choice("y", y), fidelities(picture, subject, maps, replace(perturbation, y=y))
    for reduction in REDUCTIONS:
        if all(each.reduction == reduction for each in maps.values()):
            continue
        reduced = {
            name: replace(each, values=reduce_channels(each.attribution, reduction), reduction=reduction)
            for name, each in maps.items()
        }
        yield choice("sign", reduction), fidelities(picture, subject, reduced, perturbation)
    yield choice("target", SECOND), of_second_class(picture, subject, perturbation)


def without(names: Iterable[Name], *used: Name) -> list[Name]:
    """The other names."""
    return [name for name in names if name not in used]


def fidelities(picture: str, subject: Subject, maps: Mapping[str, Heatmap], perturbation: Perturbation) -> Scoring:
    """F of every map; none where it is undefined with this choice."""
    values = {name: importance(heatmap, perturbation.unit) for name, heatmap in maps.items()}
    classifier, pixels = subject.classifier, subject.pixels
    try:
        answers = Answers(classifier, pixels, subject.target, perturbation.y, rather_than(subject.request.output))
        curves = yield from trace_curves(classifier, pixels, values, (MIF, LIF), answers, perturbation, subject.seed)
    except ValueError:
        return ()
    return rows_of(picture, {name: {WINNER: area_between(own[LIF], own[MIF])} for name, own in curves.items()})


def of_second_class(picture: str, subject: Subject, perturbation: Perturbation) -> Scoring:
    """F of every method's map for the most probable class besides the one that is explained."""
    logits = subject.classifier.logits(subject.pixels)[0].clone()
    logits[subject.target] = -np.inf
    other = replace(subject, target=int(logits.argmax()))
    return (yield from altered(picture, other, lambda each: each, [WINNER], perturbation))
