"""Parameter randomisation: how a map changes as the network forgets, stage by stage, what it has learned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from weakref import WeakKeyDictionary

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.stream_results import collects
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings, Unfit
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload
from core.metrics.curves import visiting_order
from core.metrics.similarity import Original
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output
from core.models.randomising import GROUPS, LayerGroup, find_groups, randomised
from core.sanity.network_maps import NetworkMaps
from core.sanity.stages import MODES, Mode, Stage, plan_stages
from core.sanity.verdict import MeanSimilarity, VerdictReady, in_words, spread, standing
from core.studies.over_pictures import OnePicture

DRAWS = 2
"""The fewest draws of random weights that show what chance alone changes."""


@dataclass(frozen=True)
class StagesFound:
    """The stages that will be visited, and the number of draws of random weights for each; comes first."""

    mode: Mode
    stages: tuple[Stage, ...]
    draws: int


@dataclass(frozen=True, eq=False)
class StageReady:
    """A method's map at one stage, and its similarity to the map of the trained network.

    Parameters
    ----------
    stage
        Its number, from 1.
    title
        The layers that this stage randomises in addition to those before it.
    draw
        The draw of random weights, from 0.
    heatmap
        None where the method gave no map there; ``reason`` says why.
    spearman, spearman_abs, ssim, hog
        Similarities to the map of the trained network, see :mod:`core.metrics.similarity`; None where undefined, for
        example where a map is constant.
    """

    method: str
    stage: int
    title: str
    share_randomised: float
    draw: int
    heatmap: Heatmap | None
    reason: str = ""
    spearman: float | None = None
    spearman_abs: float | None = None
    ssim: float | None = None
    hog: float | None = None


Event = Progress | StagesFound | HeatmapReady | MethodRefused | StageReady | VerdictReady


def stream_randomisation(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: ClassChoice | None = None,
    mode: Mode = "cascading",
    seed: int = 0,
    draws: int = DRAWS,
    groups: int = GROUPS,
    smooth: int = 1,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """Cascading randomisation: maps of increasingly random networks, the fully randomised first; a step is one batch.

    Every control is included. Random controls are drawn again at each stage, and show how similar unrelated maps are;
    everything else shares the same noise and the same masks at every stage, so that only the weights change.

    Parameters
    ----------
    draws
        Number of draws of each group's weights. The fully randomised stage of every draw comes before any other.
    groups
        Maximum number of groups of layers.
    smooth
        Each map is the mean over this many noisy copies of the picture [Hedström et al. 2024, arXiv:2401.06465]; the
        noise level, and scaling maps to the same norm first, are our choices.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit; the message says what would work.
    """
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    return Randomisation(request, mode, draws, groups, smooth).stream(classifier, pixels, target)


def plan_randomisation(
    classifier: Classifier, request: HeatmapRequest, mode: Mode, draws: int, groups: int, smooth: int
) -> Workload:
    """What a randomisation takes: the same maps of the trained network and of that of every stage and draw."""
    networks = 1 + draws * count_stages(classifier, mode, groups)
    return heatmaps_workload(request.with_controls(truth_known=False), classifier) * (networks * smooth)


_COUNTED: WeakKeyDictionary[Classifier, dict[tuple[Mode, int], int]] = WeakKeyDictionary()


def count_stages(classifier: Classifier, mode: Mode, groups: int) -> int:
    """The number of stages of a network; finding its layers takes a pass, so it is kept.

    Raises
    ------
    ValueError
        Where the network cannot be randomised in stages.
    """
    counted = _COUNTED.setdefault(classifier, {})
    if (mode, groups) not in counted:
        counted[mode, groups] = len(plan_stages(find_groups(classifier, groups), mode))
    return counted[mode, groups]


@dataclass(frozen=True)
class Randomisation:
    """How networks are randomised, and what is requested of each; see :func:`stream_randomisation`."""

    request: HeatmapRequest
    mode: Mode
    draws: int
    groups: int
    smooth: int

    def __post_init__(self) -> None:
        """Refuses settings that fit no network.

        Raises
        ------
        ValueError
            With the valid ones.
        """
        if self.mode not in MODES:
            raise ValueError(f"The mode must be one of {', '.join(MODES)}, not {self.mode!r}.")
        for what, number in (("draws", self.draws), ("smooth", self.smooth)):
            if number < 1:
                raise ValueError(f"{what} must be a whole number from 1 on, not {number}.")

    def stages(self, classifier: Classifier) -> StagesFound:
        """The stages of a network."""
        return StagesFound(self.mode, plan_stages(find_groups(classifier, self.groups), self.mode), self.draws)

    def stream(
        self, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], target: ClassChoice | None = None
    ) -> OnePicture[Event, None]:
        """The stages of one picture, explaining its predicted class unless another is named.

        Raises
        ------
        ValueError
            Where the request, the pixels or the class do not fit the classifier.
        """
        self.request.check(len(classifier.labels))
        pixels = checked_pixels(classifier, pixels)
        maps = NetworkMaps(self.request, pixels, checked_target(classifier, pixels, target), self.smooth)
        return run_stages(classifier, maps, find_groups(classifier, self.groups), self.mode, self.draws)


def run_stages(
    classifier: Classifier, maps: NetworkMaps, groups: Sequence[LayerGroup], mode: Mode, draws: int
) -> OnePicture[Event, None]:
    """The trained network's maps, then those of every stage and draw, with their similarities and the verdicts."""
    stages = plan_stages(groups, mode)
    yield StagesFound(mode, stages, draws)
    plan = visiting_plan(len(stages), draws)
    originals: dict[str, Original] = {}
    for event in maps.of(classifier, "trained"):
        if isinstance(event, Progress):
            yield Progress(event.share, len(plan) + 1, f"Trained network: {event.what}", "network")
            continue
        yield event
        if isinstance(event, HeatmapReady):
            originals[event.heatmap.method] = Original(event.heatmap.values)
    chance = {name: original.by_chance() for name, original in originals.items()}
    points: list[StageReady] = []
    for place, (number, draw) in enumerate(plan):
        stage = stages[number - 1]
        forgotten = [groups[each] for each in stage.groups]
        random = randomised(classifier, forgotten, maps.pixels, maps.request.seed, maps.digest, draw)
        for event in maps.of(random, (number, draw)):
            if isinstance(event, Progress):
                yield Progress(place + 1 + event.share, len(plan) + 1, f"{stage.title}: {event.what}", "network")
                continue
            point = point_of(event, stage, draw, originals)
            if point:
                points.append(point)
                yield point
        final = place + 1 == len(plan)
        yield from (verdict_of(name, points, len(stages), mode, chance[name], final) for name in originals)


