"""A folder that runs fill, one at a time: what was asked, what each ran on, and files that are whole or not there.

No torch is loaded here, so that a folder can be looked into at once.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.studies.whole_files import remove_drafts, written_whole

ASKED, MANIFEST, LOCK = "study.toml", "manifest.json", ".lock"


@dataclass(frozen=True)
class RunFolder:
    """The files that every kind of study has."""

    path: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it lasts, no other run writes here, in this process or another; it ends with its process.

        Raises
        ------
        ValueError
            Where another run does, or the folder cannot be written.
        """
        lock = FileLock(self.path / LOCK, thread_local=False)  # a stream may be closed by another thread
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout:
            raise ValueError(
                f"Another run is working on the study in {self.path}. Wait until it has ended, or use another folder."
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from error
        try:
            remove_drafts(self.path)
            yield
        finally:
            lock.release()

    def keep_manifest(self, told: Mapping[str, Any]) -> None:
        """Adds these facts to the manifest, in the place of those of the same name."""
        whole = json.dumps({**self.manifest(), **told}, indent=1)
        written_whole(self.path / MANIFEST, lambda draft: draft.write_text(whole, encoding="utf-8"))

    def keep_run(self, run: Mapping[str, str]) -> None:
        """Lists a run among those that made the study, once."""
        if run not in self.runs():
            self.keep_manifest({"runs": [*self.runs(), run]})

    def runs(self) -> list[Mapping[str, str]]:
        """The runs that made something of the study, the first one first."""
        found: list[Mapping[str, str]] = self.manifest().get("runs", [])
        return found

    def manifest(self) -> dict[str, Any]:
        """What is known of what the study ran on."""
        file = self.path / MANIFEST
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found

    def write(self, name: str, write: Callable[[Path], Any]) -> None:
        """Writes a file whole, or not at all."""
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        written_whole(file, write)


def unwritable(path: Path, error: OSError) -> ValueError:
    return ValueError(f"The folder {path} cannot be written ({error.strerror}).")
