"""An uploaded folder: kept on the server for a while, named in the address."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.jobs.durations import counted
from dashboard.controls.picture_panel import MEGABYTES, release
from dashboard.library.folders import Folder, FolderGone, folders, write_folder
from dashboard.library.owner import owner

FOLDER = "folder"


def ask_folder(what: str) -> str:
    """The name of an uploaded folder, or nothing; files that were refused are listed.

    Parameters
    ----------
    what
        The files that can be used.
    """
    key = f"folder {st.session_state.setdefault('folder round', 0)}"
    st.file_uploader(
        "A folder of pictures",
        accept_multiple_files="directory",
        max_upload_size=MEGABYTES,
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
        st.markdown(f"**{folder.title}** · {contents(folder)}")
        st.button("Remove", key="remove folder", on_click=remove, args=(name,))
    if folder.refused:
        with st.expander(f"Refused · {len(folder.refused)}"):
            for sentence in folder.refused:
                st.caption(sentence)
    return name


def contents(folder: Folder) -> str:
    """How many pictures a folder holds, and how many files beside them."""
    others = folder.files - len(folder.pictures)
    return counted(len(folder.pictures), "picture") + (f", {counted(others, 'other file')}" if others else "")


def absorb(files: Sequence[Any]) -> None:
    """Keeps the files that a study can use, and empties the uploader."""
    if not files:
        return
    st.session_state["folder refused"] = ""
    try:
        name = folders.add(owner(), write_folder((file.name, file.getvalue()) for file in files))
    except ValueError as error:
        st.session_state["folder refused"] = str(error)
    else:
        st.query_params[FOLDER] = name
    st.session_state["folder round"] += 1
    release(files)


def remove(name: str) -> None:
    """Takes it out of the address, and deletes it if it is this person's own."""
    folders.remove(name, owner())
    st.query_params.pop(FOLDER, None)
