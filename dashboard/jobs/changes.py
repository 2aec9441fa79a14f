"""How the current choices differ from those that a job was made with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, get_args, get_type_hints

import core
from core.methods.registry import REDUCTIONS
from core.models.outputs import output_in_words
from dashboard.jobs.requests import Words

ADDED = {"methods": "methods", "metrics": "scores"}
"""Choosing others of these makes nothing stale: they are only not shown yet."""
OF_THE_ENGINE = {
    "settings": Words("method settings", plural=True),
    "output": Words("output to explain", said=lambda output: output_in_words(output, ())),
    "reduction": Words("channel reduction", said=lambda name: REDUCTIONS[name] if name else "method default"),
    "seed": Words("seed"),
}
"""Names of the fields of the engine's own request."""


def words_of(kind: type[Any]) -> Mapping[str, Words]:
    """What the fields of a request are called, the page's own before the engine's; those without a mark by their name.

    >>> from dashboard.jobs.requests import PictureRequest
    >>> [words.text for words in words_of(PictureRequest).values()][:3]
    ['model', 'picture', 'explained class']
    """
    hints = get_type_hints(kind, include_extras=True)
    words = {
        each.name: next(
            (mark for mark in get_args(hints[each.name]) if isinstance(mark, Words)),
            OF_THE_ENGINE.get(each.name, Words(each.name.replace("_", " "), plural=each.name.endswith("s"))),
        )
        for each in fields(kind)
        if each.name not in ADDED
    }
    return dict(sorted(words.items(), key=lambda item: item[0] in OF_THE_ENGINE))


def changed_fields(request: Any, chosen: Mapping[str, Any], sample: bool = False) -> list[str]:
    """In words, which choices differ now from those of a request, among the fields that are known."""
    made = asdict(request)
    words = words_of(type(request))
    changed = {name: words[name] for name in words if name in chosen and made[name] != chosen[name]}
    another = bool({"model", "picture"} & changed.keys())
    return [
        each.changed
        for name, each in changed.items()
        if not (each.follows_picture and another)
        and not (each.may_be_added and not made[name])
        and not (each.sample_may_differ and sample)
    ]


def additions(request: Any, chosen: Mapping[str, Any]) -> list[str]:
    """In words, the other methods or scores that are chosen now: what is shown is right, but they are not in it."""
    made = asdict(request)
    both = {name for name in ADDED if name in made and name in chosen}
    controls = {method.name for method in core.list_methods() if method.control}
    return [
        words
        for name, words in ADDED.items()
        if name in both and {*made[name]} - controls != {*chosen[name]} - controls
    ]


def listed(words: Sequence[str]) -> str:
    """The words as a sentence has them.

    >>> listed(["model", "picture", "seed"])
    'model, picture and seed'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
