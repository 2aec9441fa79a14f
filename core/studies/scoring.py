"""Scores of finished heatmaps on one picture, by any metrics."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jaxtyping import Bool, Float
from torch import Tensor

from core.generation.kept import shares_kept
from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.methods.method_runs import Event as HeatmapEvent
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.metrics.answers import Answers
from core.metrics.curve_plan import Perturbation, count_visits, kept_values, trace_curves
from core.metrics.curves import Curve
from core.metrics.disturbances import NOISY_COPIES, PATCHES, Removals, noisy_copy, patch_removals
from core.metrics.evidence import Evidence, Trace
from core.metrics.registry import Need, find_metric
from core.metrics.removal import Unit
from core.metrics.search_plan import usual_passes
from core.metrics.share_kept import VARIATIONS
from core.models.classifier import Classifier
from core.models.outputs import rather_than
from core.studies.ceilings import find_ceiling, needs_ceiling, refuse_other_units


@dataclass(frozen=True)
class ScoresReady:
    """The scores of a method's map on this picture; None where undefined."""

    method: str
    scores: Mapping[str, float | None]

    @property
    def replaces(self) -> tuple[str, str]:
        return "scores", self.method


@dataclass(frozen=True, eq=False)
class Subject:
    """One explained class of one picture.

    Parameters
    ----------
    request
        What is requested of the methods; some metrics run them again.
    truth
        The pixels that a person marked, at the model's resolution.
    causal, distractor
        The pixels of a stamp that the network uses, and those of a stamp that carries no label.
    origin
        The picture's name among the bundled ones, or that of the photo it is cut from, where that is known.
    """

    classifier: Classifier
    pixels: Float[Tensor, "1 3 height width"]
    target: int
    request: HeatmapRequest = field(default_factory=HeatmapRequest)
    truth: Bool[Tensor, "height width"] | None = None
    causal: Bool[Tensor, "height width"] | None = None
    distractor: Bool[Tensor, "height width"] | None = None
    origin: str = ""

    @property
    def seed(self) -> int:
        """The seed of every random draw."""
        return self.request.seed

    def heatmaps(self, rough: bool = True) -> Iterator[HeatmapEvent]:
        """The requested heatmaps; also those that are not finished, unless only the others are wanted."""
        return self.request.stream(self.classifier, self.pixels, self.target, self.truth, rough)

    def bank(self) -> PassBank:
        """An empty pass bank for this picture and this class."""
        question = Question(self.target, self.request.output, self.classifier.reading)
        return PassBank(self.classifier, self.pixels, question, self.seed, self.truth)

    def evidence(self, heatmap: Heatmap, curves: Mapping[Trace, Curve], clean: float) -> Evidence:
        """What is known of one of its maps, before anything else is measured."""
        return Evidence(
            classifier=self.classifier,
            pixels=self.pixels,
            target=self.target,
            seed=self.seed,
            heatmap=heatmap,
            truth=self.truth,
            curves=curves,
            clean=clean,
            causal=self.causal,
            distractor=self.distractor,
        )


def stream_scores(
    subject: Subject,
    heatmaps: Mapping[str, Heatmap],
    metrics: Sequence[str],
    perturbation: Perturbation,
    known: Mapping[str, Mapping[Trace, Curve]] | None = None,
) -> Generator[Progress | ScoresReady, None, Mapping[str, Mapping[Trace, Curve]]]:
    """Every method's scores, once the curves that the metrics read are there; a step is one batch.

    It returns these curves, by method.

    Parameters
    ----------
    known
        Curves that a run has already made, the same for every method, so that they are not computed again.

    Raises
    ------
    ValueError
        Where a metric, an imputer or a unit does not exist, or the relative logit has nothing to refer to.
    """
    asked = [find_metric(name) for name in metrics]
    other = rather_than(subject.request.output)
    answers = Answers(subject.classifier, subject.pixels, subject.target, perturbation.y, other)
    read = dict.fromkeys(trace for each in asked for trace in each.reads)
    had = {
        name: {perturbation.complete(trace): curve for trace, curve in (known or {}).get(name, {}).items()}
        for name in heatmaps
    }
    traces = [trace for trace in read if any(perturbation.complete(trace) not in had[name] for name in heatmaps)]
    importances = {name: importance(heatmap, perturbation.unit) for name, heatmap in heatmaps.items()}
    made, size = heatmaps_workload(subject.request.as_made(heatmaps), subject.classifier), subject.classifier.size
    plan = plan_scores(
        metrics, perturbation, size, len(heatmaps), made, [trace for trace in read if trace not in traces]
    )
    phases = Phases([part.passes for part in plan])
    curves = yield from phases.part(
        trace_curves(subject.classifier, subject.pixels, importances, traces, answers, perturbation, subject.seed)
    )
    found = yield from find_needed(subject, heatmaps, {need for each in asked for need in each.needs}, answers, phases)
    every = {
        name: {trace: curves[name].get(trace) or had[name][perturbation.complete(trace)] for trace in read}
        for name in heatmaps
    }
    if needs_ceiling(metrics):
        refuse_other_units(metrics, perturbation.unit)
        searching = find_ceiling(
            subject.classifier, subject.pixels, importances, every, answers, perturbation, subject.seed
        )
        found.ceiling = yield from phases.part(searching)
    for name, heatmap in heatmaps.items():
        evidence = replace(
            subject.evidence(heatmap, every[name], answers.clean.value),
            kept=found.kept.get(name),
            removals=found.removals,
            moved=found.moved.get(name),
            repeated=found.repeated.get(name),
            ceiling=found.ceiling,
            share_kept=found.shares_kept.get(name),
        )
        yield ScoresReady(name, {each.name: each.measure(evidence) for each in asked})
    return every


