"""The region that a person thinks decides the class: the reference of the plausibility scores."""

import streamlit as st

import core
from dashboard.controls.mark_panel import Purpose, draw_mark, mark_for
from dashboard.controls.metric_panel import want_plausibility
from dashboard.controls.selection import Seen
from dashboard.explain.one_picture.job import Explanation
from dashboard.library.models import models

OBJECT = Purpose("truth", "Mark the object")
WHAT_FOR = (
    "Mark the region that you think decides the class, on the crop that the model sees. Plausibility scores then say "
    "whether a map points there, which is no evidence of what the model uses."
)


def truth_of(model: str, picture: str) -> str:
    """The mark on this model's crop of this picture: the one that the address names, or that was made there before."""
    return mark_for(OBJECT, model, picture)


def tell_dropped(seen: Seen, truth: str) -> None:
    """Says so where the picture is marked on another model's crop, and not on this one."""
    if truth or seen.picture is None:
        return
    marked = [model for model, picture in OBJECT.made if picture == seen.picture.name]
    if marked:
        st.info(
            f"Your mark is on the crop of {models.title(marked[-1])}. {models.title(seen.loading.name)} sees another "
            f"crop: mark the object again."
        )


def mark_panel(seen: Seen, truth: str, run: Explanation | None) -> None:
    """The first model's crop to mark on, and the same as four numbers.

    Parameters
    ----------
    run
        The first model's run that the page shows, if there is one.
    """
    st.markdown(f"**{marked_words(truth, run)}**")
    st.caption(WHAT_FOR)
    draw_mark(OBJECT, seen, truth, want_plausibility)


def marked_words(truth: str, run: Explanation | None) -> str:
    """Whether plausibility is scored with this mark, and by which run."""
    if not truth:
        return "Not marked: plausibility is not scored."
    if run and run.request.truth == truth and scores_plausibility(run):
        return "Marked, and scored by this run: see Scores." if run.finished else "Marked, and this run scores it."
    return "Marked: the next run scores plausibility."


def scores_plausibility(run: Explanation) -> bool:
    """Whether the run was asked for a score that needs a mark, and was not ended before its last one."""
    needing = {metric.name for metric in core.list_metrics() if metric.needs_truth}
    return bool(needing & {*run.request.metrics}) and run.state()["state"] not in ("cancelled", "failed")
