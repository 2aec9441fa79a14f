"""What the model sees and says, and the one button that starts a run or ends it."""

import time
import uuid

import streamlit as st

from dashboard.chosen import Chosen
from dashboard.parts.prediction import prediction
from dashboard.parts.progress import progress
from dashboard.runs import Run, SampleRun
from dashboard.workshop import queue, start

SECONDS_OF_A_DOUBLE_CLICK = 0.4


def run_panel(chosen: Chosen, run: Run | None) -> None:
    seen, action = st.columns([3, 1.1], gap="large")
    with seen:
        show_prediction(chosen, run)
    with action:
        show_action(chosen, run)


def show_prediction(chosen: Chosen, run: Run | None) -> None:
    """The model's answer; while it is not there yet, what the sample remembers of it."""
    classifier = chosen.loading.classifier
    if classifier and chosen.asked and chosen.look and chosen.picture:
        crop = f"/api/pictures/{chosen.picture.name}/crop?model={chosen.loading.name}"
        prediction(
            crop, chosen.picture.title, chosen.look.told(chosen.asked.target), classifier.labels[chosen.asked.target]
        )
    elif isinstance(run, SampleRun) and chosen.is_subject_of(run):
        prediction(f"/api/jobs/{run.id}/crop", run.title, run.top, run.top[0].label)
    else:
        prediction(waiting=why_nothing(chosen))


def why_nothing(chosen: Chosen) -> str:
    """Why there is no answer yet, and what to do where it will not come by itself."""
    if chosen.loading.sentence:
        return "Choose a model that can be loaded."
    return "The model is loading." if chosen.picture else "Choose a picture."


def show_action(chosen: Chosen, run: Run | None) -> None:
    """Explain, or Cancel while a run is on its way: one button, so that the keyboard's focus stays on it."""
    if run and not run.finished:
        text = "Cancelling…" if st.session_state.get("cancelling") == run.id else "Cancel"
        does = {"on_click": cancel, "args": (run.id,)}
    else:
        text = "Explain"
        does = {"on_click": launch, "args": (chosen, run), "disabled": chosen.asked is None}
    st.button(text, key="run", type="primary", width="stretch", **does)
    if run and not isinstance(run, SampleRun):
        progress(run.id, len(run.asked.methods), running=not run.finished)
    else:
        progress()


def launch(chosen: Chosen, shown: Run | None) -> None:
    """Starts the run that was asked for; the one shown so far is remembered for comparison."""
    if chosen.asked is None or chosen.picture is None:
        return
    job = start(chosen.asked, chosen.picture.title, st.session_state.setdefault("owner", uuid.uuid4().hex))
    st.session_state["launched"] = time.monotonic()
    st.session_state["before"] = shown.id if shown else None
    st.query_params["job"] = job.id


def cancel(run: str) -> None:
    """The second half of a double click on Explain is not meant."""
    if time.monotonic() - st.session_state.get("launched", 0.0) < SECONDS_OF_A_DOUBLE_CLICK:
        return
    queue().cancel(run)
    st.session_state["cancelling"] = run
