"""Quick checks of methods on one picture: does a map change where it should, and stay the same where it should?"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.lookup import find
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output
from core.sanity.alterations import Altered, Check, Judgement, Measured, unknown
from core.sanity.entropy_rise import EFFICIENT
from core.sanity.input_shift import INPUT_SHIFT
from core.sanity.other_class import OTHER_CLASS
from core.sanity.other_seed import REPEATABILITY
from core.sanity.verdict import Standing
from core.studies.scoring import Subject

CHECKS = (OTHER_CLASS, INPUT_SHIFT, REPEATABILITY, EFFICIENT)


@dataclass(frozen=True)
class CheckReady:
    """A check's result for a method so far; a later one for the same pair takes its place.

    Parameters
    ----------
    value, low, high
        What the check measures, and its range over the alterations; None where undefined.
    standing
        None where the check cannot judge; the sentence says why.
    final
        Whether nothing more will come.
    """

    method: str
    check: str
    value: float | None
    low: float | None
    high: float | None
    standing: Standing | None
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str, str]:
        return "check", self.check, self.method


Event = Progress | HeatmapReady | MethodRefused | CheckReady


def stream_checks(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    checks: Sequence[str] | None = None,
    target: ClassChoice | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """Heatmaps of the methods and of every control, then the results of the checks, in turn and with growing certainty.

    A step is one batch. The network itself is never altered, only a copy.

    Parameters
    ----------
    checks
        All of them if not given.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit; the message says what would work.
    """
    asked = CHECKS if checks is None else [find_check(name) for name in dict.fromkeys(checks)]
    pixels = checked_pixels(classifier, pixels)
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    subject = Subject(classifier, pixels, checked_target(classifier, pixels, target), request)
    return run_checks(asked, subject, subject.heatmaps())


def plan_checks(classifier: Classifier, request: HeatmapRequest, checks: Sequence[str]) -> Workload:
    """At most what the checks take: the same maps once more for each alteration."""
    runs = 1 + sum(find_check(name).count(classifier) for name in checks)
    return heatmaps_workload(request.with_controls(truth_known=False), classifier) * runs


def run_checks(
    checks: Sequence[Check], subject: Subject, made: Iterator[Progress | HeatmapReady | MethodRefused]
) -> Iterator[Event]:
    """The original maps, what is known of each without a run, and then the results of every run."""
    plans = {check.name: check.alter(subject) for check in checks}
    turns = in_turn([[(check, altered) for altered in plans[check.name]] for check in checks])
    making = Returning(first_maps(made, 1 + len(turns)))
    yield from making
    heatmaps, size = making.result
    tried = {check.name: dict(heatmaps) for check in checks}
    for check in checks:
        for name, heatmap in heatmaps.items():
            known = without_a_run(check, heatmap, bool(plans[check.name]))
            if known is not None:
                del tried[check.name][name]
                yield CheckReady(name, check.name, *known, final=True)
    found: defaultdict[tuple[str, str], list[Measured]] = defaultdict(list)
    for turn, (check, altered) in enumerate(turns, start=1):
        for event in run_turn(check, altered, subject.request, tried[check.name]):
            if isinstance(event, Progress):
                yield Progress(turn * size + min(event.done, size), (1 + len(turns)) * size, event.what)
                continue
            name, measured = event
            so_far = found[check.name, name]
            so_far.append(measured)
            yield CheckReady(name, check.name, *check.judge(so_far), final=len(so_far) == len(plans[check.name]))


def first_maps(
    made: Iterator[Progress | HeatmapReady | MethodRefused], runs: int
) -> Generator[Progress | HeatmapReady | MethodRefused, None, tuple[dict[str, Heatmap], float]]:
    """The final maps by method, and the number of steps of their run: later runs count as many."""
    heatmaps, size = dict[str, Heatmap](), 0.0
    for event in made:
        if isinstance(event, Progress):
            size = event.total
            yield replace(event, total=runs * size)
        elif isinstance(event, MethodRefused):
            yield event
        elif event.final:
            heatmaps[event.heatmap.method] = event.heatmap
            yield event
    return heatmaps, size


def find_check(name: str) -> Check:
    """The check with that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find({check.name: check for check in CHECKS}, name, "check")


def in_turn(queues: Sequence[Sequence[tuple[Check, Altered]]]) -> list[tuple[Check, Altered]]:
    """The first of each check, then the second: every check reports something before any is complete."""
    return [entry for entry in chain.from_iterable(zip_longest(*queues)) if entry is not None]


def without_a_run(check: Check, heatmap: Heatmap, alterable: bool) -> Judgement | None:
    """What is known of a map as it is: that nothing can be measured, or that nothing could differ."""
    if heatmap.values.amax() == heatmap.values.amin():
        return unknown("The map is constant here, so there is nothing to compare.")
    return check.spare(heatmap) if alterable else unknown(check.without)


def run_turn(
    check: Check, altered: Altered, request: HeatmapRequest, heatmaps: Mapping[str, Heatmap]
) -> Iterator[Progress | tuple[str, Measured]]:
    """The effect of the alteration on each method's map, with its settings; nothing where none is left."""
    for event in request.as_made(heatmaps).stream_from(altered.bank(), rough=False) if heatmaps else ():
        if isinstance(event, Progress):
            yield replace(event, what=f"{check.label}, {altered.name}: {event.what}")
        elif isinstance(event, MethodRefused):
            yield event.method, Measured(altered.name, None, reason=event.reason)
        else:
            name = event.heatmap.method
            yield name, check.compare(altered, heatmaps[name], event.heatmap)
