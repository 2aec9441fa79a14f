"""What the networks of a comparison will take, said beside the button before it is pressed."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.models.classifier import Classifier
from core.retraining.cost_words import comparison_in_words
from core.retraining.data import collect_data
from core.retraining.networks import USUAL
from core.retraining.pace import Pace
from core.retraining.single_patch import seconds_of
from dashboard.controls.pace_panel import once_known
from dashboard.retrain.measuring import paces
from dashboard.retrain.single_patch.job import SinglePatchRequest


def show_cost(request: SinglePatchRequest, classifier: Classifier) -> None:
    """Trainings, heatmaps and seconds in all, once it is known how fast this computer is."""
    once_known(partial(measured, request, classifier), lambda known: st.caption(in_words(request, known)))


def measured(request: SinglePatchRequest, classifier: Classifier) -> Mapping[str, Pace] | None:
    """The pace of each network, once all are known."""
    asked = {name: paces.ask(name, classifier, request) for name in request.networks}
    known = {name: pace for name, pace in asked.items() if pace}
    return known if len(known) == len(asked) else None


def in_words(request: SinglePatchRequest, known: Mapping[str, Pace]) -> str:
    """The cost in words: what is trained from random weights, what is fine-tuned, and what is explained."""
    data, copies = collect_data(), request.copies
    seconds = sum(
        seconds_of(name, data, pace.speed, pace.explained, request.pictures, copies, request.across)
        for name, pace in known.items()
    )
    trained = sum(name != USUAL for name in known)
    heatmaps = len(known) * copies * request.pictures * len(request.methods)
    return comparison_in_words(trained, len(known) * copies, heatmaps, seconds)
