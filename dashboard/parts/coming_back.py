"""A page that is left and opened again shows what it showed."""

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

PAGE = "page"
SHARED = ("model", "tab")
"""Widgets that stand on several pages under one name, and mean something else on each."""


def come_back(page: str) -> None:
    """Before anything is drawn: where another page stood before, all is as this one was left."""
    before = st.session_state.get(PAGE)
    st.session_state[PAGE] = page
    if before in (None, page):
        return
    address, values = st.session_state.get(left_at(page), ({}, {}))
    for name in SHARED:
        st.session_state.pop(name, None)
    st.session_state.update(values)
    st.query_params.clear()
    for name, told in address.items():
        with suppress(StreamlitAPIException):  # a widget that stood on the other page too writes its own
            st.query_params[name] = told


def remember(page: str) -> None:
    """When all is drawn."""
    address = {name: st.query_params.get_all(name) for name in st.query_params}
    values = {name: st.session_state[name] for name in SHARED if name in st.session_state}
    st.session_state[left_at(page)] = address, values


def left_at(page: str) -> str:
    return f"{page} as it was left"
