"""A region that a person marks on what a model sees, by a box, a brush, keys or numbers; the address names it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
import torch
from jaxtyping import Bool
from torch import Tensor

from dashboard.components.marker.marker import Tool, marker
from dashboard.controls.selection import Seen
from dashboard.library.marks import Mark, MarkGone, bits_of_mask, box, marks, mask_of_bits
from dashboard.library.owner import owner


@dataclass(frozen=True)
class Purpose:
    """What regions are marked for.

    Parameters
    ----------
    address
        Under which the address names the region.
    aim
        What a person is asked to do: "Mark the object".
    tool
        The one that is taken up at first.
    """

    address: str
    aim: str
    tool: Tool = "box"

    @property
    def made(self) -> dict[tuple[str, str], str]:
        """The regions that were marked for it here, by model and picture."""
        made: dict[tuple[str, str], str] = st.session_state.setdefault(f"marks made for {self.address}", {})
        return made

    def write(self, name: str) -> None:
        """From now on the address names this region, or none."""
        if not name:
            st.query_params.pop(self.address, None)
        elif st.query_params.get(self.address) != name:
            st.query_params[self.address] = name


def mark_for(purpose: Purpose, model: str, picture: str) -> str:
    """The mark on this model's crop of this picture: the one that the address names, or that was made there before."""
    name = st.query_params.get(purpose.address, "")
    try:
        mark = marks.get(name) if name else None
    except MarkGone as absence:
        st.warning(str(absence))
        mark = None
    if mark:
        purpose.made[mark.model, mark.picture] = name
    own = purpose.made.get((model, picture), "")
    purpose.write(own)
    return own


def draw_mark(purpose: Purpose, seen: Seen, name: str, marked_first: Callable[[], None] = lambda: None) -> None:
    """The model's crop to mark on, and the same as four numbers.

    Parameters
    ----------
    name
        Of what is marked, if anything.
    marked_first
        Is called where something is marked and nothing was before.
    """
    classifier, picture = seen.loading.classifier, seen.picture
    if not (classifier and picture):
        st.caption("Available once the model has seen the picture.")
        return
    place, size = (seen.loading.name, picture.name), classifier.size
    shown = marks.get(name).mask if name else torch.zeros(size, dtype=torch.bool)

    def take(mask: Bool[Tensor, "height width"]) -> None:
        if not mask.any():
            purpose.made.pop(place, None)
        else:
            if not name:
                marked_first()
            purpose.made[place] = marks.add(owner(), Mark(*place, mask))
        purpose.write(purpose.made.get(place, ""))

    crop = f"/api/pictures/{picture.name}/crop?model={seen.loading.name}"
    drawing, numbers = st.columns([1.6, 1], gap="large")
    with drawing:
        bits = bits_of_mask(shown)
        marker(crop, picture.title, size, bits, lambda text: take(mask_of_bits(text, *size)), purpose.aim, purpose.tool)
    with numbers:
        ask_numbers(shown, lambda: take(box_of_numbers(size)))


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
