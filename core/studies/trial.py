"""A trial: one picture, many methods, each heatmap judged by the model's answer as pixels are removed."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings, find_method, first_reason, list_controls
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.metrics.answers import Answers, Y
from core.metrics.chance import count_copy_visits, score_copies
from core.metrics.curve_plan import Perturbation, count_visits
from core.metrics.curves import CurvePoint, collect, stream_curves
from core.metrics.evidence import LIF, MIF, RANDOM
from core.metrics.fidelity import TRIAL, Fidelity, FidelityReady, judge
from core.metrics.registry import find_metric
from core.metrics.removal import Unit, cells_of, places_of, removal_counts
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output, check_contrast, rather_than
from core.studies.scoring import ScoresReady, Subject, importance, plan_scores, stream_scores

Event = Progress | HeatmapReady | MethodRefused | CurvePoint | FidelityReady | ScoresReady
RANDOMS = 5


def stream_trial(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: ClassChoice | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    steps: int = 20,
    randoms: int = RANDOMS,
    unit: Unit = "pixel",
    side: int = 9,
    metrics: Sequence[str] = (),
    truth: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of the methods and of every control, then their curves, with scores that sharpen as points arrive.

    Once the curves are known at quarters, moved copies of each method's map are tried; they show what a map of that
    shape scores by chance, and are not shown.

    Parameters
    ----------
    metrics
        Metrics besides F and its companions; yielded once the curves are done.
    truth
        The pixels that a person marked, for metrics that need them.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit; the message says what would work.
    """
    request = requested(methods, seed, settings, output, reduction).with_controls(truth is not None)
    request.check(len(classifier.labels))
    pixels = checked_pixels(classifier, pixels)
    subject = Subject(classifier, pixels, checked_target(classifier, pixels, target), request, truth)
    check_contrast(subject.target, rather_than(output))
    perturbation = Perturbation(imputer, unit, side, y, steps, randoms)
    cells_of(unit, pixels, side)
    Answers(classifier, pixels, subject.target, y, rather_than(output))
    further = [find_metric(name).name for name in metrics if name not in TRIAL]
    return run_trial(subject, perturbation, further)


def plan_trial(
    classifier: Classifier,
    request: HeatmapRequest,
    perturbation: Perturbation,
    metrics: Sequence[str] = (),
    truth_known: bool = False,
) -> list[Workload]:
    """What a trial takes of the network: the heatmaps, their curves, and each part of the further scores.

    Known from numbers and shapes alone; only for a method that tries what it finds in the picture (Score-CAM) it is a
    most.
    """
    request = request.with_controls(truth_known)
    heatmaps = heatmaps_workload(request, classifier)
    fitting = [run.method for run in request.runs() if first_reason(run.method, classifier) is None]
    maps, judged = len(fitting), sum(not method.control for method in fitting)
    curves = outputs(count_passes(maps, judged, perturbation, classifier))
    further = [name for name in metrics if name not in TRIAL]
    scores = plan_scores(further, perturbation, classifier.size, maps, heatmaps, (MIF, LIF, RANDOM)) if further else []
    return [heatmaps, curves, *scores]


def run_trial(subject: Subject, perturbation: Perturbation, metrics: Sequence[str]) -> Iterator[Event]:
    """The heatmaps, their curves with F and its companions, and the scores of further metrics."""
    made, curves, *further = plan_trial(
        subject.classifier, subject.request, perturbation, metrics, subject.truth is not None
    )
    phases = Phases([made.passes, curves.passes, sum(part.passes for part in further)])
    heatmaps: dict[str, Heatmap] = {}
    for event in phases.part(subject.heatmaps()):
        yield event
        if isinstance(event, HeatmapReady) and event.final:
            heatmaps[event.heatmap.method] = event.heatmap
    points = yield from phases.part(judged_by_curves(subject, heatmaps, perturbation))
    if metrics:
        known = {name: {trace: collect(points, name, trace.order) for trace in (MIF, LIF, RANDOM)} for name in heatmaps}
        yield from phases.part(stream_scores(subject, heatmaps, metrics, perturbation, known))


