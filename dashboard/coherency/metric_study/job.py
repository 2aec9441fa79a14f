"""The metrics judged: a study of many pictures, and what its scores say about the metrics themselves."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

import pandas as pd
from jaxtyping import Float
from torch import Tensor

import core
from core.coherency.anchor import FEWEST_METHODS, Anchor
from core.coherency.coherency import plan_coherency
from core.coherency.correlation import Correlation
from core.coherency.events import (
    AlphasReady,
    AnchorsReady,
    ConsistencyReady,
    CorrelationsReady,
    DegradationsReady,
    DifferencesReady,
    ExplainedReady,
    FlipsReady,
    PictureShown,
    StatusesReady,
)
from core.coherency.picture import CHECKS, Check
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import find_method
from core.methods.workload import Workload
from core.metrics.curve_plan import Perturbation
from core.metrics.statistics import Score
from core.models.classifier import Classifier
from core.models.outputs import rather_than
from core.stamping.models import DEFAULT, StampModel
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.study import plan_picture
from core.studies.table import flat
from dashboard.components.embedded import as_address
from dashboard.controls.method_panel import settings_for
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.messages import Message, content, rounded
from dashboard.jobs.requests import PerturbationRequest, Words
from dashboard.jobs.scores import FILES
from dashboard.jobs.tables import last_records
from dashboard.jobs.views import JobView
from dashboard.library.models import shelf
from dashboard.library.sources import Source, open_source
from dashboard.library.subjects import find_classifier

ANCHOR = "anchor"
CHECK_WORDS = {
    "degradation": "degradation",
    "changes": "perturbation consistency",
    "choices": "choices",
    ANCHOR: "truth anchor",
}
"""What takes further passes and can be left out: the engine's checks, and the stamp network's known truth."""
ALL_CHECKS = tuple(CHECK_WORDS)
STAMPED = 30
"""Stamped pictures of the truth anchor; its interval says whether they are enough."""
MOST_SHOWN = 500
"""Pictures that can be looked at, in some 10 MB; with more, dots hide each other."""
DIGITS = 4
BYTE = 127


@dataclass(frozen=True, kw_only=True)
class MetricStudyRequest(PerturbationRequest):
    """A gallery, a data set or an uploaded folder; at most ``limit`` pictures of it.

    Parameters
    ----------
    checks
        Which of the checks that take further passes are made.
    """

    source: Annotated[str, Words("pictures", plural=True)]
    limit: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    checks: Annotated[
        tuple[str, ...],
        Words("checks", plural=True, said=lambda names: ", ".join(CHECK_WORDS[name] for name in names) or "none"),
    ] = ALL_CHECKS

    @property
    def checking(self) -> tuple[Check, ...]:
        """Those of the engine's study."""
        return tuple(name for name in CHECKS if name in self.checks)


MetricStudy = JobView[MetricStudyRequest, Source]


@dataclass(frozen=True)
class SmallMap:
    """A heatmap to look at: its values as signed bytes, the largest of which is 127, row by row in base64."""

    width: int
    values: str


@dataclass(frozen=True)
class PictureJudged:
    """A picture, its maps and its scores as the browser shows them.

    Parameters
    ----------
    title
        What the page calls it.
    address
        The picture itself.
    maps
        By method.
    metrics
        What the scores are, in their order.
    scores
        By method that is no control.
    """

    picture: str
    title: str
    address: str
    maps: Mapping[str, SmallMap]
    metrics: tuple[str, ...]
    scores: Mapping[str, tuple[float | None, ...]]


def stream(request: MetricStudyRequest, source: Source) -> Iterator[Any]:
    """The truth anchor, if it is asked for, and then the study, to whose statuses it belongs."""
    anchors: tuple[Anchor, ...] = ()
    if ANCHOR in request.checks:
        model = core.load_stamp_model(DEFAULT)
        asked = anchor_request(request, model.classifier)
        for event in of_anchor(request, asked, model):
            anchors = event.rows if isinstance(event, AnchorsReady) else anchors
            if not isinstance(event, PictureScored | SummaryReady):  # they are of other pictures than the study's
                yield event
    yield from shown(
        core.stream_coherency(
            source.classifier,
            source.pictures,
            metrics=list(request.metrics),
            limit=request.limit,
            checking=request.checking,
            anchors=anchors,
            **request.maps(),
            **request.removal(),
        )
    )


def anchor_request(request: MetricStudyRequest, classifier: Classifier) -> HeatmapRequest:
    """The maps that are compared on the stamp network: by the methods that fit it."""
    reasons = core.capability(classifier)
    methods = tuple(name for name in request.methods if reasons[name] is None)
    output = request.output if rather_than(request.output) is None else "logit"  # it has other classes
    settings = settings_for(classifier, {name: request.settings[name] for name in methods if name in request.settings})
    return HeatmapRequest(
        methods=methods, settings=settings, output=output, reduction=request.reduction, seed=request.seed
    )


def of_anchor(request: MetricStudyRequest, asked: HeatmapRequest, model: StampModel) -> Iterator[Any]:
    """The truth anchor; nothing where too few methods fit the stamp network to be ranked."""
    if len([name for name in asked.methods if not find_method(name).control]) < FEWEST_METHODS:
        return iter(())
    maps = {name: getattr(asked, name) for name in ("methods", "settings", "output", "reduction", "seed")}
    return core.stream_truth_anchor(model, metrics=request.metrics, pictures=STAMPED, **maps, **request.removal())


