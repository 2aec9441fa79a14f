"""The stamp's design and position: what the address says, and the numbers for those who do not drag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import streamlit as st
from PIL import ImageColor

from core.pictures.stamps import SMALLEST, Placed, Stamp, find_stamp, list_stamps
from core.stamping.models import ListedStampModel
from dashboard.controls.address import bound
from dashboard.stamp.placing import at_first, inside, largest_shown, usual_stamp

ADDRESSES = (("left", "top"), ("left2", "top2"))
NAMES_OF_ALL = tuple(chain.from_iterable(ADDRESSES))
REMEMBERED, LOOKS = "stamp places", "stamp as the address has it"
FAINTEST = 0.05


def choose_stamp(known: ListedStampModel | None, size: tuple[int, int]) -> Stamp:
    """The stamp on a picture of that height and width; at first the one that the model learned."""
    designs = [design.name for design in list_stamps()]
    usual, most = usual_stamp(known, size), largest_shown(known, size)
    address = st.session_state.setdefault(LOOKS, dict(st.query_params))
    design = st.selectbox(
        "Design", designs, format_func=lambda name: find_stamp(name).title,
        **first("design", lambda: designs[designs.index(address.pop("design"))], usual.design),
    )  # fmt: skip
    across = SMALLEST
    if most > SMALLEST:
        across = st.slider(
            "Size in pixels",
            SMALLEST,
            most,
            **first(f"size of {most}", lambda: clamped(int(address.pop("size")), SMALLEST, most), usual.size),
        )
    else:
        st.caption(f"{SMALLEST} pixels wide, the only size on so small a picture.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = st.color_picker("Colour", **first("colour", lambda: as_hex(address.pop("colour")), usual.colour))
        opacity = st.slider(
            "Opacity",
            FAINTEST,
            1.0,
            step=0.05,
            **first("opacity", lambda: clamped(float(address.pop("opacity")), FAINTEST, 1.0), usual.opacity),
        )
    write({"design": design, "size": str(across), "colour": colour, "opacity": f"{opacity:g}"})
    return Stamp(design, across, colour, opacity)


def first(key: str, read: Callable[[], Any], usual: Any) -> dict[str, Any]:
    """Key of a widget, at first with what the address says when the session begins.

    A bound widget would not do: the script writes the address too, and would undo what was dragged meanwhile.
    """
    if key not in st.session_state:
        try:
            st.session_state[key] = read()
        except (KeyError, ValueError):
            st.session_state[key] = usual
    return {"key": key, "persist_state": "session"}


def clamped(value: float, low: float, high: float) -> float:
    """The nearest value in a range.

    Raises
    ------
    ValueError
        Where it is no number.
    """
    if value != value:
        raise ValueError("This is not a number.")
    return min(max(value, low), high)


def as_hex(colour: str) -> str:
    """The colour as a picker has it.

    Raises
    ------
    ValueError
        Where it is none.

    >>> as_hex("magenta")
    '#ff00ff'
    """
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def choose_distractor(known: ListedStampModel | None, stamp: Stamp) -> Stamp | None:
    """The stamp that carries no label, as large and as opaque as the other, where the model was shown one."""
    distractor = known.task.distractor if known else None
    if distractor is None:
        return None
    beside = bound(
        st.toggle,
        "Distractor beside it",
        key="distractor",
        persist_state="session",
        help="A second stamp that lay on half of the training pictures and carries no label.",
    )
    return replace(distractor, size=stamp.size, opacity=stamp.opacity) if beside else None


def places_of(stamps: Sequence[Stamp], size: tuple[int, int]) -> list[Placed]:
    """The stamps where they were put, or where they lie at first; the address says so too."""
    remembered = remembered_places(size)
    write_places(remembered)
    placed = []
    for number, (stamp, names) in enumerate(zip(stamps, ADDRESSES, strict=False)):
        usual = at_first(number, size)
        left, top = (remembered.get(name, edge) for name, edge in zip(names, usual, strict=True))
        placed.append(inside(Placed(stamp, left, top), size))
    return placed


def remembered_places(size: tuple[int, int]) -> Mapping[str, int]:
    """What the address said when the session began, and what was done since on pictures of that size.

    The address itself comes from the browser with every run of the script, and may be older than the last move.
    """
    known_size, remembered = st.session_state.get(REMEMBERED, (size, None))
    places: Mapping[str, int] = places_in_address() if remembered is None else remembered
    if known_size != size:
        places = {}
        for name in NAMES_OF_ALL:
            st.query_params.pop(name, None)
    st.session_state[REMEMBERED] = size, places
    return places


def places_in_address() -> dict[str, int]:
    written = {name: st.query_params.get(name, "") for name in NAMES_OF_ALL}
    return {name: int(number) for name, number in written.items() if number.isdecimal() and len(number) < 5}


def write_places(places: Mapping[str, int]) -> None:
    write({name: str(number) for name, number in places.items()})


def write(values: Mapping[str, str]) -> None:
    """Writes into the address what stands otherwise there."""
    changed = {name: value for name, value in values.items() if st.query_params.get(name) != value}
    if changed:
        st.query_params.update(changed)


def put(places: Sequence[tuple[int, int]]) -> None:
    """Remembers where the stamps are now, and writes it into the address."""
    size, before = st.session_state[REMEMBERED]
    now = dict(zip(NAMES_OF_ALL, chain.from_iterable(places), strict=False))
    st.session_state[REMEMBERED] = size, {**before, **now}
    write_places(now)


def ask_places(placed: Sequence[Placed], size: tuple[int, int], titles: Sequence[str]) -> None:
    """The text equivalent of dragging: two numbers for each stamp, which follow where it is dragged."""
    height, width = size
    keys: list[tuple[str, str]] = []
    with st.form("places", border=False):
        for each, title, (left, top) in zip(placed, titles, ADDRESSES, strict=False):
            keys.append((f"place {left} {width}", f"place {top} {height}"))
            edges = (("left", width, each.left), ("top", height, each.top))
            for column, key, (edge, length, now) in zip(st.columns(2), keys[-1], edges, strict=True):
                st.session_state[key] = now
                column.number_input(f"{title}: {edge}", 0, length - SMALLEST, key=key)
        st.form_submit_button("Set position", on_click=put_as_entered(keys))


def put_as_entered(keys: Sequence[tuple[str, str]]) -> Callable[[], None]:
    return lambda: put([(st.session_state[left], st.session_state[top]) for left, top in keys])
