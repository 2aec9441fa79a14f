"""The truth anchor on a stamp network: every metric's ranking of the methods beside that of the known truth."""

from collections.abc import Iterator, Mapping, Sequence

from core.coherency.anchor import anchors
from core.coherency.coherency import METRICS
from core.coherency.cube import cube_of
from core.coherency.events import AnchorsReady
from core.methods.heatmap_request import requested
from core.methods.registry import Reduction, Settings
from core.metrics.answers import Y
from core.metrics.curve_plan import Perturbation
from core.metrics.registry import find_metric
from core.metrics.removal import Unit
from core.metrics.statistics import Tally
from core.models.outputs import Output
from core.stamping.benchmark import Event as StampEvent
from core.stamping.benchmark import gated
from core.stamping.models import StampModel
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.study import Study

TRUTH = "auroc"
"""How often a pixel of the stamp ranks above another: the order of the pixels alone, as most curves read it."""


def stream_truth_anchor(
    model: StampModel,
    methods: Sequence[str],
    metrics: Sequence[str] | None = None,
    pictures: int = 50,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    imputer: str = "dataset_mean",
    unit: Unit = "pixel",
    side: int = 9,
    y: Y = "probability",
    steps: int = 10,
) -> Iterator[StampEvent | AnchorsReady]:
    """The model's gate, then scores picture by picture with each metric's agreement with the truth; a step is a batch.

    The model has seen none of the pictures. If the gate fails nothing is scored: there is no truth.

    Parameters
    ----------
    metrics
        Those of :func:`stream_coherency` if not given.
    pictures
        Number of stamped pictures, limited by the available test pictures.

    Raises
    ------
    ValueError
        Where something requested does not exist, or there are too few methods to be ranked.
    """
    if pictures < 1:
        raise ValueError(f"A truth anchor needs at least 1 picture; got {pictures}.")
    asked = tuple(dict.fromkeys((*(METRICS if metrics is None else metrics), TRUTH)))
    for name in asked:
        if find_metric(name).needs_pictures or set(find_metric(name).needs) & {"causal", "distractor"}:
            raise ValueError(f"{name} cannot be compared with the stamp's location picture by picture; leave it out.")
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=True)
    study = Study(model.classifier, request, asked, Perturbation(imputer, unit, side, y, steps))
    request.check(len(model.classifier.labels))
    return anchored(study, model, pictures)


def anchored(study: Study, model: StampModel, pictures: int) -> Iterator[StampEvent | AnchorsReady]:
    """The benchmark's events, and after each summary the agreement so far."""
    tally = Tally()
    for _, event in gated(study, model, [model.task], pictures):
        yield event
        if isinstance(event, PictureScored):
            tally.add(event.scores)
        elif isinstance(event, SummaryReady):
            yield AnchorsReady(tuple(anchors(cube_of(tally), TRUTH, study.request.seed)))
