"""A trial: one picture, many methods, each heatmap judged by what the model does when its pixels go."""

from collections.abc import Iterator, Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.explaining import checked_target, stream_heatmaps
from core.methods.heatmap import HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, list_methods
from core.metrics.curves import CurvePoint, Y, collect, stream_curves
from core.metrics.fidelity import FidelityReady, judge
from core.models.classifier import Classifier
from core.models.outputs import Output

Event = Progress | HeatmapReady | MethodRefused | CurvePoint | FidelityReady


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
) -> Iterator[Event]:
    """Heatmaps of the methods and of every control, then their curves, with scores that sharpen as points arrive.

    Raises
    ------
    ValueError
        Where something asked for does not exist or does not fit; the sentence says what would.
    """
    controls = {entry.name: entry.label for entry in list_methods() if entry.control}
    target = checked_target(classifier, pixels, target)
    maps: dict[str, Tensor] = {}
    asked = [*methods, *(name for name in controls if name not in methods)]
    for shown in stream_heatmaps(classifier, pixels, asked, target, seed, settings, output, reduction):
        yield shown
        if isinstance(shown, HeatmapReady) and shown.final:
            maps[shown.heatmap.method] = shown.heatmap.values
    points: list[CurvePoint] = []
    curves = stream_curves(
        classifier, pixels, maps, target, steps=steps, imputer=imputer, y=y, seed=seed, randoms=randoms
    )
    for point in curves:
        yield point
        if isinstance(point, CurvePoint):
            points.append(point)
            yield from scores(points, maps, controls, steps)


def scores(
    points: Sequence[CurvePoint], maps: Mapping[str, Tensor], controls: Mapping[str, str], steps: int
) -> Iterator[FidelityReady]:
    """The scores each time the curves have just become twice as fine."""
    visited, rest = divmod(len(points), 3 * len(maps))
    if rest or visited not in refinements(steps):
        return
    one = next(iter(maps))
    mif, lif = ({name: collect(points, name, order) for name in maps} for order in ("mif", "lif"))
    for fidelity in judge(mif, lif, collect(points, one, "random"), controls):
        yield FidelityReady(fidelity, final=visited == steps + 1)


def refinements(steps: int) -> set[int]:
    """How many steps have been visited each time the curve is as fine again, from quarters on.

    >>> sorted(refinements(20))
    [5, 9, 17, 21]
    """
    return {2**level + 1 for level in range(2, steps.bit_length()) if 2**level < steps} | {steps + 1}
