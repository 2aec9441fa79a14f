"""Which picture is explained: the gallery, uploads, the camera."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import core
from dashboard.parts.thumbnails import picture_strip
from dashboard.pictures import Choice, PictureGone, find_choice, gallery_for, uploads

FORMATS = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]


def choose_picture(offered: Sequence[Choice]) -> Choice | None:
    """The picture that the address names, or the first that is offered; None if it is gone."""
    name = st.query_params.get("picture", offered[0].name)
    try:
        choice = find_choice(name)
    except PictureGone as absence:
        st.warning(str(absence))
        choice = None
    own = [upload for upload in map(still_kept, st.session_state.setdefault("uploads", [])) if upload]
    guest = [choice] if choice and choice not in (*offered, *own) else []
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="pictures"):
        with st.container(width="stretch"):
            picture_strip([*own, *guest, *offered], choice, take)
        with st.container(width="content", gap="small", key="sources"):
            ask_upload()
            ask_camera()
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


def ask_upload() -> None:
    key = f"upload {st.session_state.setdefault('upload_round', 0)}"
    with st.popover("Upload", icon=":material/upload:", width="stretch"):
        st.file_uploader(
            "Pictures of your own",
            FORMATS,
            accept_multiple_files=True,
            key=key,
            on_change=lambda: absorb(st.session_state[key]),
            help="They stay in this server's memory, and only your address leads to them.",
        )


def ask_camera() -> None:
    key = f"camera {st.session_state['upload_round']}"
    with st.popover("Camera", icon=":material/photo_camera:", width="stretch"):
        st.camera_input("Take a picture", key=key, on_change=lambda: absorb([st.session_state[key]]))


def absorb(files: Sequence[Any]) -> None:
    """Keeps the pictures that open, says of each other file why not, and empties the widget that brought them."""
    refused = []
    for file in filter(None, files):
        try:
            digest = uploads.add(file.name, file.getvalue())
        except core.PictureError as error:
            refused.append(f"{file.name}: {error}")
        else:
            st.session_state["uploads"] = [digest, *(name for name in st.session_state["uploads"] if name != digest)]
            st.query_params["picture"] = digest
    st.session_state["refused"] = refused
    st.session_state["upload_round"] += 1
    release(files)


def release(files: Sequence[Any]) -> None:
    """Streamlit would keep its own copies until the session ends."""
    context = get_script_run_ctx()
    for file in filter(None, files if context else ()):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
