"""Things found by name; for an unknown name the error lists the nearest ones."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

Thing = TypeVar("Thing")
CUTOFF = 0.5


def find(known: Mapping[str, Thing], name: str, what: str) -> Thing:
    """The thing with that name.

    Raises
    ------
    ValueError
        With the nearest names, or with all of them where none is near.

    >>> find({"grey": 0.5}, "gray", "imputer")
    Traceback (most recent call last):
    ValueError: There is no imputer 'gray'. Did you mean grey?
    """
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=CUTOFF)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Choose from {', '.join(known)}."
    raise ValueError(f"There is no {what} {name!r}. {hint}")
