"""Work without steps, such as a download: done in a thread of its own, while other jobs get their turn."""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from typing import TypeVar

from core.jobs.events import Progress

Result = TypeVar("Result")
SECONDS_OF_A_STEP = 0.05


def awaited(work: Callable[[], Result], what: str) -> Generator[Progress, None, Result]:
    """The result of the work, or the error that it raises; until then a step now and then.

    If nobody waits any more, the work runs to its end and its result is dropped.

    >>> from core.jobs.events import Returning
    >>> waiting = Returning(awaited(lambda: "found", "Looking"))
    >>> list(waiting)[0].what, waiting.result
    ('Looking', 'found')
    """
    answer: Future[Result] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    yield Progress(0, 1, what)
    threading.Thread(target=run, name=what, daemon=True).start()
    while not wait([answer], SECONDS_OF_A_STEP).done:
        yield Progress(0, 1, what)
    return answer.result()
