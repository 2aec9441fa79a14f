"""A page that is left and opened again shows what it showed, with the model and the picture that were chosen since."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard.controls.address import arrive, tell_unknown

PAGE = "page"


@contextmanager
def kept_page(page: str) -> Iterator[None]:
    """All that a page draws: as it was left, above it what its address named in vain, and remembered afterwards."""
    restore_page(page)
    notices = st.container(key="notices")
    yield
    with notices:
        tell_unknown()
    remember_page(page)


def restore_page(page: str) -> None:
    """Before anything is drawn: where another page stood before, all is as this one was left."""
    before = st.session_state.get(PAGE)
    st.session_state[PAGE] = page
    if before in (None, page):
        return
    arrive()
    st.query_params.clear()
    for name, value in st.session_state.get(left_at(page), {}).items():
        with suppress(StreamlitAPIException):  # a widget that stood on the other page too writes its own
            st.query_params[name] = value


def remember_page(page: str) -> None:
    """When all is drawn."""
    st.session_state[left_at(page)] = {name: st.query_params.get_all(name) for name in st.query_params}


def left_at(page: str) -> str:
    return f"{page} as it was left"
