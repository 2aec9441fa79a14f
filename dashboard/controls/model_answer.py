"""A model's answer for a picture, or why there is none yet."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.components.prediction.prediction import answer, prediction
from dashboard.controls.selection import Seen
from dashboard.jobs.views import JobView, StoredJob
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice, title_of_picture
from dashboard.library.predictions import Look, likeliest_with, look

logger = logging.getLogger(__name__)


def look_at(loading: Loading, picture: Choice | None) -> Seen:
    """The model's answer for the picture; a sentence if it cannot say anything now."""
    return Seen(loading, picture, answer_for(loading, picture) if picture and loading.classifier else None)


def answer_for(loading: Loading, picture: Choice) -> Look | None:
    try:
        return look(loading.name, picture.name)
    except TimeoutError:
        st.warning("The model is busy with other people's runs. Reload in a moment.")
    except Exception:
        logger.exception("%s could not look at a picture", loading.name)
        st.error(
            "This model cannot be run on this picture; the server's log says why. Choose another model or picture."
        )
    return None


def show_prediction(
    seen: Seen,
    target: int | None,
    job: JobView[Any, Any] | None,
    place: int = 0,
    choose: Callable[[int], None] | None = None,
    model: str = "",
    hidden: Mapping[str, Any] | None = None,
) -> None:
    """The likeliest classes; while they are not there yet, what the sample remembers of them.

    Parameters
    ----------
    target
        The class that is explained; None while that is not known yet.
    place
        Tells several on one page apart.
    choose
        Is called with the index of another class that is to be explained.
    model
        What the model is called, where several stand side by side.
    hidden
        Pixels of the crop that a run would hide, where they are known.
    """
    classifier, picture = seen.loading.classifier, seen.picture
    recorded = recorded_answer(job) if job else None
    if classifier and picture and seen.look and target is not None:
        crop = f"/api/pictures/{picture.name}/crop?model={seen.loading.name}"
        shown = answer(crop, picture.title, seen.look.top_with(target), classifier.labels[target])
        prediction(place, shown, recorded, choose=choose, model=model, hidden=hidden)
    elif recorded and isinstance(job, StoredJob) and is_about(job, seen):
        prediction(place, recorded, recorded, model=model)
    else:
        prediction(place, answer(), recorded, waiting=why_nothing(seen), model=model)


def recorded_answer(job: JobView[Any, Any]) -> dict[str, Any]:
    """What a job is about: its own picture, its own model's answer for it, and the class that it explains."""
    request = job.request
    top = likeliest_with(job.answers, request.target)
    explained = next((each.label for each in top if each.index == request.target), "")
    return answer(f"/api/jobs/{job.id}/crop", title_of_picture(request.picture), top, explained)


def is_about(job: JobView[Any, Any], seen: Seen) -> bool:
    """Whether a job is about this model and this picture."""
    return {"model": job.request.model, "picture": job.request.picture} == seen.names


def why_nothing(seen: Seen) -> str:
    """Why there is no answer yet, and what to do where it will not come by itself."""
    if seen.loading.sentence:
        return "Choose a model that can be loaded."
    return "The model is loading." if seen.picture else "Choose a picture."
