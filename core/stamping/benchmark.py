"""Which methods find the stamp: scores over many stamped pictures, once the model has passed the gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from operator import itemgetter

from jaxtyping import Float
from torch import Tensor

from core.jobs.awaiting import awaited
from core.jobs.events import Progress, Returning
from core.methods.heatmap import MethodRefused
from core.methods.registry import Reduction, Settings, find_method, list_controls
from core.metrics.registry import find_metric
from core.metrics.statistics import Estimate, Tally
from core.metrics.tracing import Perturbation
from core.models.outputs import Output
from core.stamping.causal import Causal, CausalReady, causal_of, told_of
from core.stamping.gate import Gate, GateReady, measure_gate
from core.stamping.models import StampModel
from core.stamping.task import Example, Task, check_stamps, draw_examples
from core.studies.evaluation import (
    Judgement,
    PictureRefused,
    PictureScored,
    Study,
    SummaryReady,
    TruthRefused,
    judge_all,
)
from core.studies.scoring import Subject

STAMP_METRICS = (
    "stamp_distance", "causal_distance", "specificity", "relevance_mass", "rank_accuracy", "auroc", "average_precision",
    "pointing_game", "constant",
)  # fmt: skip
Event = (
    Progress | GateReady | CausalReady | MethodRefused | PictureScored | PictureRefused | TruthRefused | SummaryReady
)


@dataclass(frozen=True)
class SweepPoint:
    """How near methods come to stamps of one size and opacity.

    Parameters
    ----------
    gate
        The model's, for stamps like these.
    distances
        Each method's mean stamp distance; none where the gate is not passed, since the truth is not known there.
    done, total
        Points told so far, of all.
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

    Pictures are such as it never saw. Every control runs along, and the oracle; the class of the stamp is explained.
    Below the gate nothing is scored: what the stamp's place says is no truth about such a model.

    Parameters
    ----------
    metrics
        The stamp's distances and their companions if not given; specificity among them where there is a distractor.
    pictures
        Stamped pictures, as far as there are so many to test on.

    Raises
    ------
    ValueError
        Where something asked for does not exist; the sentence says what would do.
    """
    if pictures < 1:
        raise ValueError(f"A benchmark needs at least 1 picture; got {pictures}.")
    asked = check_metrics(model.task, metrics)
    names = with_controls(methods)
    study = Study(model.classifier, names, asked, Perturbation(), seed, settings or {}, output, reduction)
    return (event for _, event in gated(study, model, [model.task], pictures))


def usual_metrics(task: Task) -> tuple[str, ...]:
    """The stamp's distances and their companions, as far as the task can tell them."""
    return tuple(name for name in STAMP_METRICS if task.distractor or "distractor" not in find_metric(name).needs)


def check_metrics(task: Task, metrics: Sequence[str] | None) -> tuple[str, ...]:
    """The metrics asked for, or the usual ones.

    Raises
    ------
    ValueError
        Where one does not exist, or needs curves or a distractor that are not there.
    """
    for name in metrics or ():
        metric = find_metric(name)
        if metric.reads or set(metric.needs) - {"truth", "causal", "distractor"}:
            raise ValueError(
                f"{name} asks the model about changed pictures, which says nothing of stamps; leave it out."
            )
        if "distractor" in metric.needs and not task.distractor:
            raise ValueError(f"{name} needs a distractor, and this model learnt without one; leave it out.")
    return tuple(metrics or usual_metrics(task))


def with_controls(methods: Sequence[str]) -> tuple[str, ...]:
    """The methods, and all that runs along where the truth is known."""
    controls = [control.name for control in list_controls(truth_known=True)]
    return tuple(dict.fromkeys([*(find_method(name).name for name in methods), *controls]))


def gated(study: Study, model: StampModel, tasks: Sequence[Task], pictures: int) -> Iterator[tuple[Task, Event]]:
    """For each task the gate, and behind it the study; on base pictures that the model was not trained on."""
    collecting = Returning(awaited(model.test_bases, "Base pictures"))
    for progress in collecting:
        yield tasks[0], progress
    bases = collecting.result
    for task in tasks:
        measuring = Returning(measure_gate(study.classifier, task, bases, study.seed))
        for event in measuring:
            yield task, event
        yield task, GateReady(measuring.result)
        examples = draw_examples(replace(task, labelled=True), len(bases), study.classifier.size, study.seed, "table")
        chosen = [example for example in examples if example.stamp][: pictures if measuring.result.passed else 0]
        found: list[Causal] = []
        for told in judge_all([(name_of(each), judge(study, each, bases, found)) for each in chosen], study.seed):
            if isinstance(told, PictureScored) and found:
                yield task, told_of(found)
            yield task, told


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
    """The stamp distance of each method for stamps of every size and opacity, most visible ones first.

    Each has a gate of its own: where the model does not see such stamps, their place is no truth.

    Parameters
    ----------
    sizes
        Pixels along the stamps, up to an eighth of the side.
    opacities
        From 0 to 1.
    pictures
        Stamped pictures for each size and opacity, as far as there are so many to test on.

    Raises
    ------
    ValueError
        Where there is no size or no opacity, or a stamp can't be drawn so.
    """
    points = list(product(sorted(set(opacities), reverse=True), sorted(set(sizes), reverse=True)))
    if not points:
        raise ValueError("A sweep needs at least one size and one opacity.")
    tasks = [replace(model.task, sizes=(size,), opacities=(opacity,)) for opacity, size in points]
    for task in tasks:
        check_stamps(task, model.classifier.size)
    metrics = ("stamp_distance",)
    study = Study(
        model.classifier, with_controls(methods), metrics, Perturbation(), seed, settings or {}, output, reduction
    )
    return swept(gated(study, model, tasks, pictures), tasks, seed)


def swept(
    told: Iterator[tuple[Task, Event]], tasks: Sequence[Task], seed: int
) -> Iterator[Progress | MethodRefused | SweepPoint]:
    """A point for each task, once all of it was told."""
    for place, (task, events) in enumerate(groupby(told, key=itemgetter(0))):
        tally = Tally()
        for _, event in events:
            if isinstance(event, GateReady):
                gate = event.gate
            elif isinstance(event, PictureScored):
                tally.add(event.scores)
            elif isinstance(event, Progress | MethodRefused):
                yield event
        (size,), (opacity,) = task.sizes, task.opacities
        distances = {row.method: Estimate(row.mean, row.low, row.high, row.n) for row in tally.summary(seed)}
        yield SweepPoint(size, opacity, gate, distances, place + 1, len(tasks))


def judge(study: Study, example: Example, bases: Float[Tensor, "n 3 height width"], found: list[Causal]) -> Judgement:
    """One stamped picture's scores; what its stamp's pixels do joins what was found."""
    seen = study.classifier
    stamped, without = (each.pixels(bases[example.base])[None].to(seen.device) for each in (example, example.erased()))
    truth, distractor = (each.mask(seen.size) if each else None for each in (example.stamp, example.distractor))
    subject = Subject(
        seen, stamped, example.label, study.seed, truth, study.output, study.reduction, distractor=distractor
    )
    if any("causal" in find_metric(name).needs for name in study.metrics):
        found.append((yield from causal_of(subject, without)))
        subject = replace(subject, causal=found[-1].mask)
    return (yield from study.score(name_of(example), subject))


def name_of(example: Example) -> str:
    """What tables call a picture.

    >>> name_of(Example(7, 0, None, None))
    'base picture 0007'
    """
    return f"base picture {example.base:04}"
