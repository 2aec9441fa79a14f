"""Jobs take turns, end when told to, and keep what they have yielded."""

import threading
import time

import pytest
import torch

from core.jobs import JobQueue, Progress, queue
from core.methods.registry import Unfit, list_methods


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
    jobs.cancel(job.id, job.owner)
    wait_for(lambda: job.finished)
    assert time.monotonic() - begin < 0.5
    assert job.state == "cancelled"
    assert closed.wait(1)
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
    jobs.cancel(job.id, job.owner)
    wait_for(lambda: job.finished)
    assert job.state == "cancelled"
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
        (KeyError("/a/secret/path"), "The run failed with KeyError; see the log for details."),
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
    jobs.cancel(job.id, job.owner)


def test_starting_a_study_never_ends_a_trial(jobs):
    trial, first = (jobs.submit(counting(10_000, 0.001), "somebody", lane=lane) for lane in ("trial", "study"))
    second = jobs.submit(counting(5), "somebody", lane="study")
    wait_for(lambda: first.finished and second.finished)
    assert (first.state, second.state) == ("cancelled", "done")
    assert not trial.finished
    jobs.cancel(trial.id, "somebody")


def test_the_lane_of_another_person_is_another_lane(jobs):
    mine = jobs.submit(counting(10_000, 0.001), "somebody", lane="study")
    theirs = jobs.submit(counting(5), "somebody else", lane="study")
    wait_for(lambda: theirs.finished)
    assert not mine.cancelled
    jobs.cancel(mine.id, "somebody")


def test_a_job_that_outlives_its_reader_ends_by_itself(jobs, monkeypatch):
    monkeypatch.setattr(queue, "UNWATCHED_SECONDS", 0.05)
    lasting = jobs.submit(counting(40, 0.005), "one", outlives_its_reader=True)
    orphan = jobs.submit(counting(40, 0.005), "other")
    wait_for(lambda: lasting.finished and orphan.finished)
    assert (lasting.state, orphan.state) == ("done", "cancelled")


def test_nobody_ends_the_job_of_another(jobs):
    job = jobs.submit(counting(200, 0.001), "somebody")
    assert not jobs.cancel(job.id, "somebody else")
    assert not jobs.cancel("no such job", "somebody")
    wait_for(lambda: job.finished)
    assert job.state == "done"


def test_what_runs_is_listed_for_its_owner_the_oldest_first_until_it_is_told_to_end(jobs):
    first, second = (jobs.submit(counting(10_000, 0.001), "somebody", lane=lane) for lane in ("trial", "study"))
    other = jobs.submit(counting(10_000, 0.001), "somebody else")
    done = jobs.submit(counting(1), "somebody", lane="checks")
    wait_for(lambda: done.finished)
    assert jobs.running("somebody") == [first, second]
    jobs.cancel(first.id, "somebody")
    assert jobs.running("somebody") == [second]
    for job in (second, other):
        jobs.cancel(job.id, job.owner)


def test_finished_jobs_do_not_pile_up(jobs):
    made = [jobs.submit(counting(1), f"person {number}") for number in range(3 * queue.KEPT_RUNS)]
    wait_for(lambda: made[-1].finished)
    last = jobs.submit(counting(1), "last")
    wait_for(lambda: last.finished)
    assert jobs.get(made[0].id) is None
    assert sum(jobs.get(job.id) is not None for job in made) <= queue.KEPT_RUNS


def test_finished_explanations_by_all_methods_fit_in_a_gigabyte():
    heatmap_and_its_three_channels = 4 * 224 * 224 * torch.float32.itemsize
    explanation = len(list_methods()) * heatmap_and_its_three_channels
    assert 30e6 < explanation < 40e6
    assert queue.KEPT_RUNS * explanation < 2**30


