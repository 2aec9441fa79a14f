"""Pictures of a study: bundled ones, or an uploaded folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

from core.models.classifier import Classifier
from core.pictures.collecting import collect_pictures
from core.studies.labelling import Labelling, label_pictures
from dashboard.library.folders import Folder, FolderGone, folders
from dashboard.library.inputs import Inputs
from dashboard.library.models import shelf
from dashboard.library.predictions import loaded
from dashboard.library.remembering import remembering

BUNDLED = {"gallery": "The gallery", "fashion_mnist": "Fashion-MNIST, test pictures"}


@dataclass(frozen=True, eq=False)
class Source(Inputs):
    """A model, and the pictures that it is shown.

    Parameters
    ----------
    folder
        Held as long as this is, so that its files stay while they are read.
    """

    classifier: Classifier
    name: str
    folder: Folder | None

    @property
    def labels(self) -> Sequence[str]:
        """Names of the model's classes."""
        return self.classifier.labels

    def released(self) -> Self:
        """The same without its folder, when all has been read."""
        return replace(self, folder=None)

    @property
    def pictures(self) -> str | Path:
        """What the engine collects the pictures from."""
        return self.folder.path if self.folder else self.name

    def given_labels(self, way: str) -> str | Path | None:
        """What the engine reads the pictures' labels from; None where they have none.

        Parameters
        ----------
        way
            ``folders``, ``names``, or a table of the uploaded folder.
        """
        if self.folder and way in self.folder.tables:
            return self.folder.path / way
        return way or None


def open_source(classifier: Classifier, name: str) -> Source:
    """The pictures of that name.

    Raises
    ------
    FolderGone
        If an uploaded folder is no longer kept.
    """
    return Source(classifier, name, None if name in BUNDLED else folders.get(name))


def title_of_source(name: str) -> str:
    """What the page calls the pictures of a study."""
    if name in BUNDLED:
        return BUNDLED[name]
    try:
        return folders.get(name).title
    except FolderGone:
        return "an uploaded folder"


@remembering(most=16)
def labelled(name: str, way: str, model: str) -> Labelling:
    """The classes of a loaded model that an uploaded folder's pictures are labelled with.

    Raises
    ------
    FolderGone
        If the folder is no longer kept.
    ValueError
        Where no label is a class.
    """
    source = open_source(loaded(model), name)
    labels = source.given_labels(way)
    if source.folder is None or labels is None:
        raise ValueError("Only pictures of an uploaded folder have labels.")
    try:
        return label_pictures(source.folder.pictures, labels, source.labels, source.classifier.title)
    except ValueError as error:
        raise ValueError(str(error).replace(f"{source.folder.path}/", "")) from None


folders.on_removal(labelled.forget)
shelf.on_eviction(labelled.forget)


def count_pictures(name: str, dataset: str) -> tuple[int, bool]:
    """How many pictures there are, and whether the truth lies beside any of them.

    Raises
    ------
    FolderGone
        If an uploaded folder is no longer kept.
    ValueError
        If there is none.
    """
    if name in BUNDLED:
        return count_bundled(name, dataset)
    folder = folders.get(name)
    return len(folder.pictures), folder.marked


@cache
def count_bundled(name: str, dataset: str) -> tuple[int, bool]:
    pictures = collect_pictures(name, dataset)
    return len(pictures), any(picture.truth for picture in pictures)