def judged_by_curves(
    subject: Subject, heatmaps: Mapping[str, Heatmap], perturbation: Perturbation
) -> Generator[Progress | CurvePoint | FidelityReady, None, list[CurvePoint]]:
    """The curves' points, and the current scores each time all curves are equally fine again."""
    yield Progress(0, 0, "Preparing the curves")
    maps = {name: importance(heatmap, perturbation.unit) for name, heatmap in heatmaps.items()}
    judged = {name: values for name, values in maps.items() if not find_method(name).control}
    total = count_passes(len(maps), len(judged), perturbation, subject.classifier)
    distinct = len(removal_counts(perturbation.steps, places_of(perturbation.unit, subject.classifier.size))) - 1
    points: list[CurvePoint] = []
    copies: dict[str, list[float]] | None = None
    along = tried = 0.0
    for event in curves_of(subject, maps, perturbation):
        if isinstance(event, Progress):
            along = event.done
            yield replace(event, done=along + tried, total=total)
            continue
        yield event
        points.append(event)
        if as_fine_again(points, len(maps), distinct):
            if copies is None:
                trying = Returning(copies_of(subject, judged, perturbation))
                for step in trying:
                    tried = step.done
                    yield replace(step, done=along + tried, total=total, what="Chance")
                copies = trying.result
            final = len(points) == 3 * len(maps) * (distinct + 1)
            yield from (FidelityReady(each, final) for each in scores(points, list(maps), subject, copies))
    return points


def count_passes(maps: int, judged: int, perturbation: Perturbation, classifier: Classifier) -> int:
    """Perturbed pictures along the curves of all maps, and along those of the moved copies of the judged ones."""
    along = count_visits((MIF, LIF, RANDOM), maps, perturbation, classifier.size)
    return along + count_copy_visits(judged, perturbation, classifier.size)


def curves_of(
    subject: Subject, maps: Mapping[str, Tensor], perturbation: Perturbation
) -> Iterator[CurvePoint | Progress]:
    return stream_curves(
        subject.classifier,
        subject.pixels,
        maps,
        subject.target,
        steps=perturbation.steps,
        imputer=perturbation.imputer,
        y=perturbation.y,
        seed=subject.seed,
        randoms=perturbation.randoms,
        unit=perturbation.unit,
        side=perturbation.side,
        rather_than=rather_than(subject.request.output),
    )


def copies_of(
    subject: Subject, maps: Mapping[str, Tensor], perturbation: Perturbation
) -> Generator[Progress, None, dict[str, list[float]]]:
    other = rather_than(subject.request.output)
    answers = Answers(subject.classifier, subject.pixels, subject.target, perturbation.y, other)
    return score_copies(subject.classifier, subject.pixels, maps, answers, perturbation, subject.seed)


def as_fine_again(points: Sequence[CurvePoint], maps: int, steps: int) -> bool:
    """Whether the curves have just become equally fine everywhere."""
    visited, rest = divmod(len(points), 3 * maps)
    return not rest and visited in refinements(steps)


def scores(
    points: Sequence[CurvePoint], names: Sequence[str], subject: Subject, copies: Mapping[str, Sequence[float]]
) -> list[Fidelity]:
    """The scores of the curves as they are now."""
    controls = list_controls(subject.truth is not None)
    blind = {entry.name: entry.label for entry in controls if entry.blind}
    knowing = [entry.name for entry in controls if not entry.blind]
    mif, lif = ({name: collect(points, name, order) for name in names} for order in ("mif", "lif"))
    return judge(mif, lif, collect(points, names[0], "random"), blind, copies, knowing)


def refinements(steps: int) -> set[int]:
    """The numbers of visited steps at which the curve is equally fine everywhere, from quarters on.

    >>> sorted(refinements(20))
    [5, 9, 17, 21]
    """
    return {2**level + 1 for level in range(2, steps.bit_length()) if 2**level < steps} | {steps + 1}