def test_many_small_jobs_of_one_person_leave_the_study_of_another(jobs):
    study = jobs.submit(counting(3), "somebody")
    small = [jobs.submit(counting(1), "somebody else") for _ in range(3 * queue.KEPT_RUNS)]
    wait_for(lambda: study.finished and all(job.finished for job in small))
    jobs.submit(counting(1), "somebody else")
    assert jobs.get(study.id) is study
    assert sum(jobs.get(job.id) is not None for job in small) == queue.KEPT_OF_ONE


def test_of_a_full_server_whoever_keeps_most_loses_first(jobs, monkeypatch):
    monkeypatch.setattr(queue, "KEPT_RUNS", 5)
    old = jobs.submit(counting(1), "one")
    many = [jobs.submit(counting(1), "two", lane=str(number)) for number in range(5)]
    wait_for(lambda: many[-1].finished)
    jobs.submit(counting(1), "three")
    assert jobs.get(old.id) is old
    assert [job for job in many if jobs.get(job.id)] == many[1:]


def test_who_has_left_loses_before_whoever_is_there_with_more(jobs, monkeypatch):
    monkeypatch.setattr(queue, "KEPT_RUNS", 4)
    monkeypatch.setattr(queue, "GONE_SECONDS", 0.2)
    left = [jobs.submit(counting(1), f"visitor {number}") for number in range(3)]
    wait_for(lambda: left[-1].finished)
    time.sleep(0.3)
    here = [jobs.submit(counting(1), "somebody", lane=str(number)) for number in range(4)]
    wait_for(lambda: here[-1].finished)
    jobs.submit(counting(1), "somebody", lane="another")
    assert [job for job in here if jobs.get(job.id)] == here
    assert not any(jobs.get(job.id) for job in left)


def test_whoever_waits_for_a_long_run_has_not_left(jobs, monkeypatch):
    monkeypatch.setattr(queue, "KEPT_RUNS", 2)
    monkeypatch.setattr(queue, "GONE_SECONDS", 0.2)
    waiting = [jobs.submit(counting(1), "teacher"), jobs.submit(counting(10_000, 0.001), "teacher", lane="study")]
    wait_for(lambda: waiting[0].finished)
    time.sleep(0.3)
    many = [jobs.submit(counting(1), "pupil", lane=str(number)) for number in range(3)]
    wait_for(lambda: many[-1].finished)
    jobs.submit(counting(1), "pupil", lane="last")
    assert jobs.get(waiting[0].id) is waiting[0]
    jobs.cancel(waiting[1].id, "teacher")


def test_what_ended_after_hours_unwatched_is_kept_before_what_was_watched_until_then(jobs, monkeypatch):
    monkeypatch.setattr(queue, "KEPT_OF_ONE", 1)
    go_on = threading.Event()

    def long():
        while not go_on.is_set():
            yield time.sleep(0.001)

    study = jobs.submit(long, "somebody", lane="study", outlives_its_reader=True)
    trial = jobs.submit(counting(1), "somebody", lane="trial")
    wait_for(lambda: trial.finished)
    trial.since()
    go_on.set()
    wait_for(lambda: study.finished)
    jobs.submit(counting(1), "somebody", lane="checks")
    assert (jobs.get(study.id), jobs.get(trial.id)) == (study, None)


def endless(steps: list[int]):
    def stream():
        while True:
            steps.append(len(steps))
            yield time.sleep(0.001)

    return stream


def test_equal_requests_are_one_run_whoever_asks_and_everybody_has_all_of_it(jobs):
    steps: list[int] = []
    gate = threading.Event()
    jobs.submit(lambda: iter([gate.wait()]), "gate")

    def stream():
        for number in range(5):
            steps.append(number)
            yield number

    class_of_20 = [jobs.submit(stream, f"pupil {number}", same="question") for number in range(20)]
    gate.set()
    wait_for(lambda: all(job.finished for job in class_of_20))
    assert steps == list(range(5))
    assert all(job.since() == list(enumerate(range(5))) for job in class_of_20)
    late = jobs.submit(stream, "late", same="question")
    assert (late.state, len(late.since()), len(steps)) == ("done", 5, 5)
    assert len({job.id for job in (*class_of_20, late)}) == 21


