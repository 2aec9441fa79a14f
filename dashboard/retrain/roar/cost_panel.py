"""What a study will take, said beside the button before it is pressed."""

from collections.abc import Iterable
from functools import partial

import streamlit as st

from core.models.classifier import Classifier
from core.retraining.cost import Cost, Pace, cost_of, pictures_of, smaller_plans
from core.retraining.home import networks_in, saved_in
from core.retraining.workers import cores
from dashboard.controls.workload import about, counted
from dashboard.retrain.measuring import paces
from dashboard.retrain.pace_panel import once_known
from dashboard.retrain.roar.job import RoarRequest

RESUMES = "Cancel pauses. Run goes on where it stopped, even after a restart of the server."


def show_cost(request: RoarRequest | None, classifier: Classifier | None) -> None:
    """Networks, seconds each, heatmaps, minutes in all, and what a smaller plan would take."""
    if request is not None and classifier is not None:
        asked = partial(paces.ask, request.network, classifier, request.spec().request)
        once_known(asked, lambda pace: tell(cost_lines(request, pace)))
    st.caption(RESUMES)


def tell(lines: Iterable[str]) -> None:
    for line in lines:
        st.caption(line)


def cost_lines(request: RoarRequest, pace: Pace) -> list[str]:
    """The cost in words, then what adds to it, then that of smaller plans."""
    spec = request.spec()
    trained, saved = networks_in(spec), saved_in(spec)
    cost = cost_of(spec, pace, cores(), trained + saved)
    lines = [in_words(cost, sum(pictures_of(spec)) * len(spec.request.methods), trained), *parts(cost)]
    smaller = {words: cost_of(plan, pace, cores()) for words, plan in smaller_plans(spec).items()}
    if smaller and not trained:
        lines.append("; ".join(f"with {words}, {about(each.seconds)}" for words, each in smaller.items()))
        lines[-1] = f"{lines[-1][0].upper()}{lines[-1][1:]}."
    return lines


def in_words(cost: Cost, heatmaps: int, trained: int) -> str:
    """
    >>> in_words(Cost(21, 4.0, 60.0, 2), 15000, 0)
    '21 networks of about 4\xa0s each, 15,000 heatmaps: about 70\xa0s on 2 cores.'
    >>> in_words(Cost(9, 4.0, 0.0, 2), 15000, 12)
    '9 networks of about 4\xa0s each are left, 12 are kept: about 20\xa0s on 2 cores.'
    """
    networks = f"{counted(cost.networks, 'network')} of {about(cost.network_seconds)} each"
    whole = f"{about(cost.seconds)} on {counted(cost.cores, 'core')}."
    if not trained:
        return f"{networks}, {counted(heatmaps, 'heatmap')}: {whole}"
    return (
        f"{networks} are left, {trained:,} are kept: {whole}"
        if cost.networks
        else f"All {trained:,} networks are kept."
    )


def parts(cost: Cost) -> list[str]:
    """What the time includes besides training and heatmaps, and what may be spared.

    >>> parts(Cost(21, 4.0, 60.0, 2, filling_seconds=36.0, start_seconds=8.0, spared=7))
    ['Includes about 18\xa0s of filling and about 8\xa0s to start. Stopping early may spare up to 7 networks.']
    >>> parts(Cost(0, 4.0, 0.0, 2, start_seconds=8.0))
    []
    """
    if not cost.networks:
        return []
    filling = [f"{about(cost.filling_seconds / cost.cores)} of filling"] if cost.filling_seconds else []
    starting = [f"{about(cost.start_seconds)} to start"] if cost.start_seconds else []
    told = [f"Includes {' and '.join(filling + starting)}."] if filling or starting else []
    if cost.spared:
        told.append(f"Stopping early may spare up to {counted(cost.spared, 'network')}.")
    return [" ".join(told)] if told else []