def point_of(
    event: HeatmapReady | MethodRefused, stage: Stage, draw: int, originals: Mapping[str, Original]
) -> StageReady | None:
    """A method at a stage; None for one that had no map of the trained network either."""
    heatmap = event.heatmap if isinstance(event, HeatmapReady) else None
    method = event.method if isinstance(event, MethodRefused) else event.heatmap.method
    if method not in originals:
        return None
    similarities = vars(originals[method].compared(heatmap.values)) if heatmap else {}
    reason = event.reason if isinstance(event, MethodRefused) else ""
    return StageReady(method, stage.number, stage.title, stage.share, draw, heatmap, reason, **similarities)


def verdict_of(
    method: str,
    points: Sequence[StageReady],
    stages: int,
    mode: Mode,
    chance: tuple[float, float] | None,
    final: bool,
) -> VerdictReady:
    """How a method stands after some stages of one picture, by the spread over draws; unclear until all are known.

    The mean over some stages is not the mean over all: the first ones visited are the most random.
    """
    own = [point for point in points if point.method == method]
    of_stages = means_by_draw(own)
    mean, last = spread(of_stages), MeanSimilarity()
    asked = [mean]
    if mode != "independent":
        last = spread(means_by_draw([point for point in own if point.stage == stages]))
        asked.append(last)
    found = standing(*asked) if final else "unclear"
    draws = len(of_stages)
    over = "1 draw of weights; more show the uncertainty" if draws == 1 else f"{draws} draws of weights"
    blank = sum(point.spearman_abs is None for point in own)
    sentence = in_words(found, mean, last, chance, over, blank, len(own), final)
    return VerdictReady(method, found, mean, last, chance, draws, blank, sentence, final)


def means_by_draw(points: Sequence[StageReady]) -> list[float]:
    """For each draw the mean similarity over its stages, of those that have one."""
    known: dict[int, list[float]] = {}
    for point in points:
        if point.spearman_abs is not None:
            known.setdefault(point.draw, []).append(point.spearman_abs)
    return [fmean(values) for values in known.values()]


def visiting_plan(stages: int, draws: int) -> list[tuple[int, int]]:
    """Stage and draw, the most informative first: the last stage for every draw, then the middle.

    >>> visiting_plan(4, 2)
    [(4, 0), (4, 1), (2, 0), (2, 1), (1, 0), (1, 1), (3, 0), (3, 1)]
    """
    return [(stage, draw) for stage in visiting_order(stages) if stage for draw in range(draws)]


@collects(stream_randomisation, draws=1)
def check_randomisation(events: Iterator[Event], asked: Mapping[str, Any]) -> tuple[StageReady, ...]:
    """Every stage of :func:`stream_randomisation`, by method, stage and draw, controls included.

    One draw of weights, and so one record for each method and stage, by default.

    Raises
    ------
    Unfit
        Where a method does not apply to this classifier, with the reason.
    """
    methods, points = asked["methods"], []
    for event in events:
        if isinstance(event, MethodRefused) and event.method in methods:
            raise Unfit(f"{event.method}: {event.reason}")
        if isinstance(event, StageReady):
            points.append(event)
    names = list(dict.fromkeys([*methods, *(point.method for point in points)]))
    return tuple(sorted(points, key=lambda point: (names.index(point.method), point.stage, point.draw)))
