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
from core.metrics.removal import places_of
from core.retraining.cost import pictures_of
from core.retraining.data import BUNDLED, collect_data
from core.retraining.folder import ASKED, MAPS, StudyFolder
from core.retraining.probes import probes_of
from core.retraining.spec import RetrainingSpec

MOST_BYTES = 4 * 2**30
"""Room of all studies together."""
DIGITS = 16
BYTES_OF_A_MAP, BYTES_OF_RANKS = 4, 4
"""Of each place: a map's value; its rank in the block and in the whole, as often as the map is ranked."""

_running: list[tuple[Path, int]] = []
"""The studies that run now, with the room that each may yet take."""
_lock = Lock()


def home() -> Path:
    """Where this machine's studies are."""
    return made_here("retraining")


def folder_of(spec: RetrainingSpec) -> Path:
    """The folder of a study: equal specs share one, and no others do."""
    return home() / hashlib.sha256(spec.to_toml().encode()).hexdigest()[:DIGITS]


@contextmanager
def kept_study(spec: RetrainingSpec, most: int = MOST_BYTES) -> Iterator[Path]:
    """A study's folder, which nothing removes meanwhile.

    Raises
    ------
    ValueError
        Where the studies that are running leave no room for it.
    """
    study = folder_of(spec), bytes_of(spec)
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
        if StudyFolder(folder).is_in_use():  # by another process
            continue
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


def bytes_of(spec: RetrainingSpec) -> int:
    """About how much room a study of the bundled pictures takes: that of its maps and ranks."""
    if spec.data != BUNDLED:
        return 0
    places = places_of(spec.unit, collect_data(spec.data).size)
    ranked = sum(len(probes_of(method, spec.probes)) for method in spec.request.methods)
    return sum(pictures_of(spec)) * places * (BYTES_OF_A_MAP * len(spec.request.methods) + BYTES_OF_RANKS * ranked)


def networks_in(spec: RetrainingSpec) -> int:
    """How many networks of a study are already trained."""
    return sum(not file.name.startswith("explained") for file in (folder_of(spec) / "trainings").glob("*.json"))


def saved_in(spec: RetrainingSpec) -> int:
    """How many networks of a study were left out, since the difference to random removal was clear."""
    return StudyFolder(folder_of(spec)).saved()
