"""Parameter randomisation: what becomes of a map when the network forgets, stage by stage, what it has learned."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, Unfit, find_method, list_controls
from core.metrics.curves import visiting_order
from core.metrics.similarity import Original
from core.models.classifier import Classifier, check_pixels, checked_target
from core.models.outputs import Output
from core.models.randomising import GROUPS, LayerGroup, find_groups, randomised
from core.randomness import generator, picture_digest
from core.sanity.stages import MODES, Mode, Stage, plan_stages
from core.sanity.verdict import Alike, VerdictReady, in_words, spread, standing

DRAWS = 2
"""Of random weights: the fewest that show what chance alone changes."""
NOISE = 0.15
"""Standard deviation of the smooth form's noise, as a share of the picture's range."""


@dataclass(frozen=True)
class StagesFound:
    """The stages that will be visited, each for so many draws of random weights; comes first."""

    mode: Mode
    stages: tuple[Stage, ...]
    draws: int


@dataclass(frozen=True, eq=False)
class StageReady:
    """A method's map at one stage, and how far it is still the map of the trained network.

    Parameters
    ----------
    stage
        Its number, from 1.
    title
        The layers that this stage randomises beside those before it.
    draw
        Which draw of random weights, from 0.
    heatmap
        None where the method gave no map there; ``reason`` says why.
    spearman, spearman_abs, ssim, hog
        Similarities to the map of the trained network, see :mod:`core.metrics.similarity`; None where they can't be
        told, as where a map is constant.
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


@dataclass(frozen=True)
class Maps:
    """What is asked of every network alike."""

    pixels: Float[Tensor, "1 3 height width"]
    methods: tuple[str, ...]
    target: int
    seed: int
    smooth: int
    settings: Mapping[str, Settings]
    output: Output
    reduction: Reduction | None

    @cached_property
    def digest(self) -> str:
        """The picture's."""
        return picture_digest(self.pixels)

    def of(self, classifier: Classifier, stage: object) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The finished maps of one network."""
        redrawn = [name for name in self.methods if find_method(name).control and find_method(name).drawn]
        unrelated = generator(self.seed, "unrelated", stage).initial_seed()
        yield from self.made(classifier, [name for name in self.methods if name not in redrawn], self.seed)
        yield from self.made(classifier, redrawn, unrelated)

    def made(
        self, classifier: Classifier, methods: Sequence[str], seed: int
    ) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The maps of some methods; where the smooth form is asked for, each the mean over noisy copies."""
        if self.smooth == 1:
            yield from self.finished(classifier, self.pixels, methods, seed)
            return
        found: defaultdict[str, list[Heatmap]] = defaultdict(list)
        refused: dict[str, MethodRefused] = {}
        for copy in range(self.smooth):
            seen = noisy(self.pixels, self.seed, self.digest, copy)
            for event in self.finished(classifier, seen, methods, seed):
                if isinstance(event, Progress):
                    yield event
                elif isinstance(event, MethodRefused):
                    refused.setdefault(event.method, event)
                else:
                    found[event.heatmap.method].append(event.heatmap)
        yield from refused.values()
        yield from (HeatmapReady(mean_of(maps), final=True) for method, maps in found.items() if method not in refused)

    def finished(
        self, classifier: Classifier, pixels: Float[Tensor, "1 3 height width"], methods: Sequence[str], seed: int
    ) -> Iterator[Progress | HeatmapReady | MethodRefused]:
        """The finished maps of some pixels."""
        settings = {name: self.settings[name] for name in methods if name in self.settings}
        question = self.target, seed, settings, self.output, self.reduction
        for event in stream_heatmaps(classifier, pixels, methods, *question):
            if not isinstance(event, HeatmapReady) or event.final:
                yield event


def mean_of(maps: Sequence[Heatmap]) -> Heatmap:
    """The mean over noisy copies, each map at one length, since a few strong ones would else make it up."""
    values = torch.stack([of_unit_length(each.values) for each in maps]).mean(dim=0)
    note = f"Mean over {len(maps)} noisy copies of the picture, each map scaled to one length first."
    return replace(maps[0], values=values, notes=(*maps[0].notes, note))


def noisy(
    pixels: Float[Tensor, "1 3 height width"], seed: int, digest: str, copy: int
) -> Float[Tensor, "1 3 height width"]:
    """A noisy copy, the same for all networks: its noise is 15 % of the picture's range, as in SmoothGrad."""
    draw = generator(seed, digest, "smooth", copy, device=pixels.device)
    noise = torch.randn(pixels.shape, generator=draw, device=pixels.device, dtype=pixels.dtype)
    return pixels + NOISE * (pixels.max() - pixels.min()) * noise


