"""Functions that keep their latest results, and can be told to forget those for one argument."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


class Remembering(Generic[P, Result]):
    """A function and its latest results, the one used longest ago leaving first.

    A result is not kept where anything was forgotten while it was computed: it may be about just that.
    """

    def __init__(self, function: Callable[P, Result], most: int) -> None:
        self._function, self._most = function, most
        self._known: OrderedDict[tuple[object, ...], Result] = OrderedDict()
        self._forgotten = 0
        self._lock = threading.Lock()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        key = (*args, *kwargs.values())
        with self._lock:
            forgotten_before = self._forgotten
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        result = self._function(*args, **kwargs)
        with self._lock:
            if self._forgotten == forgotten_before:
                self._known[key] = result
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return result

    def forget(self, argument: object) -> None:
        """Lets go of every result for that argument."""
        with self._lock:
            self._forgotten += 1
            for key in [key for key in self._known if argument in key]:
                del self._known[key]

    def clear(self) -> None:
        """Lets go of all."""
        with self._lock:
            self._forgotten += 1
            self._known.clear()


def remembering(most: int) -> Callable[[Callable[P, Result]], Remembering[P, Result]]:
    """What :class:`functools.lru_cache` does, for results about things that may be removed."""
    return lambda function: Remembering(function, most)
