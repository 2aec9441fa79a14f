"""A folder of one's own: uploaded, kept on the server for a while, named in the address by its digest."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.folders import FolderGone, folders
from dashboard.parts.picture_panel import release

FOLDER = "folder"


def ask_folder(what: str) -> str:
    """An uploaded folder's digest, or nothing; what was refused of it is told.

    Parameters
    ----------
    what
        The files that are of use.
    """
    key = f"folder {st.session_state.setdefault('folder round', 0)}"
    st.file_uploader(
        "A folder of pictures",
        accept_multiple_files="directory",
        key=key,
        on_change=lambda: absorb(st.session_state[key]),
        help=what,
    )
    if complaint := st.session_state.get("folder refused"):
        st.error(complaint)
    name = st.query_params.get(FOLDER, "")
    if not name:
        return ""
    try:
        folder = folders.get(name)
    except FolderGone as absence:
        st.warning(str(absence))
        return ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{folder.title}** · {folder.files} files")
        st.button("Remove", key="remove folder", on_click=remove, args=(name,))
    if folder.refused:
        with st.expander(f"Not taken · {len(folder.refused)}"):
            for sentence in folder.refused:
                st.caption(sentence)
    return name


def absorb(files: Sequence[Any]) -> None:
    """Keeps what a study can use, and empties the widget that brought it."""
    if not files:
        return
    st.session_state["folder refused"] = ""
    try:
        name = folders.add((file.name, file.getvalue()) for file in files)
    except ValueError as error:
        st.session_state["folder refused"] = str(error)
    else:
        st.query_params[FOLDER] = name
    st.session_state["folder round"] += 1
    release(files)


def remove(name: str) -> None:
    folders.remove(name)
    st.query_params.pop(FOLDER, None)
