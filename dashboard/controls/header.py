"""The row above every page: its name, the pages, where models run, and what is done with a page as a whole."""

from collections.abc import Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from core.models.catalogue import chosen_device
from core.models.classifier import device_name
from dashboard.components.page_tools.page_tools import page_tools

EXPORT = "export place"


def show_header(pages: Iterable[StreamlitPage], shown: StreamlitPage) -> None:
    """Links to the pages, the device, the switch between light and dark, Share, and a place for Export.

    Parameters
    ----------
    shown
        Whose title those hear who do not see the page.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="header"):
        st.html(f"<h1>HeatCheck<span> {shown.title}</span></h1>", width="content")
        with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key="links"):
            for page in pages:
                st.page_link(page)
        st.html(f'<span class="device">{device_name(chosen_device("auto"))}</span>', width="content")
        with st.container(width="content"):
            page_tools(shown.title)
        st.session_state[EXPORT] = st.container(width="content", key=EXPORT)


def export_place() -> DeltaGenerator:
    """The place in the header that a page's own Export fills."""
    place: DeltaGenerator = st.session_state[EXPORT]
    return place
