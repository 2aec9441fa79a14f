"""Which methods find the stamp: scores over many stamped pictures, once the model has passed the gate."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from operator import itemgetter

from jaxtyping import Float
from torch import Tensor

from core.jobs.awaiting import awaited
from core.jobs.events import Progress, Returning
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.metrics.curve_plan import Perturbation
from core.metrics.registry import find_metric
from core.metrics.statistics import Estimate, Tally
from core.models.outputs import Output
from core.stamping.causal import Causal, CausalReady, causal_of, mean_causal
from core.stamping.gate import Gate, GateReady, measure_gate
from core.stamping.models import StampModel
from core.stamping.task import Example, Task, check_stamps, draw_examples
from core.studies.evaluation import PictureScored, SummaryReady, means
from core.studies.over_pictures import OnePicture, PictureRefused, on_picture, over_pictures
from core.studies.scoring import Subject
from core.studies.study import Scores, Study, TruthRefused

STAMP_METRICS = (
    "stamp_distance", "causal_distance", "specificity", "relevance_mass", "rank_accuracy", "auroc", "average_precision",
    "pointing_game", "constant",
)  # fmt: skip
Event = (
    Progress | GateReady | CausalReady | MethodRefused | PictureScored | PictureRefused | TruthRefused | SummaryReady
)
Judged = tuple[Scores, Causal | None]
"""One stamped picture's scores, and what its stamp's pixels do."""


@dataclass(frozen=True)
class SweepPoint:
    """How near methods come to stamps of one size and opacity.

    Parameters
    ----------
    gate
        The model's, for stamps like these.
    distances
        Each method's mean stamp distance; empty where the gate failed, since there is no ground truth.
    done, total
        Points finished so far, and all points.
    """

    size: int
    opacity: float
    gate: Gate
    distances: Mapping[str, Estimate]
    done: int
    total: int


def stream_stamp_benchmark(
    model: StampModel,
    methods: Sequence[str],
    metrics: Sequence[str] | None = None,
    pictures: int = 200,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """The model's gate, then scores picture by picture with the means of all so far; a step is one batch.

    The model has seen none of the pictures. Every control and the oracle are included; the class of the stamp is
    explained. If the gate fails nothing is scored: the stamp's location cannot serve as ground truth for such a model.

    Parameters
    ----------
    metrics
        The stamp's distances and their companions if not given; specificity is included where there is a distractor.
    pictures
        Number of stamped pictures, limited by the available test pictures.

    Raises
    ------
    ValueError
        Where something requested does not exist; the message says what would work.
    """
    if pictures < 1:
        raise ValueError(f"A benchmark needs at least 1 picture; got {pictures}.")
    asked = check_metrics(model.task, metrics)
    request = requested(methods, seed, settings, output, reduction)
    study = stamp_study(model, request, asked)
    return (event for _, event in gated(study, model, [model.task], pictures))


def usual_metrics(task: Task) -> tuple[str, ...]:
    """The stamp's distances and their companions, as far as they are defined for the task."""
    return tuple(name for name in STAMP_METRICS if task.distractor or "distractor" not in find_metric(name).needs)


def check_metrics(task: Task, metrics: Sequence[str] | None) -> tuple[str, ...]:
    """The requested metrics, or the usual ones.

    Raises
    ------
    ValueError
        Where one does not exist, or needs curves or a distractor that are not available.
    """
    for name in metrics or ():
        metric = find_metric(name)
        if metric.reads or set(metric.needs) - {"truth", "causal", "distractor"}:
            raise ValueError(f"{name} is based on changed pictures, which says nothing about stamps; leave it out.")
        if "distractor" in metric.needs and not task.distractor:
            raise ValueError(f"{name} needs a distractor, and this model was trained without one; leave it out.")
    return tuple(metrics or usual_metrics(task))


def stamp_study(model: StampModel, request: HeatmapRequest, metrics: tuple[str, ...]) -> Study:
    """The study of a model, with everything included where the ground truth is known; it has no curves."""
    study = Study(model.classifier, request.with_controls(truth_known=True), metrics, Perturbation())
    study.request.check(len(study.classifier.labels))
    return study


