"""Work without steps, done beside the queue."""

import threading
import time

import pytest

from core.jobs.awaiting import SECONDS_OF_A_STEP, awaited
from core.jobs.events import Returning
from core.jobs.queue import JobQueue


def test_nothing_starts_before_the_job_has_its_turn():
    asked = threading.Event()
    waiting = awaited(asked.set, "Looking")
    next(waiting)
    assert not asked.is_set()
    list(waiting)
    assert asked.is_set()


@pytest.mark.parametrize("mistake", [ValueError("no"), TimeoutError("nobody answers"), SystemExit(2)])
def test_what_the_work_raises_is_raised_where_it_is_awaited(mistake):
    def fail():
        time.sleep(2 * SECONDS_OF_A_STEP)
        raise mistake

    with pytest.raises(type(mistake)) as found:
        list(awaited(fail, "Looking"))
    assert found.value is mistake


def test_a_step_is_short_however_long_the_work():
    done = threading.Event()
    waiting = Returning(awaited(lambda: done.wait(20), "Looking"))
    steps = iter(waiting)
    begin = time.monotonic()
    for _ in range(4):
        next(steps)
    assert time.monotonic() - begin < 2.0
    done.set()
    list(steps)
    assert waiting.result is True


def test_a_job_that_waits_is_cancelled_at_once_and_lets_others_through():
    done, queue = threading.Event(), JobQueue()
    job = queue.submit(lambda: awaited(lambda: done.wait(20), "Looking"), owner="somebody")
    begin = time.monotonic()
    assert queue.call(lambda: "answered") == "answered"
    queue.cancel(job.id, "somebody")
    while not job.finished:
        time.sleep(0.01)
    assert (job.state, time.monotonic() - begin < 2.0) == ("cancelled", True)
    done.set()
