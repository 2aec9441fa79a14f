"""Labelled pictures of an uploaded folder, for networks to learn from: read in the background, held by a run.

What a study keeps of them is named by their content, never by where they lie: the same upload goes on with its study.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, Self
from weakref import WeakKeyDictionary

from core.jobs.awaiting import awaited
from core.jobs.events import Progress
from core.pictures.labels import FOLDERS, NAMES
from core.retraining.cost import Pictures, numbers_of
from core.retraining.data import BUNDLED, SIDE, LabelledData, collect_data
from core.retraining.division import FEWEST_OF_A_CLASS
from core.retraining.sources import classes_given
from core.studies.over_pictures import PictureRefused
from dashboard.jobs.requests import Words
from dashboard.library.folders import Folder, folders
from dashboard.library.inputs import Inputs
from dashboard.library.sources import title_of_source

MOST_KNOWN = 32
UNREADABLE = "This folder could not be read. Upload it again."
_classes = WeakKeyDictionary[Folder, Mapping[str, int]]()
"""Found once for a folder, which is not held by it."""
logger = logging.getLogger(__name__)


def title_of_data(name: str) -> str:
    """What a sentence calls the pictures of a request."""
    return title_of_source(name) if name else "Fashion-MNIST"


def in_pixels(side: int) -> str:
    """
    >>> in_pixels(32)
    '32 x 32'
    """
    return f"{side} x {side}"


@dataclass(frozen=True, kw_only=True)
class DataRequest:
    """The pictures that networks learn from.

    Parameters
    ----------
    folder
        Name of an uploaded folder; empty for the bundled pictures, for which the rest means nothing.
    labels
        ``folders``, ``names``, or a table of the folder.
    picture_side
        Pixels along each side, to which the pictures are cropped and scaled.
    """

    folder: Annotated[str, Words("data", plural=True, said=title_of_data)] = ""
    labels: Annotated[str, Words("labels", plural=True)] = FOLDERS
    picture_side: Annotated[int, Words("picture size", said=in_pixels)] = SIDE


@dataclass(frozen=True, eq=False)
class OwnData(Inputs):
    """The pictures of an uploaded folder, or the bundled ones where there is none.

    Parameters
    ----------
    folder
        Held as long as this is, so that its files stay while they are read.
    """

    folder: Folder | None = None
    way: str = FOLDERS
    side: int = SIDE

    def released(self) -> Self:
        """The same without its folder, when all has been read."""
        return replace(self, folder=None)

    @property
    def name(self) -> str:
        """What a study calls them: the same for the same files."""
        return f"upload {self.folder.digest}" if self.folder else BUNDLED

    def read(self, seed: int) -> Generator[Progress, None, LabelledData]:
        """The pictures, read beside what else runs.

        Raises
        ------
        ValueError
            Where there are fewer than two classes, or too few pictures of one.
        """
        return (yield from awaited(partial(self.collect, seed), "Pictures"))

    def collect(self, seed: int = 0) -> LabelledData:
        """The pictures; no address of this server is told.

        Raises
        ------
        ValueError
            As :func:`core.retraining.data.collect_data` does.
        """
        if self.folder is None:
            return collect_data()
        place = inside(self.folder)
        labels = self.folder.path / self.way if self.way in self.folder.tables else self.way
        try:
            data = collect_data(place, labels, self.side, seed=seed)
        except ValueError as error:
            raise ValueError(without_addresses(str(error), self.folder)) from None
        refused = tuple(
            PictureRefused(each.picture, without_addresses(each.reason, self.folder)) for each in data.refused
        )
        return replace(data, name=self.name, title=self.folder.title, refused=refused)


def inside(folder: Folder) -> Path:
    """The folder that a person uploaded, in which folders called train and test divide the pictures."""
    uploaded = folder.path / folder.title
    return uploaded if uploaded.is_dir() else folder.path


def without_addresses(words: str, folder: Folder) -> str:
    """The words with what the person calls the folder, in place of where it lies."""
    for place in (inside(folder), folder.path, inside(folder).resolve(), folder.path.resolve()):
        words = words.replace(f"{place}/", "").replace(str(place), folder.title)
    return words.replace(folder.path.name, folder.title)


def classes_by_way(folder: Folder) -> Mapping[str, int]:
    """How many classes each source of labels gives that networks can learn from, of those that give at least two."""
    if folder not in _classes:
        _classes[folder] = counted_classes(folder)
    return _classes[folder]


def counted_classes(folder: Folder) -> dict[str, int]:
    """The same, found anew: a table may be long."""
    place, counted = inside(folder), dict[str, int]()
    names = [(folder.path / name).relative_to(place).as_posix() for name in folder.pictures]
    for way in (FOLDERS, NAMES, *folder.tables):
        classes = classes_given(names, folder.path / way if way in folder.tables else way)
        counted[way] = sum(count >= FEWEST_OF_A_CLASS for count in classes.values())
    return {way: number for way, number in counted.items() if number > 1}


def find_data(request: DataRequest) -> OwnData:
    """The pictures that a request names.

    Raises
    ------
    FolderGone
        If an uploaded folder is no longer kept.
    """
    folder = folders.get(request.folder) if request.folder else None
    return OwnData(folder, request.labels, request.picture_side)


class Known(NamedTuple):
    """What is known of pictures once they are read.

    Parameters
    ----------
    data
        What a study calls them.
    refused
        Those that are left out, with the reason.
    """

    data: str
    classes: int
    pictures: Pictures
    division: str
    refused: tuple[PictureRefused, ...]


class Readings:
    """What was read of uploaded folders; None stands for one that is being read, a sentence for why it cannot be."""

    def __init__(self) -> None:
        self._known: OrderedDict[DataRequest, Known | str | None] = OrderedDict()
        self._lock, self._reading = threading.Lock(), threading.Lock()

    def ask(self, request: DataRequest) -> Known | str | None:
        """What is known of the pictures; they are read in a thread of their own.

        Raises
        ------
        FolderGone
            If the folder is no longer kept.
        """
        own = find_data(request)
        key = DataRequest(folder=request.folder, labels=request.labels, picture_side=request.picture_side)
        with self._lock:
            if key not in self._known:
                self._known[key] = None
                while len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)
                threading.Thread(target=self._read, args=(key, own), name="read a folder", daemon=True).start()
            self._known.move_to_end(key)
            return self._known[key]

    def forget(self, folder: str) -> None:
        """Lets go of what is known of a folder."""
        with self._lock:
            for key in [key for key in self._known if key.folder == folder]:
                del self._known[key]

    def _read(self, key: DataRequest, own: OwnData) -> None:
        found: Known | str
        try:
            with self._reading:  # one after the other: each wants a core
                data = own.collect()
            found = Known(own.name, len(data.labels), numbers_of(data), data.division, data.refused)
        except ValueError as error:
            found = str(error)
        except Exception:
            logger.exception("A folder could not be read")
            found = UNREADABLE
        with self._lock:
            if key in self._known:
                self._known[key] = found


readings = Readings()
folders.on_removal(readings.forget)