def plan_scores(
    metrics: Sequence[str],
    perturbation: Perturbation,
    size: Sequence[int],
    maps: int,
    heatmaps: Workload,
    known: Collection[Trace] = (),
) -> list[Workload]:
    """The work of metrics on this many maps, part by part, in the order of :func:`stream_scores`.

    Parameters
    ----------
    heatmaps
        What the maps themselves took: some metrics make them again.
    """
    asked = [find_metric(name) for name in metrics]
    had = {perturbation.complete(trace) for trace in known}
    lacking = {trace for each in asked for trace in each.reads if perturbation.complete(trace) not in had}
    again: dict[Need, list[Workload]] = {
        "kept": [outputs(maps)],
        "removals": [outputs(PATCHES)],
        "repeated": [heatmaps],
        "moved": [heatmaps] * NOISY_COPIES,
        "variations": [outputs(VARIATIONS * maps)],
        "ceiling": [outputs(usual_passes((size[0], size[1]), perturbation))],
    }
    needed = {need for each in asked for need in each.needs}
    curves = outputs(count_visits(lacking, maps, perturbation, size))
    return [curves, *(part for need, parts in again.items() if need in needed for part in parts)]


@dataclass
class Found:
    """What some metrics need besides curves, by method."""

    kept: dict[str, float] = field(default_factory=dict)
    removals: Removals | None = None
    moved: dict[str, list[Tensor]] = field(default_factory=dict)
    repeated: dict[str, Tensor] = field(default_factory=dict)
    ceiling: float | None = None
    shares_kept: dict[str, float] = field(default_factory=dict)


def find_needed(
    subject: Subject, heatmaps: Mapping[str, Heatmap], needs: Collection[Need], answers: Answers, phases: Phases
) -> Generator[Progress, None, Found]:
    """The requirements, computed once for all metrics; yields after each batch."""
    found, classifier, pixels = Found(), subject.classifier, subject.pixels
    if "kept" in needs:
        values = {name: heatmap.values for name, heatmap in heatmaps.items()}
        found.kept = yield from phases.part(kept_values(classifier, pixels, values, answers))
    if "removals" in needs:
        removing = patch_removals(classifier, pixels, subject.target, subject.request.output, subject.seed)
        found.removals = yield from phases.part(removing)
    if "repeated" in needs:
        found.repeated = yield from phases.part(explained_again(with_seed(subject, subject.seed + 1), heatmaps))
    if "moved" in needs:
        copies = []
        for copy in range(NOISY_COPIES):
            noisy = replace(subject, pixels=noisy_copy(pixels, subject.seed, copy))
            copies.append((yield from phases.part(explained_again(noisy, heatmaps))))
        everywhere = [name for name in heatmaps if all(name in maps for maps in copies)]
        found.moved = {name: [maps[name] for maps in copies] for name in everywhere}
    if "variations" in needs:
        marked = {name: heatmap.values for name, heatmap in heatmaps.items()}
        filling = shares_kept(classifier, pixels, subject.target, marked, subject.origin, subject.seed)
        found.shares_kept = yield from phases.part(filling)
    return found


def explained_again(subject: Subject, heatmaps: Mapping[str, Heatmap]) -> Generator[Progress, None, dict[str, Tensor]]:
    """Maps by the same methods with the same settings, of another subject; without those that do not apply."""
    maps: dict[str, Tensor] = {}
    for event in replace(subject, request=subject.request.as_made(heatmaps)).heatmaps(rough=False):
        if isinstance(event, Progress):
            yield event
        elif isinstance(event, HeatmapReady):
            maps[event.heatmap.method] = event.heatmap.values
    return maps


def with_seed(subject: Subject, seed: int) -> Subject:
    """The same with other random draws."""
    return replace(subject, request=replace(subject.request, seed=seed))


def importance(heatmap: Heatmap, unit: Unit) -> Float[Tensor, "*channels height width"]:
    """The values that pixels are ranked by; per channel where channels are removed separately."""
    if unit != "feature":
        return heatmap.values
    return heatmap.attribution if heatmap.reduction == "sum" else heatmap.attribution.abs()
