"""What a fine-tune will take, said beside the button before it is pressed."""

from functools import partial

import streamlit as st

from core.models.classifier import Classifier
from core.retraining.cost_words import comparison_in_words
from core.retraining.fine_tune import cost_of_fine_tune
from core.retraining.networks import USUAL
from core.retraining.pace import Pace
from dashboard.controls.pace_panel import once_known
from dashboard.controls.workload import show_workload
from dashboard.retrain.fine_tune.job import FINE_TUNE, FineTuneRequest
from dashboard.retrain.measuring import Shape, paces
from dashboard.retrain.own_data import Known


def show_cost(request: FineTuneRequest | None, known: Known | None, classifier: Classifier | None) -> None:
    """Passes and seconds with the bundled pictures; of a folder's, once it is known how fast this computer is."""
    if known is None or request is None or classifier is None:
        show_workload(FINE_TUNE, [request])
        return
    asked = partial(paces.ask, USUAL, classifier, request, shape=Shape(known.classes, request.picture_side))
    once_known(asked, lambda pace: st.caption(in_words(request, known, pace)))


def in_words(request: FineTuneRequest, known: Known, pace: Pace) -> str:
    """What is trained, fine-tuned and explained, and how long it takes."""
    chosen = request.pictures, request.networks, request.unit, pace.speed, pace.explained
    return comparison_in_words(*cost_of_fine_tune(known.pictures, False, request, *chosen))
