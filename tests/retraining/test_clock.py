"""A study says how long its runs took, however often it is opened afterwards."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.retraining import clock
from core.retraining.clock import Clock, seconds_of_study
from core.retraining.folder import Outcome, StudyFolder


@pytest.fixture
def now(monkeypatch):
    """The time, which a test sets."""
    told = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: told.seconds))
    return told


def test_the_seconds_of_all_runs_are_added_up_to_the_last_thing_that_each_kept(tmp_path, now):
    folder = StudyFolder(tmp_path)
    assert seconds_of_study(folder) == 0.0
    first = Clock(folder)
    for later in (107.0, 110.0):
        now.seconds = later
        first.keep()
    now.seconds = 500.0  # this run was killed at 110 s or later, and another one begins
    second = Clock(folder)
    now.seconds = 503.0
    second.keep()
    assert seconds_of_study(folder) == 13.0


def test_a_run_that_keeps_nothing_leaves_the_seconds_as_they_were(tmp_path, now):
    folder = StudyFolder(tmp_path)
    made = Clock(folder)
    now.seconds = 130.0
    made.keep()
    Clock(folder)
    now.seconds = 190.0
    assert seconds_of_study(folder) == 30.0


def test_a_study_that_was_begun_before_runs_were_timed_has_no_seconds(tmp_path, now):
    folder = StudyFolder(tmp_path)
    folder.keep_outcome("pictures-0-aa", Outcome(np.ones(8, dtype=bool), 1.0))
    late = Clock(folder)
    now.seconds = 130.0
    late.keep()
    assert seconds_of_study(folder) is None
