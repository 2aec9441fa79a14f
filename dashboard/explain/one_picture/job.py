"""Heatmaps of one picture by many methods, and the perturbation test of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd

import core
from core.methods.heatmap import HeatmapReady
from core.methods.workload import Workload
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import VERDICTS, FidelityReady
from core.metrics.removal import Order
from core.models.classifier import Classifier
from core.models.outputs import rather_than
from core.pictures.rendering import to_png
from core.studies.scoring import ScoresReady, importance
from core.studies.trial import RANDOMS, plan_trial
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import PerturbationRequest, PictureRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.absence import NotThere
from dashboard.library.marks import marks
from dashboard.library.queue import queue
from dashboard.library.subjects import Subject, find_subject


@dataclass(frozen=True, kw_only=True)
class ExplanationRequest(PictureRequest, PerturbationRequest):
    """One picture; ``truth`` is the name of what a person marked on it, if anything."""

    target: Annotated[int, Words("explained class", follows_picture=True)]
    truth: Annotated[str, Words("marked object", follows_picture=True, may_be_added=True)] = ""


@dataclass(frozen=True, eq=False)
class MarkedSubject(Subject):
    """A picture as a model sees it, and what a person marked on it, if anything."""

    truth: Any = None


Explanation = JobView[ExplanationRequest, MarkedSubject]


def y_shown(request: ExplanationRequest) -> str:
    """Which value the curves show; that of a class rather than another is none that the model gives to a class."""
    return request.y if rather_than(request.output) is None else "contrast"


def find_inputs(request: ExplanationRequest) -> MarkedSubject:
    seen = find_subject(request.model, request.picture)
    truth = marks.get(request.truth).mask if request.truth else None
    return MarkedSubject(seen.classifier, seen.pixels, seen.seen, truth)


def stream(request: ExplanationRequest, subject: MarkedSubject) -> Iterator[Any]:
    """The heatmaps and their test, with what was marked."""
    return core.stream_trial(
        subject.classifier,
        subject.pixels,
        target=request.target,
        metrics=request.metrics,
        truth=subject.truth,
        **request.maps(),
        **request.removal(),
    )


def plan(request: ExplanationRequest, classifier: Classifier) -> Workload:
    """The passes of the heatmaps, of their curves and of the further scores."""
    perturbation = Perturbation(randoms=RANDOMS, **request.removal())
    parts = plan_trial(classifier, request, perturbation, request.metrics, bool(request.truth))
    return sum(parts, Workload())


def scores(explanation: Explanation) -> pd.DataFrame:
    """A row a method: fidelity and its verdict, then the further scores."""
    rows: dict[str, dict[str, Any]] = {}
    for judged in explanation.messages(FidelityReady):
        rows[judged["method"]] = {"fidelity": judged["value"], **judged}
    for judged in explanation.messages(ScoresReady):
        rows[judged["method"]] = {**rows.get(judged["method"], {}), **judged["scores"]}
    for row in rows.values():
        if "verdict" in row:
            row["verdict"] = VERDICTS[row["verdict"]]
    table = pd.DataFrame([{"method": method, **row} for method, row in rows.items()])
    named = table.rename(columns={"spread": "chance_up_to"})  # spread would look like the error of F
    return named.drop(columns=["sequence", "kind", "value"], errors="ignore")


EXPLANATION = declare(
    JobKind(
        name="explanation",
        title="Heatmaps",
        verb="Explain",
        results="These results",
        reading="F: area between the curves least and most important first; 0 for a random order, higher is better.",
        gone="That run is no longer kept here. Press Explain to make it again.",
        page="explain",
        tab="One picture",
        request=ExplanationRequest,
        inputs=find_inputs,
        stream=stream,
        plan=plan,
        formerly="job",
        tables={"scores": scores, "curves": records(CurvePoint, "top")},
    )
)


def importances(explanation: Explanation) -> dict[str, Any]:
    """What pixels are ranked by in every finished heatmap, by method."""
    final = (message for message in explanation.messages(HeatmapReady) if message["final"])
    if explanation.sample:
        return {each["heatmap"]["method"]: explanation.heatmap(each["sequence"]) for each in final}
    finished = (event.heatmap for event in explanation.events(HeatmapReady) if event.final)
    return {heatmap.method: importance(heatmap, explanation.request.unit) for heatmap in finished}


def render_perturbed(explanation: Explanation, method: str, order: Order, fraction: float) -> bytes:
    """What the model saw with that share removed in a method's order, as PNG.

    Raises
    ------
    NotThere
        If there is no such heatmap.
    """
    maps, subject, request = importances(explanation), explanation.inputs(), explanation.request
    if method not in maps:
        raise NotThere("This run has no such heatmap.")

    def work() -> Any:
        return core.perturbed(
            subject.classifier,
            subject.pixels,
            maps[method],
            order,
            fraction,
            imputer=request.imputer,
            seed=request.seed,
            unit=request.unit,
            side=request.side,
        )

    return to_png(queue().call(work))