def shown(events: Iterator[Any]) -> Iterator[Any]:
    """The same events, each of the first pictures with its maps and scores as the browser shows them."""
    last: PictureShown | None = None
    count = 0
    for event in events:
        if isinstance(event, PictureShown):
            last = event
            continue
        yield event
        if isinstance(event, PictureScored) and last is not None and count < MOST_SHOWN:
            count += 1
            yield judged_picture(last, event.scores)


def judged_picture(picture: PictureShown, scores: Sequence[Score]) -> PictureJudged:
    """The picture with the scores of methods that are no controls."""
    by_cell = {(each.method, each.metric): each.score for each in scores}
    metrics = tuple(dict.fromkeys(each.metric for each in scores))
    return PictureJudged(
        picture.picture,
        next((each.title for each in core.gallery() if each.name == picture.picture), picture.picture),
        as_address(picture.pixels),
        {name: small_map(values) for name, values in picture.maps.items()},
        metrics,
        {name: tuple(short(by_cell.get((name, metric))) for metric in metrics) for name in picture.maps},
    )


def small_map(values: Float[Tensor, "rows columns"]) -> SmallMap:
    """The map in as few bytes as show it."""
    known = values.nan_to_num(0.0, 0.0, 0.0)
    largest = known.abs().max().clamp(min=1e-30)
    written = (known / largest * BYTE).round().char().numpy().tobytes()
    return SmallMap(values.shape[1], base64.b64encode(written).decode())


def short(score: float | None) -> float | None:
    """As many digits as a chart can show; None for an undefined score.

    >>> short(0.123456), short(float("nan")), short(None)
    (0.1235, None, None)
    """
    return float(f"{score:.{DIGITS}g}") if score is not None and isfinite(score) else None


@content.register
def _(event: CorrelationsReady, labels: Sequence[str]) -> Message:  # noqa: ARG001 -- every message has them at hand
    pairs: dict[tuple[str, str], Message] = {}
    controls = {method.name for method in core.list_methods() if method.control}  # nobody looks at theirs
    for row in event.rows:
        if row.method in controls:
            continue
        pair = {"first": row.first, "second": row.second, "coefficient": row.kind, "methods": {}}
        pairs.setdefault((row.first, row.second), pair)["methods"][row.method] = numbers_of(row)
    return {"form": event.form, "pairs": list(pairs.values())}


def numbers_of(row: Correlation) -> list[Any]:
    """Value, interval and number of pictures; of raw scores also the pictures that the metrics disagree on."""
    opposed = list(row.opposed) if row.form == "raw" else []
    return [*map(rounded, (row.value, row.low, row.high)), row.n, *opposed]


def plan(request: MetricStudyRequest, classifier: Classifier) -> Workload:
    """The passes of the study; those of the truth anchor are of a small network, and count by their time."""
    perturbation = Perturbation(**request.removal())
    study = plan_coherency(classifier, request, request.metrics, perturbation, request.limit, checking=request.checking)
    small = shelf.held(DEFAULT) if ANCHOR in request.checks else None
    if small is None:
        return study
    asked = anchor_request(request, small)
    each = sum(plan_picture(small, asked, request.metrics, perturbation), Workload())
    return study + Workload(beside=(each * STAMPED).seconds(small))


def correlations(job: MetricStudy) -> pd.DataFrame:
    """A row for each pair of metrics, method and form."""
    names = ("value", "low", "high", "n", "opposed_first", "opposed_second")
    return pd.DataFrame(
        {
            "form": told["form"], "first": pair["first"], "second": pair["second"],
            "coefficient": pair["coefficient"], "method": method or "mean",
        } | dict(zip(names, numbers, strict=False))
        for told in job.messages(CorrelationsReady)
        for pair in told["pairs"]
        for method, numbers in pair["methods"].items()
    )  # fmt: skip


def mean_ranks(job: MetricStudy) -> pd.DataFrame:
    """A row for each metric and method."""
    return pd.DataFrame(
        {"metric": told["diagram"]["metric"], "method": method, "rank": rank, "n": told["diagram"]["n"]}
        for told in job.messages(DifferencesReady)
        for method, rank in told["diagram"]["ranks"].items()
    )


def degradations(job: MetricStudy) -> pd.DataFrame:
    """A row for each metric and share of shuffled pixels."""
    return pd.DataFrame(
        {"metric": row["metric"], "share_shuffled": level, **flat(mean), "fall": row["fall"]}
        for told in job.messages(DegradationsReady)
        for row in told["rows"]
        for level, mean in zip(row["levels"], row["means"], strict=True)
    )


def statuses(job: MetricStudy) -> pd.DataFrame:
    """A row for each metric."""
    return pd.DataFrame(
        {"metric": row["metric"], "status": row["verdict"], "reasons": " ".join(row["reasons"])}
        for told in job.messages(StatusesReady)
        for row in told["rows"]
    )


METRIC_STUDY = declare(
    JobKind(
        name="metric_study",
        title="Coherency of metrics",
        verb="Run",
        results="These statuses",
        reading="What the scores of a study say about the metrics themselves; 95 % intervals over pictures.",
        gone="That study is no longer kept here. Press Run to make it again.",
        page="coherency",
        request=MetricStudyRequest,
        inputs=lambda request: open_source(find_classifier(request.model), request.source),
        stream=stream,
        plan=plan,
        tables={
            "statuses": statuses,
            "correlations": correlations,
            "alpha": last_records(AlphasReady, "rows"),
            "mean-ranks": mean_ranks,
            "explained": last_records(ExplainedReady, "rows"),
            "degradation": degradations,
            "consistency": last_records(ConsistencyReady, "rows"),
            "choices": last_records(FlipsReady, "rows"),
            "truth-anchor": last_records(AnchorsReady, "rows"),
        },
        files=FILES,
        saves=PictureScored,
        outlives_its_reader=True,
    )
)
