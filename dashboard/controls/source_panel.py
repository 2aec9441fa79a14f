"""The pictures of a study, and how many of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.pictures.labels import FOLDERS, NAMES
from core.studies.labelling import EXPLAINED, Explained
from dashboard.controls.address import bound, choose
from dashboard.controls.folder_panel import FOLDER, ask_folder
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.library.sources import BUNDLED, count_pictures, labelled

LIMIT, MOST = 20, 10_000
WHAT_FILES = (
    "Pictures and, beside them, what marks the object: YOLO boxes (labels/*.txt), a COCO file (*.json) or masks "
    "(x_mask.png, masks/x.png). Labels are read from a folder for each class, a CSV file or the file names. All files "
    "are kept in a temporary folder of this server."
)
UNLABELLED: Literal[""] = ""
WAYS = {UNLABELLED: "none", FOLDERS: "folder names", NAMES: "file names"}


def choose_source(dataset: str) -> str:
    """The pictures: bundled ones, or the name of an uploaded folder."""
    offered = {"gallery": BUNDLED["gallery"], FOLDER: "A folder of your own"}
    if dataset == "fashion_mnist":
        offered = {"fashion_mnist": BUNDLED["fashion_mnist"], **offered}
    chosen = choose(st.segmented_control, "Pictures", offered, next(iter(offered)), "source", required=True, wrap=True)
    return ask_folder(WHAT_FILES) if chosen == FOLDER else chosen


def known_source(source: str) -> Mapping[str, str]:
    """What is known of a study's pictures while they cannot be read: the folder that the address names, if any."""
    return {"source": source or st.query_params.get(FOLDER, "")}


def how_many(source: str, dataset: str) -> tuple[int, bool]:
    """The number of pictures, and whether a truth lies beside any of them; a sentence where there is none."""
    if not source:
        st.caption("Choose a folder. Pictures in its subfolders count too.")
        return 0, False
    try:
        return count_pictures(source, dataset)
    except (NotThere, ValueError) as error:
        st.error(str(error))
        return 0, False


@dataclass(frozen=True)
class Labelled:
    """Where the pictures' labels are, and which class is explained; the names are those of a request."""

    labels: str = UNLABELLED
    explained: Explained = "predicted"


def choose_labels(source: str, model: str) -> Labelled:
    """The labels of an uploaded folder's pictures, if it has any, and whether the labelled classes are explained."""
    if source in BUNDLED:
        return Labelled()
    ways = WAYS | {table: table for table in folders.get(source).tables}
    way = choose(
        st.selectbox, "Labels", ways, UNLABELLED, "labels",
        help="A folder for each class, as in tiger_cat/a.jpg; file names that begin with the label, as in "
        "tiger_cat_03.jpg; or a CSV file with a row for each picture, as in a.jpg,tiger cat.",
    )  # fmt: skip
    if not way:
        return Labelled()
    try:
        found = labelled(source, way, model)
    except (NotThere, ValueError) as error:
        st.error(str(error))
        return Labelled()
    known, missing = len(found.classes), list(found.missing.items())
    st.caption(f"{known:,} of {known + len(missing):,} pictures have a label that the model knows.")
    for picture, reason in missing[:1]:
        st.caption(f"{picture}: {reason}")
    explained = choose(
        st.segmented_control, "Class to explain", EXPLAINED, "predicted", "explained", required=True, wrap=True,
        help="Where the labelled class is explained, pictures without one are left out.",
    )  # fmt: skip
    return Labelled(way, explained)


def choose_limit(available: int) -> int:
    """The largest number of pictures, no more than there are."""
    most = min(MOST, available or MOST)
    limit: int = bound(
        st.number_input,
        f"Maximum number of pictures{f' ({available:,} available)' if available else ''}",
        1,
        most,
        min(LIMIT, most),
        key="limit",
        persist_state="session",
        help="Each takes about as long as one picture on its own, and is explained for the predicted class unless the "
        "labelled one is chosen. More pictures give narrower intervals.",
    )
    return min(limit, available)
