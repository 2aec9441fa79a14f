"""Jobs take turns, end when told to, and keep what they have yielded."""

import threading
import time

import pytest

from core.jobs import JobQueue, Progress, queue
from core.methods.registry import Unfit


@pytest.fixture
def jobs() -> JobQueue:
    return JobQueue()


def wait_for(condition, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def counting(to: int, pause: float = 0.0, log: list | None = None, name: str = ""):
    def stream():
        for number in range(to):
            time.sleep(pause)
            if log is not None:
                log.append(name)
            yield number

    return stream


def test_a_job_keeps_its_events_in_order_for_whoever_comes_later(jobs):
    job = jobs.submit(counting(5), "somebody", about="a picture")
    wait_for(lambda: job.finished)
    assert job.state == "done"
    assert job.since(0) == list(enumerate(range(5)))
    assert job.since(3) == [(3, 3), (4, 4)]
    assert jobs.get(job.id) is job
    assert job.about == "a picture"


def test_two_people_take_turns(jobs):
    log: list[str] = []
    gate = threading.Event()
    jobs.submit(lambda: iter([gate.wait()]), "gate")
    one, other = (jobs.submit(counting(6, log=log, name=name), name) for name in ("one", "other"))
    gate.set()
    wait_for(lambda: one.finished and other.finished)
    assert log == ["one", "other"] * 6


def test_cancelling_closes_the_stream_within_a_step_and_keeps_what_was_there(jobs):
    closed = threading.Event()

    def stream():
        try:
            yield from counting(1000, pause=0.01)()
        finally:
            closed.set()

    job = jobs.submit(stream, "somebody")
    wait_for(lambda: len(job.since()) > 2)
    begin = time.monotonic()
    jobs.cancel(job.id)
    wait_for(lambda: job.finished)
    assert time.monotonic() - begin < 0.5
    assert job.state == "cancelled"
    assert closed.is_set()
    assert len(job.since()) > 2


def test_a_new_request_of_the_same_person_replaces_the_one_that_is_being_stepped(jobs):
    inside, go_on = threading.Event(), threading.Event()

    def slow():
        yield 1
        inside.set()
        go_on.wait(5)
        yield from range(1000)

    old = jobs.submit(slow, "somebody")
    other = jobs.submit(counting(20), "somebody else")
    assert inside.wait(5)
    new = jobs.submit(counting(3), "somebody")
    go_on.set()
    wait_for(lambda: new.finished and other.finished and old.finished)
    assert (old.state, other.state, new.state) == ("cancelled", "done", "done")
    assert len(old.since()) < 5


def test_what_one_person_asks_for_side_by_side_runs_side_by_side(jobs):
    before = jobs.submit(counting(10_000, 0.001), "somebody")
    one = jobs.submit(counting(5), "somebody")
    other = jobs.submit(counting(5), "somebody", beside=[one.id])
    wait_for(lambda: before.finished and one.finished and other.finished)
    assert (before.state, one.state, other.state) == ("cancelled", "done", "done")


def test_a_stream_that_fails_while_it_closes_does_not_take_the_device_with_it(jobs):
    def stubborn():
        try:
            yield from counting(1000, pause=0.01)()
        finally:
            raise RuntimeError("not without a fight")

    job = jobs.submit(stubborn, "one")
    wait_for(lambda: job.since())
    jobs.cancel(job.id)
    wait_for(lambda: job.finished)
    assert job.state == "failed"
    after = jobs.submit(counting(2), "other")
    wait_for(lambda: after.finished)
    assert jobs.call(lambda: 1) == 1


def test_a_call_that_came_too_late_is_not_made_for_nobody(jobs):
    inside, go_on, made = threading.Event(), threading.Event(), []

    def slow():
        inside.set()
        yield go_on.wait(5)

    blocking = jobs.submit(slow, "one")
    assert inside.wait(5)
    with pytest.raises(TimeoutError):
        jobs.call(lambda: made.append(1), timeout=0.05)
    go_on.set()
    wait_for(lambda: blocking.finished)
    assert jobs.call(lambda: 2) == 2
    assert made == []


def test_a_job_that_nobody_looks_at_is_ended(jobs, monkeypatch):
    monkeypatch.setattr(queue, "UNWATCHED_SECONDS", 0.1)
    watched, orphan = jobs.submit(counting(60, 0.005), "one"), jobs.submit(counting(10_000, 0.005), "other")
    wait_for(lambda: watched.since() is None or watched.finished)
    wait_for(lambda: orphan.finished)
    assert (watched.state, orphan.state) == ("done", "cancelled")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unfit("This needs a ReLU."), "This needs a ReLU."),
        (ValueError("steps is too large."), "steps is too large."),
        (KeyError("/a/secret/path"), "The run failed with KeyError; the log has the details."),
    ],
)
def test_a_failure_is_told_in_words_and_the_next_job_runs(jobs, error, told):
    def stream():
        yield 1
        raise error

    failed = jobs.submit(stream, "one")
    after = jobs.submit(counting(2), "other")
    wait_for(lambda: after.finished and failed.finished)
    assert (failed.state, failed.error) == ("failed", told)
    assert failed.since() == [(0, 1)]
    assert after.state == "done"


def test_a_stream_that_cannot_even_start_fails_like_any_other(jobs):
    def stream():
        raise ValueError("There is no method 'gradcam'.")

    job = jobs.submit(stream, "one")
    wait_for(lambda: job.finished)
    assert job.error == "There is no method 'gradcam'."


def test_an_event_that_replaces_another_takes_its_place(jobs):
    job = jobs.submit(lambda: iter([Progress(1, 3, "a"), "kept", Progress(2, 3, "a"), Progress(3, 3, "a")]), "one")
    wait_for(lambda: job.finished)
    assert job.since() == [(1, "kept"), (3, Progress(3, 3, "a"))]


def test_a_call_is_answered_between_two_steps_of_a_running_job(jobs):
    job = jobs.submit(counting(1000, pause=0.01), "somebody")
    wait_for(lambda: job.state == "running")
    assert jobs.call(lambda: 6 * 7) == 42
    assert not job.finished
    with pytest.raises(ZeroDivisionError):
        jobs.call(lambda: 1 / 0)
    jobs.cancel(job.id)


def test_finished_jobs_do_not_pile_up(jobs):
    made = [jobs.submit(counting(1), f"person {number}") for number in range(3 * queue.KEPT_JOBS)]
    wait_for(lambda: made[-1].finished)
    last = jobs.submit(counting(1), "last")
    wait_for(lambda: last.finished)
    assert jobs.get(made[0].id) is None
    assert sum(jobs.get(job.id) is not None for job in made) <= queue.KEPT_JOBS
