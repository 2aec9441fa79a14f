"""What the models see and say, and the one button that starts their runs or ends them."""

import time
import uuid
from collections.abc import Sequence

import streamlit as st

from dashboard.chosen import Chosen
from dashboard.parts.prediction import prediction
from dashboard.parts.progress import progress
from dashboard.runs import SAMPLE, Run, SampleRun, address_of
from dashboard.workshop import models, queue, start

SECONDS_OF_A_DOUBLE_CLICK = 0.4
SIDE_BY_SIDE = "Each model sees its own crop. One that knows the first one's class by name explains it too."


def run_panel(chosen: Sequence[Chosen], runs: Sequence[Run]) -> None:
    """One model beside the button; several under it, side by side."""
    seen, action = st.columns([3, 1.1], gap="large")
    with action:
        show_action(chosen, runs)
    with seen:
        if len(chosen) > 1:
            st.caption(SIDE_BY_SIDE)
        else:
            show_prediction(0, chosen[0], runs)
    if len(chosen) > 1:
        for place, (column, each) in enumerate(zip(st.columns(len(chosen), gap="medium"), chosen, strict=True)):
            with column:
                st.markdown(f"**{models.title(each.loading.name)}**")
                show_prediction(place, each, runs)


def show_prediction(place: int, chosen: Chosen, runs: Sequence[Run]) -> None:
    """The model's answer; while it is not there yet, what the sample remembers of it."""
    classifier, shown = chosen.loading.classifier, next(iter(runs), None)
    if classifier and chosen.asked and chosen.look and chosen.picture:
        crop = f"/api/pictures/{chosen.picture.name}/crop?model={chosen.loading.name}"
        target = chosen.asked.target
        prediction(place, crop, chosen.picture.title, chosen.look.told(target), classifier.labels[target])
    elif isinstance(shown, SampleRun) and chosen.is_subject_of(shown):
        prediction(place, f"/api/jobs/{shown.id}/crop", shown.title, shown.top, shown.top[0].label)
    else:
        prediction(place, waiting=why_nothing(chosen))


def why_nothing(chosen: Chosen) -> str:
    """Why there is no answer yet, and what to do where it will not come by itself."""
    if chosen.loading.sentence:
        return "Choose a model that can be loaded."
    return "The model is loading." if chosen.picture else "Choose a picture."


def show_action(chosen: Sequence[Chosen], runs: Sequence[Run]) -> None:
    """Explain, or Cancel while a run is on its way: one button, so that the keyboard's focus stays on it."""
    if all(run.finished for run in runs):
        text = "Explain"
        does = {"on_click": wish, "disabled": any(each.asked is None for each in chosen)}
    else:
        text = "Cancelling…" if st.session_state.get("cancelling") == address_of(runs) else "Cancel"
        does = {"on_click": cancel, "args": (runs,)}
    st.button(text, key="run", type="primary", width="stretch", **does)
    live = [run for run in runs if not isinstance(run, SampleRun)]
    for place, run in enumerate(live):
        title = models.title(run.asked.model) if len(live) > 1 else ""
        progress(place, run.id, len(run.asked.methods), not run.finished, title)
    if not live:
        progress(0)


def wish() -> None:
    """Only noted: what is to be run is known when the widgets have been read, and may have changed with this click."""
    st.session_state["explain asked"] = True


def launch_if_wished(chosen: Sequence[Chosen]) -> None:
    """Starts a run for each model; those shown so far are remembered for comparison."""
    if not st.session_state.pop("explain asked", False):
        return
    owner = st.session_state.setdefault("owner", uuid.uuid4().hex)
    started: list[str] = []
    for each in chosen:
        if each.asked and each.picture:
            started.append(start(each.asked, each.picture.title, owner, beside=started).id)
    if started:
        st.session_state["launched"] = time.monotonic()
        st.session_state["before"] = st.query_params.get("job", SAMPLE)
        st.query_params["job"] = ",".join(started)


def cancel(runs: Sequence[Run]) -> None:
    """The second half of a double click on Explain is not meant."""
    if time.monotonic() - st.session_state.get("launched", 0.0) < SECONDS_OF_A_DOUBLE_CLICK:
        return
    for run in runs:
        queue().cancel(run.id)
    st.session_state["cancelling"] = address_of(runs)
