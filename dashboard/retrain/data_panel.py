"""The pictures that networks learn from: a choice that two tabs of the page offer."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from core.jobs.durations import counted
from core.metrics.statistics import FEWEST
from core.pictures.labels import FOLDERS
from core.retraining.data import SIDE, SMALLEST_SIDE
from core.retraining.masks import Unit, check_places
from core.retraining.outcomes import FRACTIONS
from dashboard.controls.address import bound, choose
from dashboard.controls.folder_panel import FOLDER, ask_folder
from dashboard.controls.pace_panel import once_known
from dashboard.controls.source_panel import WAYS
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.retrain.own_data import DataRequest, Known, classes_by_way, readings

CLOTHES = "fashion_mnist"
DATA = {CLOTHES: "Fashion-MNIST", FOLDER: "A folder of your own"}
LARGEST_SIDE = 64
MOST_LINES = 20
WHAT_FILES = (
    "Pictures of at least two classes, at least 7 different ones of each. Folders called train and test divide them; "
    "otherwise one picture in seven of each class is for tests. All files are kept in a temporary folder of this "
    "server."
)
READING = "Reading the pictures…"


class ChosenData(NamedTuple):
    """What is chosen, and what is known of the pictures where they are a person's own."""

    request: DataRequest
    known: Known | None = None


def choose_data() -> ChosenData | None:
    """The pictures; nothing while there are none, or where they cannot be learned from, which the page says."""
    chosen = choose(st.segmented_control, "Data", DATA, CLOTHES, "data", required=True, wrap=True)
    if chosen == CLOTHES:
        return ChosenData(DataRequest())
    name = ask_folder(WHAT_FILES)
    if not name:
        st.caption("Choose a folder with a folder for each class.")
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        folder = folders.get(name)
        ways = {way: words for way, words in WAYS.items() if way} | {table: table for table in folder.tables}
        fitting = classes_by_way(folder)
        labels = choose(
            st.selectbox, "Labels", ways, next(iter(fitting), FOLDERS), "data.labels", width=170,
            help="A folder for each class, as in cat/a.jpg; file names that begin with the class, as in cat_03.jpg; or "
            "a CSV file with a row for each picture, as in a.jpg,cat.",
        )  # fmt: skip
        side = bound(
            st.number_input, "Picture side, in pixels", SMALLEST_SIDE, LARGEST_SIDE, SIDE, 4, width=170,
            key="data.side", persist_state="session",
            help="The centre of each picture is cropped and scaled to this. Larger pictures take longer.",
        )  # fmt: skip
    if told := where_labels_are(labels, ways, fitting):
        st.caption(told)
    return read(DataRequest(folder=name, labels=labels, picture_side=side))


def where_labels_are(chosen: str, ways: Mapping[str, str], fitting: Mapping[str, int]) -> str:
    """What the labels are read from where a folder for each class is not there, or what gives classes instead.

    Parameters
    ----------
    ways
        What a person reads of each source of labels.
    fitting
        The number of classes by source, of those that give at least two.

    >>> where_labels_are("names", {"names": "file names"}, {"names": 3})
    'Labels are read from the file names, which give 3 classes.'
    >>> where_labels_are("folders", {"names": "file names"}, {"names": 3})
    'Under Labels, choose “file names”, which give 3 classes.'
    >>> where_labels_are("folders", {"folders": "folder names"}, {"folders": 2})
    ''
    """
    if not fitting or (chosen in fitting and FOLDERS in fitting):
        return ""
    way = chosen if chosen in fitting else next(iter(fitting))
    give = f"which {'give' if way in WAYS else 'gives'} {fitting[way]} classes"
    if chosen == way:
        return f"Labels are read from {'the ' if way in WAYS else ''}{ways[way]}, {give}."
    return f"Under Labels, choose “{ways[way]}”, {give}."


def read(request: DataRequest) -> ChosenData | None:
    """What is known of an uploaded folder; nothing before it is read."""
    try:
        found = readings.ask(request)
    except NotThere as absence:
        st.warning(str(absence))
        return None
    if isinstance(found, str):
        st.error(found)
        return None
    if found is None:
        once_known(lambda: readings.ask(request), lambda _: st.rerun(), READING)
        return None
    learned, tested, (height, width) = found.pictures
    st.caption(
        f"{counted(learned, 'training picture')} and {counted(tested, 'test picture')} of {found.classes} classes, "
        f"{height} × {width} pixels. {found.division}"
    )
    if tested < FEWEST:
        st.warning(f"A verdict needs at least {FEWEST} test pictures; there are {tested}. Add more pictures.")
    if found.refused:
        with st.expander(f"Left out · {len(found.refused)}"):
            for each in found.refused[:MOST_LINES]:
                st.caption(f"{each.picture}: {each.reason}")
            if len(found.refused) > MOST_LINES:
                st.caption(f"and {len(found.refused) - MOST_LINES:,} more.")
    return ChosenData(request, found)


def fits(chosen: ChosenData, unit: Unit, side: int, fractions: tuple[float, ...] = FRACTIONS) -> bool:
    """Whether the pictures have as many places as the shares need; where they have not, the page says so."""
    if chosen.known is None:
        return True
    try:
        check_places(unit, side, fractions, chosen.known.pictures.size)
    except ValueError as error:
        st.error(str(error))
        return False
    return True
