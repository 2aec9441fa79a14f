"""The result of a stream, requested with the stream's own arguments."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import Signature, signature
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Event = TypeVar("Event")
Result = TypeVar("Result")


def collects(
    stream: Callable[Given, Iterator[Event]], **defaults: object
) -> Callable[[Callable[[Iterator[Event], Mapping[str, Any]], Result]], Callable[Given, Result]]:
    """Gives a function of a stream's events, and of the stream's arguments, the signature of the stream.

    Parameters
    ----------
    defaults
        Defaults that differ from the stream's own.

    Raises
    ------
    TypeError
        Where the stream has no parameter with a default's name.

    >>> def stream_numbers(count, start=0):
    ...     yield from range(start, start + count)
    >>> @collects(stream_numbers, start=1)
    ... def add(numbers, asked):
    ...     return f"{asked['start']} and more: {sum(numbers)}"
    >>> add(3), add(3, start=5)
    ('1 and more: 6', '5 and more: 18')
    >>> str(signature(add))
    '(count, start=1)'
    """
    streamed = signature(stream)
    for name in defaults.keys() - streamed.parameters.keys():
        raise TypeError(f"{stream.__name__} has no parameter {name!r}.")
    parameters = [each.replace(default=defaults.get(name, each.default)) for name, each in streamed.parameters.items()]

    def of(collect: Callable[[Iterator[Event], Mapping[str, Any]], Result]) -> Callable[Given, Result]:
        shown = streamed.replace(parameters=parameters, return_annotation=signature(collect).return_annotation)

        @wraps(collect)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            try:
                asked = shown.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{collect.__name__}() {error}") from None
            asked.apply_defaults()
            return collect(stream(*asked.args, **asked.kwargs), asked.arguments)

        vars(call).update(__signature__=shown)
        call.__annotations__ = annotations_of(shown)
        return call

    return of


def annotations_of(shown: Signature) -> dict[str, Any]:
    """The annotations of a function with this signature."""
    hints = {name: each.annotation for name, each in shown.parameters.items()} | {"return": shown.return_annotation}
    return {name: annotation for name, annotation in hints.items() if annotation is not Signature.empty}
