"""Baseline and imputer: F of maps that start from their own baseline, and from what the test fills in.

A method with a baseline says what each pixel adds to it; the perturbation test says what is lost when a pixel becomes
what the imputer fills in. Where the two differ, a low F may only mean that the two questions differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import HeatmapReady, MethodRefused, reduce_channels
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Parameter, Reduction, Settings, find_method
from core.methods.rehearsal import heatmaps_workload
from core.metrics.answers import Answers, Y
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF
from core.metrics.removal import Unit
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output, rather_than
from core.studies.scoring import importance

COMPARED: tuple[Reduction, ...] = ("sum", "abs_sum")
"""The two ways of ranking contributions that the field's papers use."""


@dataclass(frozen=True)
class BaselineScored:
    """F of a method's map that starts from a baseline, with its channels reduced in one way."""

    method: str
    baseline: str
    reduction: Reduction
    score: float

    @property
    def replaces(self) -> tuple[str, str, str, Reduction]:
        return "baseline", self.method, self.baseline, self.reduction


def baseline_of(method: str) -> Parameter | None:
    """The setting that names the picture a method starts from; None where it has none."""
    return next((each for each in find_method(method).parameters if each.name == "baseline"), None)


def with_baseline(methods: Sequence[str], settings: Mapping[str, Settings]) -> dict[str, str]:
    """The baseline that each method starts from, for those that have one."""
    named = {name: baseline_of(name) for name in methods}
    return {name: str(settings.get(name, {}).get("baseline", each.default)) for name, each in named.items() if each}


def stream_baselines(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: ClassChoice | None = None,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    unit: Unit = "pixel",
    side: int = 9,
    steps: int = 20,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
) -> Iterator[Progress | MethodRefused | BaselineScored]:
    """F of every method from its own baseline and from the imputer's fill, by both ways of reducing channels.

    A step is one batch.

    Raises
    ------
    ValueError
        Where a method has no baseline, none that equals what the imputer fills in, or something requested does not
        exist.
    """
    request = requested(methods, seed, settings, output, None)
    request.check(len(classifier.labels))
    own = with_baseline(request.methods, request.settings)
    for name in request.methods:
        if name not in own:
            raise ValueError(f"{find_method(name).label} has no baseline; leave it out.")
        refuse_unmatched(name, imputer)
    pixels = checked_pixels(classifier, pixels)
    chosen = checked_target(classifier, pixels, target)
    answers = Answers(classifier, pixels, chosen, y, rather_than(output))
    perturbation = Perturbation(imputer, unit, side, y, steps)
    differing = {name: imputer for name, baseline in own.items() if baseline != imputer}
    return score_baselines(classifier, pixels, chosen, request, answers, perturbation, [own, differing])


def refuse_unmatched(method: str, imputer: str) -> None:
    """Refuses an imputer whose fill no baseline of the method equals.

    Raises
    ------
    ValueError
        With the imputers that have one.
    """
    parameter = baseline_of(method)
    if parameter and imputer not in parameter.choices:
        raise ValueError(
            f"{find_method(method).label} has no baseline like the imputer {imputer}, which depends on what is "
            f"removed; choose one of {', '.join(parameter.choices)}."
        )


def score_baselines(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    target: int,
    request: HeatmapRequest,
    answers: Answers,
    perturbation: Perturbation,
    turns: Sequence[Mapping[str, str]],
) -> Iterator[Progress | MethodRefused | BaselineScored]:
    """The maps from the baselines of each turn, by method, and then their curves."""
    asked = [(baselines, from_baselines(request, baselines)) for baselines in turns if baselines]
    phases = Phases([passes for _, turn in asked for passes in planned(turn, classifier, perturbation)])
    for baselines, turn in asked:
        maps: dict[str, Tensor] = {}
        for event in phases.part(turn.stream(classifier, pixels, target, rough=False)):
            if not isinstance(event, HeatmapReady):
                yield event
            else:
                made = event.heatmap
                for each in COMPARED:
                    reduced = replace(made, values=reduce_channels(made.attribution, each), reduction=each)
                    maps[key(made.method, each)] = importance(reduced, perturbation.unit)
        tracing = trace_curves(classifier, pixels, maps, (MIF, LIF), answers, perturbation, request.seed)
        curves = yield from phases.part(tracing)
        for method, baseline in baselines.items():
            for reduction in COMPARED:
                if traced := curves.get(key(method, reduction)):
                    yield BaselineScored(method, baseline, reduction, area_between(traced[LIF], traced[MIF]))


def key(method: str, reduction: Reduction) -> str:
    return f"{method}, {reduction}"


def planned(turn: HeatmapRequest, classifier: Classifier, perturbation: Perturbation) -> tuple[int, int]:
    """The passes of its maps, and of their curves."""
    maps = len(COMPARED) * len(turn.methods)
    return (
        heatmaps_workload(turn, classifier).passes,
        count_visits((MIF, LIF), maps, perturbation, classifier.size),
    )


def from_baselines(request: HeatmapRequest, baselines: Mapping[str, str]) -> HeatmapRequest:
    """The same request for these methods, each from its baseline."""
    return HeatmapRequest(
        methods=tuple(baselines),
        settings={name: {**request.settings.get(name, {}), "baseline": each} for name, each in baselines.items()},
        output=request.output,
        seed=request.seed,
    )
