"""A trial: one picture, many methods, each heatmap judged by what the model does when its pixels go."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.control import blobs
from core.methods.explaining import stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, list_controls
from core.metrics.answers import Answers, Y
from core.metrics.curves import CurvePoint, collect, stream_curves
from core.metrics.evidence import LIF, MIF, RANDOM
from core.metrics.fidelity import TRIAL, Chance, Fidelity, FidelityReady, coarse_share, judge
from core.metrics.registry import find_metric
from core.metrics.removal import Unit, cells_of, removal_rank
from core.metrics.tracing import Perturbation
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.pictures.imputers import find_imputer
from core.randomness import generator, picture_digest
from core.studies.scoring import ScoresReady, Subject, importance, stream_scores

Event = Progress | HeatmapReady | MethodRefused | CurvePoint | FidelityReady | ScoresReady
BLOB_RADII = (1 / 14, 1 / 8)  # of the shorter side: as coarse as activation maps are


def stream_trial(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    steps: int = 20,
    randoms: int = 5,
    unit: Unit = "pixel",
    side: int = 9,
    metrics: Sequence[str] = (),
    truth: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of the methods and of every control, then their curves, with scores that sharpen as points arrive.

    Smooth random maps are tried along, one for each random order and its reverse; they tell what chance can do for a
    clustered map, and are not shown.

    Parameters
    ----------
    metrics
        Scores beside F and its companions; told once the curves are done.
    truth
        The pixels that a person marked, for metrics that need them.

    Raises
    ------
    ValueError
        Where something asked for does not exist or does not fit; the sentence says what would.
    """
    controls = list_controls(truth is not None)
    blind_controls = {entry.name: entry.label for entry in controls if entry.blind}
    target = checked_target(classifier, pixels, target)
    further = [find_metric(name).name for name in metrics if name not in TRIAL]
    find_imputer(imputer)
    cells_of(unit, pixels, side)
    Answers(classifier, pixels, target, y)
    heatmaps: dict[str, Heatmap] = {}
    asked = [*methods, *(entry.name for entry in controls if entry.name not in methods)]
    for shown in stream_heatmaps(classifier, pixels, asked, target, seed, settings, output, reduction, truth):
        yield shown
        if isinstance(shown, HeatmapReady) and shown.final:
            heatmaps[shown.heatmap.method] = shown.heatmap
    yield Progress(0, 1, "Preparing the curves")
    maps = {name: importance(heatmap, unit) for name, heatmap in heatmaps.items()}
    blind = smooth_random_maps(classifier.size, 2 * randoms, seed, picture_digest(pixels))
    chance = Chance(clustering({name: each.values for name, each in heatmaps.items()}, blind), list(blind))
    both = maps | blind
    points: list[CurvePoint] = []
    for point in stream_curves(
        classifier,
        pixels,
        both,
        target,
        steps=steps,
        imputer=imputer,
        y=y,
        seed=seed,
        randoms=randoms,
        unit=unit,
        side=side,
    ):
        if isinstance(point, Progress) or point.method in maps:
            yield point
        if isinstance(point, CurvePoint):
            points.append(point)
            if as_fine_again(points, len(both), steps):
                final = len(points) == 3 * len(both) * (steps + 1)
                yield from (FidelityReady(each, final) for each in scores(points, list(both), blind_controls, chance))
    if further:
        subject = Subject(classifier, pixels, target, seed, truth, output, reduction)
        perturbation = Perturbation(imputer, unit, side, y, steps, randoms)
        known = {name: {trace: collect(points, name, trace.order) for trace in (MIF, LIF, RANDOM)} for name in maps}
        yield from stream_scores(subject, heatmaps, further, perturbation, known)


def smooth_random_maps(size: tuple[int, int], count: int, seed: int, picture: str) -> dict[str, Tensor]:
    """Maps that know nothing and are as clustered as an activation map."""
    return {
        f"blind {number}": blobs(size, BLOB_RADII[number % 2], generator(seed, picture, "blind", number))
        for number in range(count)
    }


def clustering(maps: Mapping[str, Tensor], blind: Mapping[str, Tensor]) -> dict[str, float]:
    """How clustered each map is, the smooth random ones being 1."""
    shares = {
        name: coarse_share(removal_rank(values, generator(0, "ties")), BLOB_RADII[0])
        for name, values in {**maps, **blind}.items()
    }
    full = fmean(shares[name] for name in blind)
    return {name: min(1.0, shares[name] / full) for name in maps}


def as_fine_again(points: Sequence[CurvePoint], maps: int, steps: int) -> bool:
    """Whether the curves have just become as fine everywhere as they are anywhere."""
    visited, rest = divmod(len(points), 3 * maps)
    return not rest and visited in refinements(steps)


def scores(
    points: Sequence[CurvePoint], names: Sequence[str], controls: Mapping[str, str], chance: Chance
) -> list[Fidelity]:
    """The scores of the curves as they are now."""
    mif, lif = ({name: collect(points, name, order) for name in names} for order in ("mif", "lif"))
    return judge(mif, lif, collect(points, names[0], "random"), controls, chance)


def refinements(steps: int) -> set[int]:
    """How many steps have been visited each time the curve is as fine again, from quarters on.

    >>> sorted(refinements(20))
    [5, 9, 17, 21]
    """
    return {2**level + 1 for level in range(2, steps.bit_length()) if 2**level < steps} | {steps + 1}