def test_of_one_run_nobody_cancels_the_part_of_another_and_it_ends_with_the_last_who_asked(jobs):
    steps: list[int] = []
    mine, theirs = (jobs.submit(endless(steps), owner, same="question") for owner in ("I", "they"))
    wait_for(lambda: len(mine.since()) > 2)
    assert not jobs.cancel(theirs.id, "I")
    jobs.cancel(mine.id, "I")
    assert (mine.state, theirs.finished) == ("cancelled", False)
    so_far = mine.since()
    wait_for(lambda: len(theirs.since()) > len(so_far) + 2)
    assert mine.since() == so_far
    jobs.cancel(theirs.id, "they")
    assert theirs.state == "cancelled"
    wait_for(lambda: len(steps) == len(theirs.since()) + 1 or len(steps) == len(theirs.since()))
    made = len(steps)
    time.sleep(0.05)
    assert len(steps) == made


def test_who_stops_watching_leaves_the_run_to_those_who_watch(jobs, monkeypatch):
    monkeypatch.setattr(queue, "UNWATCHED_SECONDS", 0.1)
    away, watching = (jobs.submit(counting(60, 0.005), owner, same="question") for owner in ("away", "watching"))
    wait_for(lambda: watching.since() is None or watching.finished)
    assert (away.state, watching.state) == ("cancelled", "done")


def test_what_came_to_nothing_is_computed_again(jobs):
    def failing():
        yield 1
        raise ValueError("Not this time.")

    failed = jobs.submit(failing, "one", same="question")
    wait_for(lambda: failed.finished)
    again = jobs.submit(counting(2), "other", same="question")
    wait_for(lambda: again.finished)
    assert (failed.state, again.state) == ("failed", "done")


def test_who_asks_for_what_they_have_in_line_keeps_it(jobs):
    steps: list[int] = []
    first = jobs.submit(endless(steps), "somebody", lane="trial", same="question")
    second = jobs.submit(endless(steps), "somebody", lane="trial", same="question")
    assert (first.state, second.finished) == ("cancelled", False)
    assert first.run is not second.run
    jobs.cancel(second.id, "somebody")


def test_cancelling_is_answered_at_once_even_within_a_step_that_takes_long(jobs):
    inside, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def slow():
        try:
            yield 1
            inside.set()
            go_on.wait(5)
            yield 2
        finally:
            closed.set()

    job = jobs.submit(slow, "somebody")
    assert inside.wait(5)
    version = job.version
    jobs.cancel(job.id, "somebody")
    assert (job.state, job.version > version) == ("cancelled", True)
    go_on.set()
    assert closed.wait(5)
    assert job.since() == [(0, 1)]


def test_a_job_knows_how_many_runs_are_ahead_of_it_and_with_how_many_it_takes_turns(jobs):
    inside, go_on = threading.Event(), threading.Event()

    def slow():
        inside.set()
        go_on.wait(5)
        yield from range(10**6)

    first = jobs.submit(slow, "one")
    assert inside.wait(5)
    second, third = (jobs.submit(counting(10**6), name, same="question") for name in ("two", "three"))
    fourth = jobs.submit(counting(10**6), "four")
    assert [jobs.others(job) for job in (first, second, third, fourth)] == [2, 1, 1, 2]
    go_on.set()
    wait_for(lambda: fourth.state == "running")
    assert [jobs.others(job) for job in (first, second, third, fourth)] == [2, 2, 2, 2]
    for job in (first, second, third, fourth):
        jobs.cancel(job.id, job.owner)


def test_a_queue_that_is_closed_ends_the_step_in_hand_and_takes_no_other(jobs):
    begun, gate, steps = threading.Event(), threading.Event(), []

    def stream():
        begun.set()
        gate.wait(5)
        while True:
            steps.append(None)
            yield None

    jobs.submit(stream, "somebody")
    assert begun.wait(5)
    threading.Timer(0.1, gate.set).start()
    jobs.close()
    assert len(steps) == 1
