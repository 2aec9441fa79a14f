"""The forms in which a study is scored: as it is, and changed in whatever shows what its metrics depend on."""

from collections.abc import Iterable, Mapping

from core.metrics.statistics import Score, Tally

Form = tuple[str, ...]
STUDY: Form = ("study",)
EQUALISED: Form = ("equalised",)
DEGRADED: Form = ("degraded",)
CHANGED, CHOICE = "changed", "choice"
WINNER = "fidelity"
"""The metric whose winner a choice may flip."""

Row = Mapping[Form, tuple[Score, ...]]
"""A picture's scores in each form."""


def changed(change: str, size: str) -> Form:
    """The form of a changed picture or network."""
    return CHANGED, change, size


def choice(name: str, value: str) -> Form:
    """The form of a study with one choice made otherwise."""
    return CHOICE, name, value


def tallies(rows: Iterable[Row]) -> dict[Form, Tally]:
    """The scores of all pictures, form by form."""
    found: dict[Form, Tally] = {}
    for row in rows:
        for form, scores in row.items():
            found.setdefault(form, Tally()).add(scores)
    return found
