"""How long a study computed, over all of its runs."""

import json
import time

from core.retraining.folder import StudyFolder

FILE = "seconds.json"


class Clock:
    """The time that passes while a run makes what a study lacks; what it finds there costs nothing again.

    Seconds are added when a task is done, so that a run that opens a finished study leaves them as they were.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._before = seconds_of_study(folder)
        self._began = time.monotonic()

    def keep(self) -> None:
        """Adds the time since this run began; not to a study whose first runs were not timed."""
        if self._before is not None:
            told = json.dumps({"seconds": self._before + time.monotonic() - self._began})
            self._folder.write(FILE, lambda draft: draft.write_text(told, encoding="utf-8"))


def seconds_of_study(folder: StudyFolder) -> float | None:
    """Seconds that all runs of a study took together; None where networks were trained before runs were timed."""
    file = folder.path / FILE
    if file.exists():
        seconds: float = json.loads(file.read_text(encoding="utf-8"))["seconds"]
        return seconds
    return None if any((folder.path / "trainings").glob("*.json")) else 0.0
