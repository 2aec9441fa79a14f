"""The picture to explain: from the gallery, an upload or the camera."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

import core
from core.pictures.opening import MAX_BYTES
from dashboard.components.thumbnails.thumbnails import picture_strip
from dashboard.controls.address import carry, take_carried
from dashboard.library.kept import NoRoom
from dashboard.library.owner import owner
from dashboard.library.pictures import Choice, PictureGone, Upload, find_choice, gallery_for, own_uploads, uploads

MEGABYTES = MAX_BYTES // 10**6
"""Of one file."""
FORMATS = ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff"]


def choose_picture(offered: Sequence[Choice], first: str = "") -> Choice | None:
    """The picture that the address names, or the first that is offered; None if it is gone.

    Parameters
    ----------
    first
        The name of another that stands for the first.
    """
    own = own_uploads(owner())
    if came := take_carried("picture", {each.name: each.name for each in (*own, *offered)}):
        st.query_params["picture"] = came
    name = st.query_params.get("picture", first or offered[0].name)
    choice, missing = None, ""
    try:
        choice = find_choice(name)
    except PictureGone as absence:
        missing = str(absence)
    if "picture" in st.query_params:
        carry("picture", name)
    guest = [choice] if choice and choice not in (*offered, *own) else []
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="pictures"):
        with st.container(width="stretch"):
            picture_strip([*own, *guest, *offered], choice, take)
        with st.container(horizontal=True, width="content", gap="xsmall", key="sources"):
            if choice in own:
                offer_removal(choice)
            ask_upload()
            ask_camera()
    if missing:
        st.warning(missing)
    tell_refused()
    return choice


def named_picture(dataset: str) -> str:
    """The picture that the address names, where it is not to be chosen."""
    name = st.query_params.get("picture", gallery_for(dataset)[0].name)
    return name if still_kept(name) else ""


def tell_refused() -> None:
    """What was wrong with the files that were not taken, until it was read or another picture is taken."""
    refused = st.session_state.get("refused")
    if refused:
        with st.container(horizontal=True, vertical_alignment="top"):
            with st.container(width="stretch"):
                for sentence in refused:
                    st.error(sentence)
            st.button("Dismiss", key="dismiss", on_click=settle)


def settle() -> None:
    st.session_state["refused"] = []


def still_kept(name: str) -> Choice | None:
    try:
        return find_choice(name)
    except PictureGone:
        return None


def take(name: str) -> None:
    """The choice goes into the address; what an upload had to complain about is settled by it."""
    settle()
    st.query_params["picture"] = name


def offer_removal(shown: Choice) -> None:
    """Gives up the upload that is shown."""
    st.button("Remove", key="remove upload", icon=":material/delete:", on_click=remove, args=(shown.name,))


def ask_upload() -> None:
    """Takes files in; what it was asked in closes with that, for the next upload is asked in another."""
    key = f"upload {st.session_state.setdefault('upload_round', 0)}"
    with st.popover("Upload", icon=":material/upload:", key=f"popover of {key}"):
        st.file_uploader(
            "Pictures of your own",
            FORMATS,
            accept_multiple_files=True,
            max_upload_size=MEGABYTES,
            key=key,
            on_change=lambda: absorb(st.session_state[key]),
            help="Kept in this server's memory; others see them only if you share your link.",
        )


def remove(name: str) -> None:
    """Nothing happens to another's."""
    uploads.remove(name, owner())
    st.query_params.pop("picture", None)


def ask_camera() -> None:
    key = f"camera {st.session_state['upload_round']}"
    with st.popover("Camera", icon=":material/photo_camera:", key=f"popover of {key}"):
        st.camera_input("Take a picture", key=key, on_change=lambda: absorb([st.session_state[key]]))


def absorb(files: Sequence[Any]) -> None:
    """Keeps the pictures that open, says of each other file why not, and empties the widget that brought them."""
    refused = []
    for file in filter(None, files):
        try:
            st.query_params["picture"] = uploads.add(owner(), Upload(file.name, file.getvalue()))
        except (core.PictureError, NoRoom) as error:
            refused.append(f"{file.name}: {error}")
    st.session_state["refused"] = refused
    st.session_state["upload_round"] += 1
    release(files)


def release(files: Sequence[Any]) -> None:
    """Streamlit would keep its own copies until the session ends."""
    context = get_script_run_ctx()
    if context is None or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    for file in filter(None, files):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