def gated(study: Study, model: StampModel, tasks: Sequence[Task], pictures: int) -> Iterator[tuple[Task, Event]]:
    """For each task the gate, followed by the study; on base pictures that the model was not trained on."""
    seed, size = study.request.seed, study.classifier.size
    collecting = Returning(awaited(model.test_bases, "Base pictures"))
    for progress in collecting:
        yield tasks[0], progress
    bases = collecting.result
    for task in tasks:
        measuring = Returning(measure_gate(study.classifier, task, bases, seed))
        for progress in measuring:
            yield task, progress
        yield task, GateReady(measuring.result)
        examples = draw_examples(replace(task, labelled=True), len(bases), size, seed, "table")
        chosen = [example for example in examples if example.stamp][: pictures if measuring.result.passed else 0]
        units = [
            (
                name_of(each),
                on_picture(judge(study, each, bases, place, len(chosen)), name_of(each), place, len(chosen)),
            )
            for place, each in enumerate(chosen)
        ]
        for event in over_pictures(units, lambda rows, _: summarised(rows, seed)):
            yield task, event


def stream_stamp_sweep(
    model: StampModel,
    methods: Sequence[str],
    sizes: Sequence[int],
    opacities: Sequence[float],
    pictures: int = 50,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Progress | MethodRefused | SweepPoint]:
    """The stamp distance of each method for stamps of every size and opacity, the most visible first.

    Each has a gate of its own: where the model does not see such stamps, there is no ground truth.

    Parameters
    ----------
    sizes
        Pixels along each side of a stamp, up to an eighth of the picture's side.
    opacities
        From 0 to 1.
    pictures
        Stamped pictures for each size and opacity, limited by the available test pictures.

    Raises
    ------
    ValueError
        Where there is no size or no opacity, or a stamp cannot be drawn with them.
    """
    points = list(product(sorted(set(opacities), reverse=True), sorted(set(sizes), reverse=True)))
    if not points:
        raise ValueError("A sweep needs at least one size and one opacity.")
    tasks = [replace(model.task, sizes=(size,), opacities=(opacity,)) for opacity, size in points]
    for task in tasks:
        check_stamps(task, model.classifier.size)
    request = requested(methods, seed, settings, output, reduction)
    study = stamp_study(model, request, ("stamp_distance",))
    return swept(gated(study, model, tasks, pictures), tasks, seed)


def swept(
    events: Iterator[tuple[Task, Event]], tasks: Sequence[Task], seed: int
) -> Iterator[Progress | MethodRefused | SweepPoint]:
    """A point for each task, once it is complete."""
    for place, (task, own) in enumerate(groupby(events, key=itemgetter(0))):
        tally, judged = Tally(), False
        for _, event in own:
            if isinstance(event, GateReady):
                gate, judged = event.gate, True
            elif isinstance(event, PictureScored):
                tally.add(event.scores)
            elif isinstance(event, Progress):
                yield Progress(place + (event.share if judged else 0), len(tasks), event.what, "cell")
            elif isinstance(event, MethodRefused):
                yield event
        (size,), (opacity,) = task.sizes, task.opacities
        yield Progress(place + 1, len(tasks), f"{size} px, opacity {opacity:g}", "cell")
        distances = {row.method: Estimate(row.mean, row.low, row.high, row.n) for row in tally.summary(seed)}
        yield SweepPoint(size, opacity, gate, distances, place + 1, len(tasks))


def judge(
    study: Study, example: Example, bases: Float[Tensor, "n 3 height width"], place: int, total: int
) -> OnePicture[Progress | MethodRefused | TruthRefused | PictureScored, Judged]:
    """One stamped picture's scores, yielded once they are known, and the effect of its stamp's pixels if a metric needs
    it.
    """
    began, seen, causal = time.monotonic(), study.classifier, None
    stamped, without = (each.pixels(bases[example.base])[None].to(seen.device) for each in (example, example.erased()))
    truth, distractor = (each.mask(seen.size) if each else None for each in (example.stamp, example.distractor))
    subject = Subject(seen, stamped, example.label, study.request, truth, distractor=distractor)
    if any("causal" in find_metric(name).needs for name in study.metrics):
        causal = yield from causal_of(subject, without)
        subject = replace(subject, causal=causal.mask)
    scores = (yield from study.score(name_of(example), subject)).scores
    yield PictureScored(name_of(example), scores, time.monotonic() - began, place + 1, total)
    return scores, causal


def summarised(rows: Sequence[Judged], seed: int) -> Iterator[CausalReady | SummaryReady]:
    """The mean effect of the stamps' pixels, where a metric needs it, and the means of all pictures so far."""
    found = [causal for _, causal in rows if causal]
    if found:
        yield mean_causal(found)
    yield means([scores for scores, _ in rows], seed)


def name_of(example: Example) -> str:
    """A picture's name in tables.

    >>> name_of(Example(7, 0, None, None))
    'base picture 0007'
    """
    return f"base picture {example.base:04}"
