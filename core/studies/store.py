"""What studies on this machine have computed, by what it was computed from, in limited room.

Another study that meets the same picture, model, method and metric again finds the score here. One file of SQLite,
which several processes may use at once, and which a kill at any moment leaves whole: a unit's entries are there or not.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from core.assets import made_here

MOST_BYTES = 2 * 2**30
KEPT_OF_IT = 0.9
"""Share of the room that is left taken once it was full."""
SUBJECTS_AT_ONCE = 100
PATIENCE = 60.0
"""Seconds that another process may write."""
LAYOUT = """
CREATE TABLE IF NOT EXISTS entries (
    subject TEXT NOT NULL, method TEXT NOT NULL, name TEXT NOT NULL, value,
    PRIMARY KEY (subject, method, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, used REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_use ON subjects (used);
"""
Key = tuple[str, str]
"""A method with its settings, and what is known of it."""
Value = float | int | str | bytes | None


class KnownScores(Protocol):
    """What units read known entries from, and add new ones to."""

    def known(self, subject: str) -> dict[Key, Value]:
        """What is known of a subject."""

    def keep(self, subject: str, found: Mapping[Key, Value]) -> None:
        """Adds what is new of a subject."""


class Store:
    """Entries by subject, method and name; an entry that is there stays as it is.

    Parameters
    ----------
    file
        That of this machine if not given.
    """

    def __init__(self, file: Path | None = None, most: int = MOST_BYTES) -> None:
        self.file = file or made_here("studies") / "scores.sqlite"
        self._most = most
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._opened() as opened:
                opened.execute("PRAGMA journal_mode = WAL")
                opened.executescript(LAYOUT)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(
                f"{self.file} cannot be written ({error}). Set HEATCHECK_HOME to another folder."
            ) from error

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """For a moment: a stream may be stepped by another thread each time, and a fork may come in between."""
        with closing(sqlite3.connect(self.file, PATIENCE)) as opened:
            opened.execute("PRAGMA synchronous = NORMAL")
            with opened:
                yield opened

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """While it lasts, adding to it takes a quarter of the time: else each addition tidies up the file."""
        with closing(sqlite3.connect(self.file, PATIENCE, check_same_thread=False)) as opened:
            opened.execute("SELECT count(*) FROM subjects LIMIT 0").fetchall()
            yield

    def known(self, subject: str) -> dict[Key, Value]:
        """What is known of a subject."""
        with self._opened() as opened:
            rows = opened.execute("SELECT method, name, value FROM entries WHERE subject = ?", (subject,)).fetchall()
            if rows:
                opened.execute("UPDATE subjects SET used = ? WHERE subject = ?", (time.time(), subject))
        return {(method, name): value for method, name, value in rows}

    def keep(self, subject: str, found: Mapping[Key, Value]) -> None:
        """Adds what is new of a subject, all of it or nothing."""
        if not found:
            return
        with self._opened() as opened:
            opened.execute("INSERT OR REPLACE INTO subjects VALUES (?, ?)", (subject, time.time()))
            rows = [(subject, *key, value) for key, value in found.items()]
            opened.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", rows)
            if taken(opened) > self._most:
                self._make_room(opened)

    def _make_room(self, opened: sqlite3.Connection) -> None:
        """Removes the subjects that were not used for the longest time; their room is used again."""
        while taken(opened) > KEPT_OF_IT * self._most:
            oldest = "SELECT subject FROM subjects ORDER BY used LIMIT ?"
            gone = opened.execute(oldest, (SUBJECTS_AT_ONCE,)).fetchall()
            if not gone:
                return
            for table in ("entries", "subjects"):
                opened.executemany(f"DELETE FROM {table} WHERE subject = ?", gone)


def taken(opened: sqlite3.Connection) -> int:
    """Bytes of the file that hold anything."""
    pages, free, size = (
        opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
