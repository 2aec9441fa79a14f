"""How the stamp looks, and where it lies: what the address tells, and the numbers for those who do not drag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import streamlit as st

from core.pictures.stamps import SMALLEST, Placed, Stamp, find_stamp, largest_stamp, list_stamps
from core.stamping.models import ListedStampModel
from dashboard.stamping import inside

ADDRESSES = (("left", "top"), ("left2", "top2"))
NAMES_OF_ALL = tuple(chain.from_iterable(ADDRESSES))
REMEMBERED = "stamp places"
AT_FIRST = ((0.65, 0.2), (0.2, 0.6))
"""Places as shares of the picture's width and height, off the middle where a control looks."""


def choose_stamp(known: ListedStampModel | None, size: tuple[int, int]) -> Stamp:
    """The stamp on a picture of that height and width; at first the one that the model learned."""
    designs = [design.name for design in list_stamps()]
    learned = known.task.stamps[0].design if known else designs[0]
    design = st.selectbox(
        "Design",
        designs,
        index=designs.index(learned),
        format_func=lambda name: find_stamp(name).title,
        key="design",
        bind="query-params",
        persist_state="session",
    )
    most = largest_stamp(size)
    across = SMALLEST
    if most > SMALLEST:
        across = st.slider(
            "Size in pixels", SMALLEST, most, most, key="size", bind="query-params", persist_state="session"
        )
    else:
        st.caption(f"{SMALLEST} pixels wide; on so small a picture there is no other size.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = st.color_picker(
            "Colour", find_stamp(learned).colour, key="colour", bind="query-params", persist_state="session"
        )
        opacity = st.slider(
            "Opacity", 0.05, 1.0, 1.0, 0.05, key="opacity", bind="query-params", persist_state="session"
        )
    return Stamp(design, across, colour, opacity)


def choose_distractor(known: ListedStampModel | None, stamp: Stamp) -> Stamp | None:
    """The stamp that carries no label, as large and as opaque as the other, where the model was shown one."""
    distractor = known.task.distractor if known else None
    if distractor is None:
        return None
    beside = st.toggle(
        "Distractor beside it",
        key="distractor",
        bind="query-params",
        persist_state="session",
        help="A second stamp, that lay on half of all pictures in training and means nothing.",
    )
    return replace(distractor, size=stamp.size, opacity=stamp.opacity) if beside else None


def places_of(stamps: Sequence[Stamp], size: tuple[int, int]) -> list[Placed]:
    """The stamps where they were put, or where they lie at first; the address tells it as well."""
    height, width = size
    told = remembered_places(size)
    write_places(told)
    placed = []
    for stamp, names, shares in zip(stamps, ADDRESSES, AT_FIRST, strict=False):
        left, top = (
            told.get(name, round(share * length))
            for name, share, length in zip(names, shares, (width, height), strict=True)
        )
        placed.append(inside(Placed(stamp, left, top), size))
    return placed


def remembered_places(size: tuple[int, int]) -> Mapping[str, int]:
    """What the address said when the session began, and what was done since on pictures of that size.

    The address itself comes from the browser with every run of the script, and may be older than the last move.
    """
    known_size, told = st.session_state.get(REMEMBERED, (size, None))
    if told is None:
        told = places_in_address()
    if known_size != size:
        told = {}
        for name in NAMES_OF_ALL:
            st.query_params.pop(name, None)
    st.session_state[REMEMBERED] = size, told
    return told


def places_in_address() -> dict[str, int]:
    told = {name: st.query_params.get(name, "") for name in NAMES_OF_ALL}
    return {name: int(number) for name, number in told.items() if number.isdecimal() and len(number) < 5}


def write_places(told: Mapping[str, int]) -> None:
    changed = {name: str(number) for name, number in told.items() if st.query_params.get(name) != str(number)}
    if changed:
        st.query_params.update(changed)


def put(places: Sequence[tuple[int, int]]) -> None:
    """Remembers where the stamps are now, and writes it into the address."""
    size, told = st.session_state[REMEMBERED]
    now = dict(zip(NAMES_OF_ALL, chain.from_iterable(places), strict=False))
    st.session_state[REMEMBERED] = size, {**told, **now}
    write_places(now)


def ask_places(placed: Sequence[Placed], size: tuple[int, int], titles: Sequence[str]) -> None:
    """The text equivalent of dragging: two numbers a stamp, which follow where it is dragged."""
    height, width = size
    keys: list[tuple[str, str]] = []
    with st.form("places", border=False):
        for each, title, (left, top) in zip(placed, titles, ADDRESSES, strict=False):
            keys.append((f"place {left} {width}", f"place {top} {height}"))
            asked = (("left", width, each.left), ("top", height, each.top))
            for column, key, (edge, length, now) in zip(st.columns(2), keys[-1], asked, strict=True):
                st.session_state[key] = now
                column.number_input(f"{title}: {edge}", 0, length - SMALLEST, key=key)
        st.form_submit_button("Put it there", on_click=put_as_asked(keys))


def put_as_asked(keys: Sequence[tuple[str, str]]) -> Callable[[], None]:
    return lambda: put([(st.session_state[left], st.session_state[top]) for left, top in keys])
