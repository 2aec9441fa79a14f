"""Jobs are found by the names that addresses have for them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from toy_job import COUNTING, CountRequest

from core.methods.workload import outputs
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS, ImputerRanksRequest
from dashboard.explain.many_pictures.job import STUDY
from dashboard.jobs import session
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.session import find, sample_of
from dashboard.library.absence import NotThere
from dashboard.library.queue import queue
from dashboard.stamp.training.job import TRAINING


def test_a_sample_that_was_asked_for_before_its_kind_was_declared_is_found_afterwards(monkeypatch):
    monkeypatch.delitem(KINDS, STUDY.name)
    with pytest.raises(NotThere):
        find("sample-study")
    monkeypatch.undo()
    assert find("sample-study") is sample_of(STUDY)


def test_names_that_nobody_has_are_not_kept():
    before = session.read_sample.cache_info().currsize
    for number in range(3):
        with pytest.raises(NotThere):
            find(f"sample-{number}")
    assert session.read_sample.cache_info().currsize == before


def test_a_kind_without_a_sample_has_none():
    assert sample_of(replace(STUDY, name="nothing ships with it")) is None


def test_a_kind_that_outlives_its_reader_is_queued_as_such(monkeypatch):
    asked = {}
    monkeypatch.setattr(session, "owner", lambda: "somebody")
    monkeypatch.setattr(session.st, "session_state", {})
    monkeypatch.setattr(
        session,
        "queue",
        lambda: SimpleNamespace(submit=lambda *_, **told: asked.update(told) or SimpleNamespace(id="a")),
    )
    for outlives in (False, True):
        session.start(replace(COUNTING, outlives_its_reader=outlives), CountRequest(largest_number=1))
        assert asked["outlives_its_reader"] is outlives
        assert asked["lane"].endswith(" counting")


def test_what_one_click_starts_knows_of_each_other_and_another_click_ends_it(monkeypatch):
    monkeypatch.setattr(session, "owner", lambda: "somebody")
    monkeypatch.setattr(session.st, "session_state", {})
    both = session.start(COUNTING, CountRequest(largest_number=500), CountRequest(largest_number=600))
    assert [list(find(name).together) for name in both] == [both, both]
    assert not any(queue().get(name).cancelled for name in both)
    [third] = session.start(COUNTING, CountRequest(largest_number=700))
    assert all(queue().get(name).cancelled for name in both)
    queue().cancel(third, "somebody")


def test_a_run_that_is_planned_is_queued_with_the_seconds_that_it_will_take():
    classifier = SimpleNamespace(seconds_a_pass={"forward": 0.5, "gradient": 2.0}.get)
    planned = replace(COUNTING, plan=lambda request, _: outputs(request.largest_number))
    inputs = SimpleNamespace(classifier=classifier)
    assert session.seconds_of(planned, CountRequest(largest_number=6), inputs) == 3.0
    assert session.seconds_of(COUNTING, CountRequest(largest_number=6), inputs) is None
    assert session.seconds_of(planned, CountRequest(largest_number=6), SimpleNamespace()) is None


def test_equal_requests_share_a_run_unless_what_it_makes_is_its_owners_alone(monkeypatch):
    monkeypatch.setattr(session.st, "session_state", {})
    runs = []
    for kind in (COUNTING, replace(COUNTING, name="own counting", shared=False)):
        for person in ("one", "other"):
            monkeypatch.setattr(session, "owner", lambda person=person: person)
            [name] = session.start(kind, CountRequest(largest_number=501))
            runs.append(queue().get(name).run)
    assert runs[0] is runs[1]
    assert runs[2] is not runs[3]
    assert not TRAINING.shared
    for person in ("one", "other"):
        for job in queue().running(person):
            queue().cancel(job.id, person)


def test_a_follow_up_is_equal_to_another_about_an_equal_job_that_is_done(monkeypatch):
    done, running = (SimpleNamespace(state=state, same="a question") for state in ("done", "running"))
    kept = {"mine": done, "theirs": done, "running": running}
    monkeypatch.setattr(session, "queue", lambda: SimpleNamespace(get=kept.get))
    mine, theirs, *others = (
        session.question(IMPUTER_RANKS, ImputerRanksRequest(about=name))
        for name in ("mine", "theirs", "running", "gone")
    )
    assert mine == theirs
    assert len({mine, *others}) == 3
