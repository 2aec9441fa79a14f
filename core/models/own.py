"""Classifiers that a person's own code makes, named as ``module:function``.

Naming one runs that code. So only the person who starts the command line or the dashboard can: a dashboard lists what
it was started with, and no visitor's address adds to it.
"""

import sys
from collections.abc import Callable
from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Any

from core.models.classifier import Classifier
from core.models.sources import ListedModel, ModelError

_OFFERED: dict[str, Classifier] = {}


def made_by(place: str) -> Classifier:
    """The classifier that a function returns; its module is looked for in the current folder too.

    Parameters
    ----------
    place
        ``module:function``; the function takes no arguments.

    Raises
    ------
    ModelError
        Where it is named otherwise, there is no such function, or it returns something else. An error in its own code
        comes through.
    """
    made = function_at(place)()
    if not isinstance(made, Classifier):
        raise ModelError(
            f"{place} returns {type(made).__name__}, not a classifier. Return core.wrap(network, size=…, labels=…), or "
            "core.as_classifier for a function."
        )
    return made


def function_at(place: str) -> Callable[..., Any]:
    """A function of a person's own code, named as ``module:function``; the current folder is searched too.

    Raises
    ------
    ModelError
        Where it is named otherwise, or there is no such function.
    """
    name, _, function = place.partition(":")
    if not all(word.isidentifier() for word in (*name.split("."), function)):
        raise ModelError(f"{place!r} is not of the form module:function. Write it such as my_package.my_module:make.")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise ModelError(f"There is no module {name!r} in {here} or among the installed ones.") from None
    found: Callable[..., Any] | None = getattr(module, function, None)
    if not callable(found):
        raise ModelError(f"{name} has no function {function!r}. Write it as module:function.")
    return found


def offer(place: str) -> None:
    """Makes the classifier, so that it can be loaded, is listed and has this name from now on; its title stays."""
    made = copy(made_by(place))
    made.name = place
    _OFFERED[place] = made


def offered(name: str) -> Classifier | None:
    """The classifier of that name, if this process was started with it."""
    return _OFFERED.get(name)


def list_offered() -> tuple[ListedModel, ...]:
    """The classifiers that this process was started with."""
    return tuple(ListedModel(place, made.title, "own", place, made.dataset) for place, made in _OFFERED.items())
