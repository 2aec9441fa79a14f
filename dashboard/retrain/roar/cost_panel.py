"""What a study will take, said beside the button before it is pressed."""

from collections.abc import Iterable
from functools import partial

import streamlit as st

from core.jobs.durations import about
from core.models.classifier import Classifier
from core.retraining.cost import cost_of, pictures_of, smaller_plans
from core.retraining.cost_words import cost_sentences
from core.retraining.folder import StudyFolder
from core.retraining.home import bytes_of, folder_of, networks_in, settled_in
from core.retraining.pace import Pace
from core.retraining.training import retraining_precision
from core.retraining.workers import cores
from dashboard.controls.pace_panel import once_known
from dashboard.retrain.measuring import Shape, paces
from dashboard.retrain.own_data import Known
from dashboard.retrain.roar.job import RoarRequest

RESUMES = "Cancel pauses. Run goes on where it stopped, even after a restart of the server."
RESUMES_A_FOLDER = (
    "Cancel pauses. Run goes on where it stopped; after a restart of the server, upload the same folder again. The "
    "scaled pictures are kept with the study."
)


def show_cost(request: RoarRequest | None, known: Known | None, classifier: Classifier | None) -> None:
    """Networks, seconds each, heatmaps, minutes in all, and what a smaller plan would take.

    Parameters
    ----------
    known
        Of the folder whose pictures are learned from, if it is one.
    """
    if request is not None and classifier is not None:
        precision = retraining_precision(classifier.device)
        shape = Shape(known.classes, request.picture_side) if known else None
        asked = partial(paces.ask, request.network, classifier, request.heatmaps, precision, shape)
        once_known(asked, lambda pace: tell(cost_lines(request, pace, known)))
    st.caption(RESUMES_A_FOLDER if known else RESUMES)


def tell(lines: Iterable[str]) -> None:
    st.caption(" ".join(lines))


def cost_lines(request: RoarRequest, pace: Pace, known: Known | None = None) -> list[str]:
    """The cost in sentences, then that of smaller plans."""
    spec = request.spec(known.data) if known else request.spec()
    pictures, trained = known.pictures if known else pictures_of(spec), networks_in(spec)
    cost = cost_of(spec, pace, cores(), settled_in(spec, StudyFolder(folder_of(spec))), pictures)
    lines = cost_sentences(cost, pictures, bytes_of(spec, pictures), trained)
    smaller = {words: cost_of(plan, pace, cores(), pictures=pictures) for words, plan in smaller_plans(spec).items()}
    if smaller and not trained:
        lines.append("; ".join(f"with {words}, {about(each.seconds)}" for words, each in smaller.items()))
        lines[-1] = f"{lines[-1][0].upper()}{lines[-1][1:]}."
    return lines
