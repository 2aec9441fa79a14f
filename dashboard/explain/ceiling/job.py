"""The ceiling of F on an explanation's picture, and F of each of its heatmaps as a share of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

import core
from core.methods.heatmap import Heatmap, HeatmapReady, Passes
from core.metrics.ceiling import SEARCH, Ceiling, CeilingReady, OrderImproved, order_of
from core.metrics.curve_plan import Perturbation
from core.metrics.fidelity import FidelityReady
from core.metrics.search_plan import usual_passes
from core.models.classifier import Classifier
from core.models.outputs import rather_than
from dashboard.explain.finished_maps import FinishedMaps, find_finished_maps
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find_of
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView


@dataclass(frozen=True, kw_only=True)
class CeilingRequest(FollowUpRequest):
    """The best order of pixels on an explanation's picture."""


@dataclass(frozen=True, eq=False)
class ScoredMaps(FinishedMaps):
    """The heatmaps of an explanation with F of each, as far as its curves are finished."""

    fidelities: Mapping[str, float]


def find_scored_maps(request: FollowUpRequest) -> ScoredMaps:
    """The heatmaps of the explanation that is asked about, and what is known of their F.

    Raises
    ------
    NotThere
        If it is no longer kept.
    """
    maps, judged = find_finished_maps(request), find_of(EXPLANATION, request.about).messages(FidelityReady)
    known = {each["method"]: each["value"] for each in judged if each["final"] and each["method"] in maps.importances}
    return ScoredMaps(maps.request, maps.classes, maps.explained, maps.importances, known)


def passes_of(request: ExplanationRequest, classifier: Classifier, lacking: int = 0) -> int:
    """The passes of a search with the curves of that explanation.

    Parameters
    ----------
    lacking
        The heatmaps whose F is not known.
    """
    return usual_passes(classifier.size, Perturbation(request.imputer, y=request.y, steps=request.steps), lacking)


def stream(_: CeilingRequest, maps: ScoredMaps) -> Iterator[Any]:
    """The search, and then the order that it found as a map, with the best heatmap's own order."""
    made, subject = maps.request, maps.subject
    searching = core.stream_ceiling(
        subject.classifier,
        subject.pixels,
        made.target,
        maps.importances,
        maps.fidelities,
        made.imputer,
        made.y,
        made.steps,
        passes=passes_of(made, subject.classifier, len(maps.importances) - len(maps.fidelities)),
        seed=made.seed,
        rather_than=rather_than(made.output),
    )
    for event in searching:
        yield event
        if isinstance(event, CeilingReady):
            yield from orders_shown(event.ceiling, maps)


def orders_shown(ceiling: Ceiling, maps: ScoredMaps) -> Iterator[HeatmapReady]:
    """The best order, where the search found it, and that of the heatmap with the highest F, as maps of the ranks."""
    best = max(ceiling.fidelities, key=ceiling.fidelities.__getitem__)
    found = {SEARCH: ceiling.values} if ceiling.found_by == SEARCH else {}
    for name, values in {**found, best: maps.importances[best]}.items():
        order = order_of(values).cpu()
        yield HeatmapReady(Heatmap(order, order[None], name, maps.request.target, "sum", 0.0, Passes()), final=True)


def shares(ceiling: JobView[CeilingRequest, ScoredMaps]) -> pd.DataFrame:
    """A row a method: F, the ceiling, who found it, and F as a share of it."""
    rows = [
        (method, fidelity, found["value"], found["found_by"], found["passes"], found["shares"][method])
        for message in ceiling.messages(CeilingReady)
        for found in [message["ceiling"]]
        for method, fidelity in found["fidelities"].items()
    ]
    return pd.DataFrame(rows, columns=["method", "fidelity", "ceiling", "found_by", "passes", "share_of_ceiling"])


CEILING = declare(
    JobKind(
        name="ceiling",
        title="Ceiling",
        verb="Find the ceiling",
        reading="F as a share of the largest F that any order of the pixels was found to reach: at most this share.",
        gone="That ceiling is no longer kept here.",
        page="explain",
        tab="One picture",
        below="Ceiling",
        request=CeilingRequest,
        inputs=find_scored_maps,
        stream=stream,
        tables={"shares": shares, "search": records(OrderImproved)},
    )
)
