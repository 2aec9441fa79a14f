"""A kind of job in one file has all that every job has, without a browser."""

import io

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from toy_job import COUNTING, Counted

from dashboard.components.progress import progress
from dashboard.controls import job_panel
from dashboard.library.queue import queue


def script() -> None:
    import toy_job

    toy_job.app()


@pytest.fixture
def toy(opened):
    """The toy's page as the address asks for it."""
    return lambda visitor=None, **query: opened(AppTest.from_function(script, default_timeout=30), visitor, **query)


def test_it_starts_and_can_be_cancelled(toy, started, wait, words):
    app = toy()
    job = started(app, COUNTING)
    assert app.button(key="start counting").label == "Cancel"
    app.button(key="start counting").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    app.run()
    assert app.button(key="start counting").label == "Count"
    assert f"Counted to {len(job.messages(Counted))}" in words(app)


def test_one_that_ends_while_the_page_is_drawn_runs_the_page_again(toy, started, wait, monkeypatch):
    app, note, shown = toy(), job_panel.note_meaning, []
    job = started(app, COUNTING)

    def end_it(kind, names):
        note(kind, names)
        queue().cancel(job.id, job.owner)
        wait(lambda: job.finished)

    monkeypatch.setattr(job_panel, "note_meaning", end_it)
    monkeypatch.setattr(progress, "_COMPONENT", lambda data, **_: shown.append(data))
    app.run()
    assert app.button(key="start counting").label == "Cancel"
    assert [data["running"] for data in shown] == [True]


def test_it_is_stale_where_another_number_is_chosen(toy, started, words):
    app = toy()
    started(app, COUNTING)
    assert "to update" not in words(app)
    app.number_input(key="largest").set_value(7).run()
    assert "These squares used another largest number. Press Count to update them." in words(app)
    assert ", stale" in words(app)


def test_a_reload_finds_it(toy, started):
    first = toy()
    job = started(first, COUNTING)
    again = toy(visitor=first, counting=job.id)
    assert again.button(key="start counting").label == "Cancel"


def test_another_person_follows_it_and_has_a_button_of_their_own(toy, started, words):
    job = started(toy(), COUNTING)
    theirs = toy(counting=job.id)
    assert theirs.button(key="start counting").label == "Count"
    assert "Counted to" in words(theirs)
    own = started(theirs, COUNTING)
    assert own.id != job.id
    assert not job.finished


def test_a_class_that_asks_for_the_same_is_served_by_one_run_and_each_cancels_their_own(toy, started, wait):
    pupils = [toy(largest="40") for _ in range(3)]
    jobs = [started(pupil, COUNTING) for pupil in pupils]
    assert len({job.id for job in jobs}) == 3
    assert len({queue().get(job.id).run for job in jobs}) == 1
    pupils[0].button(key="start counting").click().run()
    assert [job.state()["state"] == "cancelled" for job in jobs] == [True, False, False]
    wait(lambda: jobs[1].finished)
    assert [len(job.messages(Counted)) for job in jobs[1:]] == [40, 40]
    late = started(toy(largest="40"), COUNTING)
    assert (late.state()["state"], len(late.messages(Counted))) == ("done", 40)


def test_who_asks_for_something_else_has_a_run_of_their_own(toy, started):
    one, other = (started(toy(largest=str(largest)), COUNTING) for largest in (50, 51))
    assert queue().get(one.id).run is not queue().get(other.id).run


def test_one_that_is_gone_says_so(toy, words):
    assert "That count is no longer kept here." in words(toy(counting="nobody"))


def test_it_is_saved_at_any_time(toy, started, client, wait):
    job = started(toy(), COUNTING)
    wait(lambda: len(job.messages(Counted)) >= 3)
    table = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/counts.csv").content))
    assert (table["square"] == table["number"] ** 2).all()
    assert len(table) >= 3


def test_its_events_come_as_messages_of_their_own_name(toy, started, wait):
    job = started(toy(), COUNTING)
    wait(lambda: job.messages(Counted))
    assert job.messages(Counted)[0] == {"sequence": 0, "kind": "Counted", "number": 1, "square": 1.0}
