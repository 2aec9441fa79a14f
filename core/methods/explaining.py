"""Explaining a picture: many methods, and their heatmaps as they become ready or all at the end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.stream_results import collects
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import requested
from core.methods.method_runs import Event
from core.methods.registry import Reduction, Settings, Unfit
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier
from core.models.outputs import Output


def stream_heatmaps(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: ClassChoice | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    truth: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of one picture, each as soon as it is ready, rough before fine; a step is one batch.

    Parameters
    ----------
    target
        Class to explain, by number or label; the predicted one if not given. Fixed before anything is perturbed.
    settings
        For each method the settings that differ from the defaults.
    reduction
        How channels are reduced to one number; the method's own if not given, and always that of a control.
    truth
        The pixels known to matter: what the control ``oracle`` shows.

    Raises
    ------
    ValueError
        Where a method, a setting or the class does not exist, or the pixels do not fit the classifier.
    """
    return requested(methods, seed, settings, output, reduction).stream(classifier, pixels, target, truth)


@collects(stream_heatmaps)
def explain(events: Iterator[Event], asked: Mapping[str, Any]) -> dict[str, Heatmap]:
    """The finished heatmaps of :func:`stream_heatmaps` by method.

    Raises
    ------
    Unfit
        Where a method does not apply to this classifier, with the reason.
    """
    heatmaps: dict[str, Heatmap] = {}
    for event in events:
        if isinstance(event, MethodRefused):
            raise Unfit(f"{event.method}: {event.reason}")
        if isinstance(event, HeatmapReady) and event.final:
            heatmaps[event.heatmap.method] = event.heatmap
    return {name: heatmaps[name] for name in asked["methods"]}
