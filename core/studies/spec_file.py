"""The TOML file that asks for a study: read into a spec, written from one, and every mistake named with its line."""

import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Spec = TypeVar("Spec")
Kind = tuple[str, str, Callable[[object], bool]]
"""A name of a spec, what its value must be in words, and whether a value is that."""


class Mistake(ValueError):
    """What is wrong with a spec, in a sentence, and where.

    Parameters
    ----------
    key
        The names that lead to it: ``("settings", "smoothgrad")``.
    """

    def __init__(self, sentence: str, *key: str) -> None:
        super().__init__(sentence)
        self.key = key


def parsed(text: str, known: Collection[str], what: str) -> dict[str, Any]:
    """What a file gives, by name; a list becomes a tuple.

    Parameters
    ----------
    known
        The names that there are.
    what
        What it is a file of, as in "A retraining study".

    Raises
    ------
    ValueError
        Where it is not TOML, or has a name that there is not.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = str(error).replace("at end of document", f"at the end, line {len(text.splitlines())}")
        raise ValueError(f"The file is not valid TOML: {told}.") from error
    for name in given:
        if name not in known:
            raise ValueError(with_line(f"{what} has no {name!r}; it has {', '.join(sorted(known))}.", text, (name,)))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def spec_of(make: Callable[..., Spec], text: str, known: Collection[str], what: str) -> Spec:
    """The spec that a file asks for; see :func:`parsed`.

    Raises
    ------
    ValueError
        With what is wrong, after the line of the file where it is.
    """
    given = parsed(text, known, what)
    try:
        return make(**given)
    except Mistake as mistake:
        raise ValueError(with_line(str(mistake), text, mistake.key)) from mistake


def with_line(sentence: str, text: str, key: tuple[str, ...]) -> str:
    """The sentence after the line that it is about, where the file has one.

    >>> with_line("seeds must be a number from 1, not 0.", "# mine\\nseeds = 0", ("seeds",))
    'Line 2: seeds must be a number from 1, not 0.'
    """
    line = line_of(text, key)
    return sentence if line is None else f"Line {line}: {sentence}"


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """The line where a key's value begins, or that of the nearest table around it; None where the file has neither.

    A statement begins after the longest piece of the file before it that is TOML by itself, however it is written.

    >>> text = 'a = [\\n"b = 1",\\n]\\n\\n[b]\\nc = 1'
    >>> line_of(text, ("a",)), line_of(text, ("b", "c")), line_of(text, ("b", "d")), line_of(text, ("d",))
    (1, 6, 5, None)
    """
    lines = text.splitlines()
    begins = 1
    for end in range(1, len(lines) + 1):
        try:
            given = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        if key and holds(given, key):
            return begins
        begins = end + 1
    return line_of(text, key[:-1]) if key else None


def holds(given: object, key: Iterable[str]) -> bool:
    """Whether the names lead to anything."""
    for name in key:
        if not isinstance(given, Mapping) or name not in given:
            return False
        given = given[name]
    return True


def text_of(file: Path) -> str:
    """The text of a spec's file.

    Raises
    ------
    ValueError
        Where it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error


def written(told: Mapping[str, object], settings: Mapping[str, Mapping[str, object]]) -> str:
    """The text of a file: a line for each name, and a table for each method's settings."""
    lines = [f"{name} = {as_toml(value)}" for name, value in told.items()]
    for method, own in settings.items():
        lines += ["", f"[settings.{method}]", *(f"{name} = {as_toml(value)}" for name, value in own.items())]
    return "\n".join(lines) + "\n"


def as_toml(value: Any) -> str:
    """
    >>> as_toml(("a", 'b "c"')), as_toml(True), as_toml(0.008)
    ('["a", "b \\\\"c\\\\""]', 'true', '0.008')
    """
    return json.dumps(value, ensure_ascii=False)


def of_wrong_kind(spec: object, kinds: Iterable[Kind]) -> list[Mistake]:
    """The values of a spec that are of another kind than theirs."""
    return [
        Mistake(f"{name} must be {kind}, not {value!r}.", name)
        for name, kind, fits in kinds
        if not fits(value := getattr(spec, name))
    ]


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    return isinstance(value, int) and is_whole(value) and value >= 1


def is_switch(value: object) -> bool:
    return isinstance(value, bool)


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(map(is_text, value))


def is_settings(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, Mapping) for each in value.values())


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def or_none(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    """Whether a value is left out, or fits."""
    return lambda value: value is None or fits(value)
