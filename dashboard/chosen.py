"""What a person has chosen, and how it differs from what the runs shown were made with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dashboard.pictures import Choice
from dashboard.runs import Run
from dashboard.workshop import Asked, Loading, Look

WORDS = {
    "model": "model",
    "picture": "picture",
    "target": "explained class",
    "settings": "settings of the methods",
    "output": "number explained",
    "reduction": "reduction of the channels",
    "imputer": "imputer",
    "y": "value of the curves",
    "steps": "steps",
    "seed": "seed",
}


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
        changed.discard("target")
    return [words for name, words in WORDS.items() if name in changed]


def changes(run: Run, chosen: Chosen) -> set[str]:
    """What of a request is now otherwise than when the run was made."""
    made = asdict(run.asked)
    if chosen.asked is None:
        known = {"model": chosen.loading.name, "picture": chosen.picture.name if chosen.picture else ""}
    else:
        known = asdict(chosen.asked)
    return {name for name in known if known[name] != made[name]}


def differs_only_in(name: str, one: Asked, other: Asked) -> bool:
    """Whether two requests are alike but for this."""
    mine, theirs = asdict(one), asdict(other)
    return {key for key in mine if mine[key] != theirs[key]} == {name}


def listed(words: list[str]) -> str:
    """The words as a sentence has them.

    >>> listed(["model", "picture", "seed"])
    'model, picture and seed'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
