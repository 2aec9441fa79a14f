"""What a person has chosen, and how it differs from what the runs shown were made with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.pictures import Choice
from dashboard.requests import Asked, in_words, otherwise
from dashboard.runs import Run
from dashboard.workshop import Loading, Look


@dataclass(frozen=True)
class Chosen:
    """What the widgets say of one model; there is something to ask only once it is there and has seen the picture."""

    loading: Loading
    picture: Choice | None
    look: Look | None = None
    asked: Asked | None = None

    def is_subject_of(self, run: Run) -> bool:
        """Whether the run is about this model and this picture."""
        name = self.picture.name if self.picture else ""
        return (run.asked.model, run.asked.picture) == (self.loading.name, name)


def differences(runs: Sequence[Run], chosen: Sequence[Chosen]) -> list[str]:
    """In words, what is chosen now and was otherwise when the runs were made; other methods do not make them wrong."""
    changed = {name for run, each in zip(runs, chosen, strict=False) for name in changes(run, each)}
    if len(runs) != len(chosen):
        changed.add("model")
    if changed & {"model", "picture"}:
        changed -= {"target", "truth"}
    return in_words(changed)


def changes(run: Run, chosen: Chosen) -> set[str]:
    """What of a request is now otherwise than when the run was made."""
    if chosen.asked is None:
        known = {"model": chosen.loading.name, "picture": chosen.picture.name if chosen.picture else ""}
    else:
        known = asdict(chosen.asked)
    return otherwise(run.asked, known) - (set() if run.asked.truth else {"truth"})  # a first mark makes nothing wrong


@dataclass(frozen=True)
class Wishes:
    """What the sidebar says once the first model is there, whatever the pictures are.

    Parameters
    ----------
    common
        What requests of one picture and of many both say.
    target
        Index of the class to explain; None for the predicted one.
    """

    common: Mapping[str, Any]
    target: int | None
    metrics: tuple[str, ...]
