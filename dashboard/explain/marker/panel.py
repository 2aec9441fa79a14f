"""The region that a person thinks decides the class: the reference of the plausibility scores."""

from collections.abc import Callable

import streamlit as st
import torch
from jaxtyping import Bool
from torch import Tensor

import core
from dashboard.controls.metric_panel import want_plausibility
from dashboard.controls.selection import Seen
from dashboard.explain.marker.marker import marker
from dashboard.explain.one_picture.job import Explanation
from dashboard.library.marks import Mark, MarkGone, bits_of_mask, box, marks, mask_of_bits
from dashboard.library.models import models
from dashboard.library.owner import owner

ADDRESS = "truth"
MADE = "marks made"
WHAT_FOR = (
    "Mark the region that you think decides the class, on the crop that the model sees. Plausibility scores then say "
    "whether a map points there, which is no evidence of what the model uses."
)


def truth_of(model: str, picture: str) -> str:
    """The mark on this model's crop of this picture: the one that the address names, or that was made there before."""
    made: dict[tuple[str, str], str] = st.session_state.setdefault(MADE, {})
    name = st.query_params.get(ADDRESS, "")
    try:
        mark = marks.get(name) if name else None
    except MarkGone as absence:
        st.warning(str(absence))
        mark = None
    if mark:
        made[mark.model, mark.picture] = name
    own = made.get((model, picture), "")
    write_mark(own)
    return own


def write_mark(name: str) -> None:
    """From now on the address names this mark, or none."""
    if not name:
        st.query_params.pop(ADDRESS, None)
    elif st.query_params.get(ADDRESS) != name:
        st.query_params[ADDRESS] = name


def tell_dropped(seen: Seen, truth: str) -> None:
    """Says so where the picture is marked on another model's crop, and not on this one."""
    if truth or seen.picture is None:
        return
    marked = [model for model, picture in st.session_state.get(MADE, {}) if picture == seen.picture.name]
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
    classifier, picture = seen.loading.classifier, seen.picture
    if not (classifier and picture):
        st.caption("Available once the model has seen the picture.")
        return
    marked = marks.get(truth).mask if truth else None
    place, size = (seen.loading.name, picture.name), classifier.size
    shown = torch.zeros(size, dtype=torch.bool) if marked is None else marked

    def take(mask: Bool[Tensor, "height width"]) -> None:
        made = st.session_state[MADE]
        if not mask.any():
            made.pop(place, None)
        else:
            if not truth:
                want_plausibility()
            made[place] = marks.add(owner(), Mark(*place, mask))
        write_mark(made.get(place, ""))

    st.markdown(f"**{marked_words(truth, run)}**")
    st.caption(WHAT_FOR)
    crop = f"/api/pictures/{picture.name}/crop?model={seen.loading.name}"
    drawing, numbers = st.columns([1.6, 1], gap="large")
    with drawing:
        marker(crop, picture.title, size, bits_of_mask(shown), lambda bits: take(mask_of_bits(bits, *size)))
    with numbers:
        ask_numbers(shown, lambda: take(box_of_numbers(size)))


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


def ask_numbers(marked: Bool[Tensor, "height width"], submitted: Callable[[], None]) -> None:
    """The text equivalent of drawing a box."""
    height, width = marked.shape
    left, top, right, bottom = bounds(marked)
    fields = {
        "left": ("Left", 0, width - 1, left),
        "top": ("Top", 0, height - 1, top),
        "width": ("Width", 1, width, right - left),
        "height": ("Height", 1, height, bottom - top),
    }
    with st.form("box", border=False):
        st.caption(f"Or a box in pixels of the crop, which is {width} wide and {height} high.")
        for pair in (("left", "top"), ("width", "height")):
            for column, name in zip(st.columns(2), pair, strict=True):
                label, low, high, value = fields[name]
                column.number_input(label, low, high, value, key=f"box {name} {height}")
        st.form_submit_button("Mark this box", on_click=submitted)


def box_of_numbers(size: tuple[int, int]) -> Bool[Tensor, "height width"]:
    left, top, width, height = (
        st.session_state[f"box {name} {size[0]}"] for name in ("left", "top", "width", "height")
    )
    return box(left, top, width, height, size)


def bounds(marked: Bool[Tensor, "height width"]) -> tuple[int, int, int, int]:
    """The smallest box around what is marked; the middle of the picture where nothing is.

    >>> bounds(box(2, 1, 3, 4, (9, 9)))
    (2, 1, 5, 5)
    """
    height, width = marked.shape
    if not marked.any():
        return width // 3, height // 3, 2 * width // 3, 2 * height // 3
    rows, columns = marked.any(dim=1).nonzero().flatten(), marked.any(dim=0).nonzero().flatten()
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
