"""One picture: heatmaps of many methods by one model or several, and their tests."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from core.methods.registry import find_method
from core.models.outputs import rather_than
from dashboard.components.heatmap_cards.heatmap_cards import heatmap_cards
from dashboard.components.methods import described_finished
from dashboard.controls.address import choose_tab
from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import Button, launch_and_find, show_state, start_or_cancel
from dashboard.controls.method_panel import settings_for
from dashboard.controls.model_answer import look_at, show_prediction
from dashboard.controls.selection import Seen, Selection
from dashboard.controls.trial_panel import choose_tried, class_beside, explain_class, output_beside, unique_names
from dashboard.controls.workload import show_workload
from dashboard.explain.baselines.panel import baselines
from dashboard.explain.ceiling.panel import ceiling, ceiling_about
from dashboard.explain.curve_numbers.curve_numbers import curve_numbers
from dashboard.explain.imputer_ranks.panel import imputer_ranks
from dashboard.explain.live_curve.live_curve import live_curve
from dashboard.explain.location_test.panel import location_test
from dashboard.explain.marker.panel import mark_panel, tell_dropped, truth_of
from dashboard.explain.one_picture.job import EXPLANATION, Explanation, ExplanationRequest
from dashboard.explain.scores.scores import scores
from dashboard.explain.verdict.verdict import verdict
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import running
from dashboard.jobs.views import JobView
from dashboard.library.models import Loading, models
from dashboard.library.pictures import Choice

SIDE_BY_SIDE = "Each model sees its own crop. The same class is explained where a model has it."
MARK = "Mark the object"
TABS = {
    "scores": "Scores",
    "imputers": "Imputers",
    "location": "Location test",
    "ceiling": "Ceiling",
    "randomisation": "Randomisation",
    "mark": MARK,
    "numbers": "Numbers",
}
NOT_YET = "Available once the heatmaps are finished."
Strip = Callable[[Explanation, bool, bool], JobView[Any, Any] | None]


def one_picture(loadings: Sequence[Loading], picture: Choice | None, selection: Selection | None, strip: Strip) -> None:
    """All that stands under the strip of pictures: the answer first, and below it what it rests on.

    Parameters
    ----------
    strip
        Draws the randomisation of an explanation's maps, and gives the job that it shows.
    """
    truth = truth_of(loadings[0].name, picture.name) if picture else ""
    seen = [look_at(loading, picture) for loading in loadings]
    requests = requests_of(seen, selection, truth)
    explanations = launch_and_find(EXPLANATION, requests if all(requests) else [])
    if len(explanations) > len(loadings):
        explanations = still_compared(explanations, {loading.name for loading in loadings})
    with st.container(horizontal=True, gap="large", key="answer"):
        with st.container(gap="xsmall", key="seen"):
            show_answers(seen, requests, explanations)
            tell_contrast(seen[0], selection)
            tell_dropped(seen[0], truth)
        with st.container(gap="xsmall", key="judged"):
            verdict_place = st.container()
            acting: Any = st.container(horizontal=True, vertical_alignment="center", gap="small", key="acting")
            titles = [models.title(each.request.model) for each in explanations] if len(explanations) > 1 else []
            with acting:
                start_or_cancel(EXPLANATION, explanations, all(requests), Button("primary", "content"), titles)
            chosen = [asdict(request) if request else each.names for request, each in zip(requests, seen, strict=True)]
            stale = bool(explanations) and show_state(EXPLANATION, explanations, chosen)
            with acting:
                if stale or requests != [each.request for each in explanations]:
                    show_workload(EXPLANATION, requests)
                export_panel(explanations, titles)
    tests = show_results(explanations, stale, seen[0], truth, strip)
    if explanations:
        with verdict_place:
            verdict(explanations, tests, stale)


def still_compared(explanations: list[Explanation], names: Collection[str]) -> list[Explanation]:
    """Those of these models, once nothing goes on that is about the others: it could not be cancelled any more."""
    left = [each for each in explanations if each.request.model not in names]
    asked = {job.request.about for job in running() if isinstance(job.request, FollowUpRequest)}
    if any(not each.finished or each.id in asked for each in left):
        return explanations
    return [each for each in explanations if each not in left] or explanations


def show_results(
    explanations: Sequence[Explanation], stale: bool, seen: Seen, truth: str, strip: Strip
) -> list[JobView[Any, Any]]:
    """Heatmaps, curves and what else is asked of them; the tests that were run besides."""
    if explanations:
        heatmap_cards(explanations, stale, folded=True)
        tested = explanations[choose_tried([models.title(each.request.model) for each in explanations])]
        live_curve(tested, stale)
    score_tab, imputer_tab, location_tab, ceiling_tab, strip_tab, mark_tab, number_tab = choose_tab(TABS, "below")
    if mark_tab.open:
        with mark_tab:
            mark_panel(seen, truth, explanations[0] if explanations else None)
    if not explanations:
        return []
    with score_tab:
        scores(explanations, stale, [ceiling_about(each) for each in explanations])
    with number_tab:
        curve_numbers(tested, stale)
    if not (tested.finished and described_finished(tested)):
        for tab in (imputer_tab, location_tab, ceiling_tab, strip_tab):
            tab.caption(NOT_YET)
        return []
    with imputer_tab:
        imputer_ranks(tested, stale)
        baselines(tested, stale)
    with location_tab:
        located = location_test(tested, stale)
    with ceiling_tab:
        ceiling(tested, stale)
    with strip_tab:
        randomised = strip(tested, stale, bool(strip_tab.open))
    return [each for each in (located, randomised) if each and tested is explanations[0]]


def requests_of(seen: Sequence[Seen], selection: Selection | None, truth: str) -> list[ExplanationRequest | None]:
    """What a click would ask of each model; None of one that has not seen the picture yet, or where nothing can be."""
    first, *others = seen
    if selection is None or first.look is None or first.picture is None or first.loading.classifier is None:
        return [None] * len(seen)
    if rather_than(selection.shared["output"]) == selection.explained(first.look):
        return [None] * len(seen)
    request = ExplanationRequest(
        **selection.shared,
        picture=first.picture.name,
        target=selection.explained(first.look),
        metrics=selection.metrics,
        truth=truth,
    ).with_controls(bool(truth))
    labels = first.loading.classifier.labels
    return [request, *(request_beside(request, labels, other) for other in others)]


def request_beside(request: ExplanationRequest, labels: tuple[str, ...], seen: Seen) -> ExplanationRequest | None:
    """What is asked of the first model, as another can be asked it; nothing before it has seen the picture."""
    classifier = seen.loading.classifier
    if classifier is None or seen.look is None:
        return None
    explained = unique_names(labels)[request.target]
    return replace(
        request,
        model=seen.loading.name,
        methods=tuple(name for name in request.methods if not find_method(name).needs_truth),
        target=class_beside(explained, classifier.labels, seen.look.top[0].index),
        output=output_beside(request.output, labels, classifier.labels),
        settings=settings_for(classifier, request.settings),
        side=min(request.side, *classifier.size),
        truth="",
    )


def tell_contrast(seen: Seen, selection: Selection | None) -> None:
    """Which class the explained one is contrasted with, and that a class cannot be contrasted with itself."""
    other = rather_than(selection.shared["output"]) if selection else None
    if selection is None or other is None or seen.look is None or seen.loading.classifier is None:
        return
    labels, target = unique_names(seen.loading.classifier.labels), selection.explained(seen.look)
    if other == target:
        st.warning(f"{labels[target]} cannot be contrasted with itself. Choose another class under Advanced.")
    else:
        st.caption(f"Explained: {labels[target]} rather than {labels[other]}.")


def show_answers(
    seen: Sequence[Seen], requests: Sequence[ExplanationRequest | None], explanations: Sequence[Explanation]
) -> None:
    """What the models see and say; several side by side."""
    jobs = [*explanations[: len(seen)], *[None] * (len(seen) - len(explanations))]
    if len(seen) == 1:
        show_prediction(seen[0], requests[0].target if requests[0] else None, jobs[0], choose=explain_class)
        return
    st.caption(SIDE_BY_SIDE)
    columns = st.columns(len(seen), gap="medium")
    for place, (column, each, request, job) in enumerate(zip(columns, seen, requests, jobs, strict=True)):
        with column:
            show_prediction(
                each, request.target if request else None, job, place, model=models.title(each.loading.name)
            )
