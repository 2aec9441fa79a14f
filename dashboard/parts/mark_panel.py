"""Where the cue is, as a person sees it: what plausibility is measured against."""

import streamlit as st
import torch
from jaxtyping import Bool
from torch import Tensor

from dashboard.chosen import Chosen
from dashboard.marks import Mark, MarkGone, bits_of_mask, box, marks, mask_of_bits
from dashboard.parts.marker import marker
from dashboard.parts.metric_panel import want_plausibility

ADDRESS = "truth"
WHAT_FOR = (
    "Mark what the class hangs on, to a person's eye, and plausibility can be scored: does a map point there? "
    "That is no evidence of what the model uses. It is marked on the crop that the model sees."
)


def truth_of(model: str, picture: str) -> str:
    """The mark that the address names, if it is on this model's crop of this picture; any other is dropped."""
    digest = st.query_params.get(ADDRESS, "")
    try:
        mark = marks.get(digest) if digest else None
    except MarkGone as absence:
        st.warning(str(absence))
        mark = None
    if mark and (mark.model, mark.picture) == (model, picture):
        return digest
    st.query_params.pop(ADDRESS, None)
    return ""


def mark_panel(chosen: Chosen, truth: str) -> None:
    """The first model's crop to mark on, and the same as four numbers."""
    marked = marks.get(truth).mask if truth else None
    panel = st.expander("Mark the truth", key="mark", on_change="rerun")
    classifier, picture = chosen.loading.classifier, chosen.picture
    if not (panel.open and classifier and picture):
        return
    size = classifier.size
    shown = torch.zeros(size, dtype=torch.bool) if marked is None else marked

    def take(mask: Bool[Tensor, "height width"]) -> None:
        if mask.any():
            if not truth:
                want_plausibility()
            st.query_params[ADDRESS] = marks.add(Mark(chosen.loading.name, picture.name, mask))
        else:
            st.query_params.pop(ADDRESS, None)

    with panel:
        st.caption(WHAT_FOR)
        crop = f"/api/pictures/{picture.name}/crop?model={chosen.loading.name}"
        drawing, numbers = st.columns([1.6, 1], gap="large")
        with drawing:
            marker(crop, picture.title, size, bits_of_mask(shown), lambda bits: take(mask_of_bits(bits, *size)))
        with numbers:
            ask_numbers(shown, lambda: take(box_of_numbers(size)))


def ask_numbers(marked: Bool[Tensor, "height width"], submitted: object) -> None:
    """The text equivalent of drawing a box."""
    height, width = marked.shape
    left, top, right, bottom = bounds(marked)
    asked = {
        "left": ("Left", 0, width - 1, left),
        "top": ("Top", 0, height - 1, top),
        "width": ("Width", 1, width, right - left),
        "height": ("Height", 1, height, bottom - top),
    }
    with st.form("box", border=False):
        st.caption(f"Or a box in pixels of the crop, which is {width} wide and {height} high.")
        for pair in (("left", "top"), ("width", "height")):
            for column, name in zip(st.columns(2), pair, strict=True):
                label, low, high, value = asked[name]
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
