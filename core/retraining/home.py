"""Where the studies of this machine are kept: one folder for each, named by what was asked, in limited room.

The same request finds the same folder again and goes on where it stopped, whoever asks and however the last run ended.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from threading import Lock

from core.assets import made_here
from core.jobs.durations import room
from core.metrics.removal import places_of
from core.retraining.cost import Pictures, never_trained, numbers_of, pictures_of
from core.retraining.data import BUNDLED, LabelledData
from core.retraining.folder import EDITION, MAPS, StudyFolder, bytes_of_a_rank
from core.retraining.probes import probes_of
from core.retraining.spec import RetrainingSpec
from core.studies.run_folder import ASKED

MOST_BYTES = 4 * 2**30
"""Room of all studies together."""
DIGITS = 16
BYTES_OF_A_MAP = 4
"""Of each place."""

_running: list[tuple[Path, int]] = []
"""The studies that run now, with the room that each may yet take."""
_lock = Lock()


def home() -> Path:
    """Where this machine's studies are."""
    return made_here("retraining")


def folder_of(spec: RetrainingSpec) -> Path:
    """The folder of a study: equal specs share one, and no others do, nor those of another edition."""
    return home() / hashlib.sha256(f"{spec.to_toml()}{EDITION}".encode()).hexdigest()[:DIGITS]


@contextmanager
def kept_study(spec: RetrainingSpec, most: int = MOST_BYTES, pictures: Pictures | None = None) -> Iterator[Path]:
    """A study's folder, which nothing removes meanwhile.

    Parameters
    ----------
    pictures
        As in :func:`bytes_of`.

    Raises
    ------
    ValueError
        Where the studies that are running leave no room for it.
    """
    study = folder_of(spec), bytes_of(spec, pictures)
    with _lock:
        make_room(most, [*_running, study])
        _running.append(study)
    try:
        with suppress(OSError):  # a new one is yet to be made
            os.utime(study[0])  # the longest unused one goes first
        yield study[0]
    finally:
        with _lock:
            _running.remove(study)


def make_room(most: int, running: Sequence[tuple[Path, int]]) -> None:
    """Removes what is too much of the longest unused studies: first their maps, which can be made again.

    Raises
    ------
    ValueError
        Where that is not enough.
    """
    taken = {folder: max(size, size_of(folder)) for folder, size in running}
    kept = [file.parent for file in home().glob(f"*/{ASKED}") if file.parent not in taken]
    kept.sort(key=lambda folder: folder.stat().st_mtime)
    taken |= {folder: size_of(folder) for folder in kept}
    for part, folder in product((MAPS, ""), kept):
        if sum(taken.values()) <= most:
            return
        with suppress(ValueError), StudyFolder(folder).alone():  # another process may run it
            shutil.rmtree(folder / part, ignore_errors=True)
        taken[folder] = size_of(folder)
    if sum(taken.values()) > most:
        raise ValueError(
            "The studies that are running leave no room for this one. Choose fewer methods, or try again later."
        )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; none where it is gone."""
    found = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            found += file.stat().st_size
    return found


def bytes_of(spec: RetrainingSpec, pictures: Pictures | None = None) -> int:
    """About how much room a study takes: that of its maps and ranks.

    Parameters
    ----------
    pictures
        Those of the study; the bundled ones are known, and of others nothing is counted where they are not given.
    """
    if pictures is None and spec.data != BUNDLED:
        return 0
    learned, tested, size = pictures or pictures_of(spec)
    places = places_of(spec.unit, size)
    ranked = sum(len(probes_of(method, spec.probes)) for method in spec.request.methods)
    of_ranks = 2 * bytes_of_a_rank(places) * ranked  # in the block, and in the whole
    return (learned + tested) * places * (BYTES_OF_A_MAP * len(spec.request.methods) + of_ranks)


def refuse_small_disk(spec: RetrainingSpec, folder: Path, data: LabelledData) -> None:
    """Refuses a study whose heatmaps find no room; what the folder holds already is not needed again.

    Raises
    ------
    ValueError
        With how much it takes and how much there is.
    """
    takes, free = bytes_of(spec, numbers_of(data)) - size_of(folder), shutil.disk_usage(folder).free
    if takes > free:
        raise ValueError(
            f"The heatmaps take {room(takes)} of disk, and {folder} has {room(free)} left. Choose fewer methods or "
            "pictures, or another folder."
        )


def networks_in(spec: RetrainingSpec) -> int:
    """How many networks of a study are already trained."""
    return StudyFolder(folder_of(spec)).networks()


def settled_in(spec: RetrainingSpec, folder: StudyFolder) -> int:
    """How many networks of a study are trained, stand for another with the same masks, were left out by stopping early,
    or have no masks to learn from.
    """
    done = folder.networks() + folder.saved()
    return done + (never_trained(spec, folder.refusals()) + folder.shared() if done else 0)