def of_unit_length(values: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """The map scaled; zeros stay zeros."""
    length = values.norm()
    return values / length if length > 0 else values


def stream_randomisation(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    mode: Mode = "cascading",
    seed: int = 0,
    draws: int = DRAWS,
    groups: int = GROUPS,
    smooth: int = 1,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> Iterator[Event]:
    """Maps of ever more random networks, the fully randomised first, then the middle; a step is one batch.

    Every control runs along. Those that are drawn are drawn anew at each stage, and show what unrelated maps score;
    all else meets the same noise and the same masks at every stage, so that nothing but the weights changes.

    Parameters
    ----------
    draws
        How often each group's weights are drawn. Everything is randomised for each draw before any stage between.
    groups
        Groups of layers, at most.
    smooth
        Each map is the mean of those of so many noisy copies of the picture [Hedström et al. 2024, arXiv:2401.06465];
        how strong the noise is, and that maps are brought to one length before, are our choices.

    Raises
    ------
    ValueError
        Where something asked for does not exist or does not fit; the sentence says what would.
    """
    if mode not in MODES:
        raise ValueError(f"A mode is one of {', '.join(MODES)}; {mode!r} is not.")
    for what, number in (("draws", draws), ("smooth", smooth)):
        if number < 1:
            raise ValueError(f"{what} is a whole number from 1; got {number}.")
    check_pixels(classifier, pixels)
    names = tuple(
        dict.fromkeys([*(find_method(name).name for name in methods), *(c.name for c in list_controls(False))])
    )
    target = checked_target(classifier, pixels, target)
    maps = Maps(pixels, names, target, seed, smooth, settings or {}, output, reduction)
    for name, chosen in (settings or {}).items():
        find_method(name).complete(chosen)
    return run_stages(classifier, maps, find_groups(classifier, groups), mode, draws)


def run_stages(
    classifier: Classifier, maps: Maps, groups: Sequence[LayerGroup], mode: Mode, draws: int
) -> Iterator[Event]:
    """The trained network's maps, then those of every stage and draw, each with its likeness and what follows of it."""
    stages = plan_stages(groups, mode)
    yield StagesFound(mode, stages, draws)
    plan = visiting_plan(len(stages), draws)
    originals: dict[str, Original] = {}
    for event in maps.of(classifier, "trained"):
        if isinstance(event, Progress):
            yield Progress(0, len(plan) + 1, f"Trained network: {event.what}")
            continue
        yield event
        if isinstance(event, HeatmapReady):
            originals[event.heatmap.method] = Original(event.heatmap.values)
    chance = {name: original.by_chance() for name, original in originals.items()}
    points: list[StageReady] = []
    for place, (number, draw) in enumerate(plan):
        stage = stages[number - 1]
        forgotten = [groups[each] for each in stage.groups]
        random = randomised(classifier, forgotten, maps.pixels, maps.seed, maps.digest, draw)
        for event in maps.of(random, (number, draw)):
            if isinstance(event, Progress):
                yield Progress(place + 1, len(plan) + 1, f"{stage.title}: {event.what}")
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
    likeness = vars(originals[method].compared(heatmap.values)) if heatmap else {}
    reason = event.reason if isinstance(event, MethodRefused) else ""
    return StageReady(method, stage.number, stage.title, stage.share, draw, heatmap, reason, **likeness)


def verdict_of(
    method: str,
    points: Sequence[StageReady],
    stages: int,
    mode: Mode,
    chance: tuple[float, float] | None,
    final: bool,
) -> VerdictReady:
    """How a method stands after some stages of one picture, by the spread over draws; unclear until it has seen all.

    The average over some stages is not that over all: the first that are visited are the most random.
    """
    own = [point for point in points if point.method == method]
    of_stages = means_by_draw(own)
    mean, last = spread(of_stages), Alike()
    asked = [mean]
    if mode != "independent":
        last = spread(means_by_draw([point for point in own if point.stage == stages]))
        asked.append(last)
    found = standing(*asked) if final else "unclear"
    draws = len(of_stages)
    over = "1 draw of weights; more tell how sure that is" if draws == 1 else f"{draws} draws of weights"
    blank = sum(point.spearman_abs is None for point in own)
    sentence = in_words(found, mean, last, chance, over, blank, len(own), final)
    return VerdictReady(method, found, mean, last, chance, draws, blank, sentence, final)


def means_by_draw(points: Sequence[StageReady]) -> list[float]:
    """For each draw the mean likeness over its stages, of those that have one."""
    known: dict[int, list[float]] = {}
    for point in points:
        if point.spearman_abs is not None:
            known.setdefault(point.draw, []).append(point.spearman_abs)
    return [fmean(values) for values in known.values()]


def visiting_plan(stages: int, draws: int) -> list[tuple[int, int]]:
    """Stage and draw in the order that tells most first: the last stage for every draw, then the middle.

    >>> visiting_plan(4, 2)
    [(4, 0), (4, 1), (2, 0), (2, 1), (1, 0), (1, 1), (3, 0), (3, 1)]
    """
    return [(stage, draw) for stage in visiting_order(stages) if stage for draw in range(draws)]


def check_randomisation(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    mode: Mode = "cascading",
    seed: int = 0,
    draws: int = 1,
    groups: int = GROUPS,
    smooth: int = 1,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
) -> tuple[StageReady, ...]:
    """Every stage of :func:`stream_randomisation`, by method, stage and draw; the controls' among them.

    One draw of weights, and so one record for each method and stage, unless told otherwise.

    Raises
    ------
    Unfit
        Where a method does not apply to this classifier, with the reason.
    """
    points = []
    for event in stream_randomisation(
        classifier, pixels, methods, target, mode, seed, draws, groups, smooth, settings, output, reduction
    ):
        if isinstance(event, MethodRefused) and event.method in methods:
            raise Unfit(f"{event.method}: {event.reason}")
        if isinstance(event, StageReady):
            points.append(event)
    names = list(dict.fromkeys([*methods, *(point.method for point in points)]))
    return tuple(sorted(points, key=lambda point: (names.index(point.method), point.stage, point.draw)))
