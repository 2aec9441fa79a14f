"""A study's folder: written so that a kill at any moment loses only the unit in hand.

``study.toml`` is what was asked, ``manifest.json`` what it is about and what it ran on, run by run. ``units`` has a
file for each finished unit, by its place in the plan; ``scores.parquet`` and ``curves.parquet`` are made of these.
``summaries`` has the means of each part by the place of its first unit. ``maps`` holds the heatmaps where they were
asked for, ``pictures`` what they are of.

No torch is loaded here, so that a folder can be looked into at once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from core.studies.run_folder import ASKED, LOCK, RunFolder, unwritable
from core.studies.whole_files import written_whole

if TYPE_CHECKING:
    import pyarrow as pa

UNITS, SUMMARIES, MAPS, PICTURES = "units", "summaries", "maps", "pictures"
SCORES, CURVES = "scores.parquet", "curves.parquet"
EDITION = 1
"""Of the files of a unit."""
DIGITS = 7
UNITS_AT_ONCE = 200
Told = Mapping[str, Any]
"""A unit as its file has it: model, seed, picture, and either why it is refused or what came of it."""


class Standing(NamedTuple):
    """How far a study is.

    Parameters
    ----------
    units
        All of them; None where no run has come to know how many there are.
    running
        Whether a run is working on it.
    """

    done: int
    units: int | None
    running: bool


@dataclass(frozen=True)
class Folder(RunFolder):
    """The files of a study."""

    def ask(self, text: str) -> None:
        """Begins the study, or goes on with it where it has begun.

        Parameters
        ----------
        text
            Of the study's file.

        Raises
        ------
        ValueError
            Where the folder holds another study, or one of an earlier edition, or cannot be written.
        """
        file = self.path / ASKED
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if file.exists():
                if file.read_text(encoding="utf-8") != text:
                    raise ValueError(f"{self.path} holds another study. Use another folder, or its own {ASKED}.")
                if self.manifest().get("edition") != EDITION:
                    raise ValueError(
                        f"The study in {self.path} was begun with another version of HeatCheck. Use another folder."
                    )
                return
            self.keep_manifest({"edition": EDITION})
            written_whole(file, lambda draft: draft.write_text(text, encoding="utf-8"))
        except OSError as error:
            raise unwritable(self.path, error) from error

    def agree(self, about: Told) -> None:
        """Keeps what all runs of a study must share, such as its models' weights, or finds that it is the same.

        Raises
        ------
        ValueError
            Where it has changed since the study began.
        """
        kept = self.manifest()
        plain = json.loads(json.dumps(about))
        changed = [name for name, value in plain.items() if name in kept and kept[name] != value]
        if changed:
            raise ValueError(
                f"Since the study in {self.path} began, this has changed: {', '.join(changed)}. Use another folder."
            )
        self.keep_manifest(plain)

    def standing(self) -> Standing:
        """How far it is.

        Raises
        ------
        ValueError
            Where the folder holds no study.
        """
        if not (self.path / ASKED).is_file():
            raise ValueError(f"{self.path} holds no study: it has no {ASKED}.")
        return Standing(len(self.places()), self.manifest().get("units"), self.is_in_use())

    def is_in_use(self) -> bool:
        """Whether a run is working on it, in this process or another."""
        file = self.path / LOCK
        if not file.exists():
            return False
        lock = FileLock(file)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        except OSError:  # nobody can write here
            return False
        lock.release()
        return False

    def places(self) -> list[int]:
        """The places of the finished units, in order."""
        return sorted(int(file.stem) for file in (self.path / UNITS).glob("*.json"))

    def keep_unit(self, place: int, unit: Told) -> None:
        """Keeps a finished unit."""
        whole = json.dumps(unit, ensure_ascii=False, separators=(",", ":"))
        self.write(f"{UNITS}/{place:0{DIGITS}}.json", lambda draft: draft.write_text(whole, encoding="utf-8"))

    def unit(self, place: int) -> Told:
        """A finished unit."""
        found: Told = json.loads((self.path / UNITS / f"{place:0{DIGITS}}.json").read_text(encoding="utf-8"))
        return found

    def map_file(self, place: int) -> str:
        """The name of the file of a unit's heatmaps."""
        return f"{MAPS}/{place:0{DIGITS}}.safetensors"

    def picture_file(self, place: int) -> str:
        """The name of the file of a unit's picture, as its model sees it."""
        return f"{PICTURES}/{place:0{DIGITS}}.webp"

    def keep_summary(self, first: int, told: Told) -> None:
        """Keeps the means of a part, which begins at that place, instead of those of fewer units."""
        whole = json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
        name = f"{SUMMARIES}/{first:0{DIGITS}}.json"
        self.write(name, lambda draft: draft.write_text(whole, encoding="utf-8"))

    def summaries(self) -> dict[int, Told]:
        """The means of each part that has any, by the place of its first unit."""
        files = sorted((self.path / SUMMARIES).glob("*.json"))
        return {int(file.stem): json.loads(file.read_text(encoding="utf-8")) for file in files}

    def write_tables(self) -> None:
        """Writes scores.parquet and curves.parquet of the finished units, a block of them in memory at a time."""
        import pyarrow as pa

        named = {"model": pa.string(), "seed": pa.int64(), "picture": pa.string(), "target": pa.int64()}
        own = {"method": pa.string(), "metric": pa.string(), "score": pa.float64()}
        traced = {
            "method": pa.string(),
            "order": pa.string(),
            "fraction": pa.list_(pa.float64()),
            "value": pa.list_(pa.float64()),
        }
        for name, columns, part in ((SCORES, own, "scores"), (CURVES, traced, "curves")):
            self._write_table(name, pa.schema([*named.items(), *columns.items()]), part)

    def _write_table(self, name: str, schema: "pa.Schema", part: str) -> None:
        import pyarrow.parquet as pq

        def write(draft: Path) -> None:
            with pq.ParquetWriter(draft, schema) as writer:
                for rows in self._blocks(part):
                    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in schema]
                    writer.write_table(as_table(columns, schema))

        self.write(name, write)

    def _blocks(self, part: str) -> Iterator[Sequence[tuple[object, ...]]]:
        places = iter(self.places())
        while block := list(islice(places, UNITS_AT_ONCE)):
            units = [self.unit(place) for place in block]
            yield [
                (unit["model"], unit["seed"], unit["picture"], unit["target"], *row)
                for unit in units
                for row in unit.get(part, ())
            ]


def as_table(columns: Sequence[Sequence[object]], schema: "pa.Schema") -> "pa.Table":
    """A table of these columns; a score that is undefined is a gap."""
    import pyarrow as pa

    return pa.table([pa.array(values, own.type) for values, own in zip(columns, schema, strict=True)], schema=schema)
