"""Which class a person means, by its number or by its label; never a guess between two."""

import difflib
from collections.abc import Sequence
from numbers import Integral
from typing import SupportsIndex

from torch import Tensor

ClassChoice = SupportsIndex | str | Tensor | Sequence[int]
"""A number, alone or as the only one in an array or a list; or a label, or a number in digits."""

MOST_LISTED = 5


def chosen_class(labels: Sequence[str], choice: ClassChoice, model: str) -> int:
    """The number of the class.

    A label is meant before a number in digits, and a label as written before one that differs in case only.

    Raises
    ------
    ValueError
        Where there is no such class, or several have that label.

    >>> labels = ("Cardigan", "cardigan", "crane", "crane", "cup")
    >>> [chosen_class(labels, choice, "small") for choice in ("cardigan", "CUP", "3", 3)]
    [1, 4, 3, 3]
    >>> chosen_class(labels, "crane", "small")
    Traceback (most recent call last):
    ValueError: small has 2 classes called 'crane': 2 and 3. Give the number.
    """
    number = labelled(labels, choice, model) if isinstance(choice, str) else as_number(choice)
    if not 0 <= number < len(labels):
        raise ValueError(f"{model} has classes 0 to {len(labels) - 1}; there is no class {number}.")
    return number


def labelled(labels: Sequence[str], said: str, model: str) -> int:
    """The only class of that label, or the number where no single class has it."""
    exact = [index for index, label in enumerate(labels) if label == said]
    if len(exact) == 1:
        return exact[0]
    if said.isdecimal():
        return int(said)
    alike = exact or [index for index, label in enumerate(labels) if label.casefold() == said.casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ValueError(f"{model} has {len(alike)} classes called {said!r}: {listing(alike)}. Give the number.")
    raise ValueError(f"{model} has no class {said!r}. {hint(labels, said)}")


def listing(numbers: Sequence[int]) -> str:
    """Their numbers, of many only the first.

    >>> listing([4, 7]), listing([1, 2, 3, 4, 5, 6])
    ('4 and 7', '1, 2, 3, 4, 5 and others')
    """
    shown = [str(number) for number in numbers[:MOST_LISTED]]
    last = "others" if len(numbers) > MOST_LISTED else shown.pop()
    return f"{', '.join(shown)} and {last}"


def hint(labels: Sequence[str], said: str) -> str:
    """The labels nearest to what was said."""
    lower, wanted = [label.lower() for label in labels], said.lower()
    holding = [label for label in lower if wanted in label]
    near = sorted(holding, key=lambda label: wanted not in label.split()) or difflib.get_close_matches(wanted, lower)
    return f"Did you mean {' or '.join(near[:3])}?" if near else "Use a label of its data set, or a number."


def as_number(choice: object) -> int:
    """A whole number, alone or as the only one in an array or a list.

    Raises
    ------
    ValueError
        Where it is something else: True is no class, and neither is 2.0.
    """
    value = choice
    try:
        while isinstance(value, list | tuple):
            (value,) = value
        value = value.item() if hasattr(value, "item") else value
    except (ValueError, RuntimeError):
        raise ValueError("One class is explained at a time; give one number or one label.") from None
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"A class is given by its number or its label, not by {choice!r}.")
    return int(value)
