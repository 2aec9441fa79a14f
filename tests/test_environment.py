"""The variables that torch's libraries read when they are loaded."""

import os
import subprocess
import sys

import pytest

from core.environment import KEEP_LARGE_BLOCKS, NUMPY_ALONE, SPIN_BRIEFLY, VARIABLES, restart_unless_set


@pytest.fixture
def started(monkeypatch):
    """What would have taken this process's place on Linux: arguments and variables."""
    found = []
    monkeypatch.setattr("os.execve", lambda _, arguments, variables: found.append((arguments[1:], variables)))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("sys.orig_argv", ["python", "-m", "somewhere", "--port", "1"])
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return found


def test_a_process_without_them_is_started_anew_with_the_same_arguments(started):
    restart_unless_set()
    ((arguments, variables),) = started
    assert arguments == ["-m", "somewhere", "--port", "1"]
    assert variables == {**os.environ, **KEEP_LARGE_BLOCKS, **SPIN_BRIEFLY, **NUMPY_ALONE}


def test_what_a_person_has_set_stays(started, monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    restart_unless_set()
    assert started[0][1]["GOMP_SPINCOUNT"] == "7"


def test_a_process_that_has_them_goes_on(started, monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    restart_unless_set()
    assert started == []


def test_other_systems_go_on_without_them(started, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    restart_unless_set()
    assert started == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch comes with another OpenMP")
def test_torch_s_openmp_reads_how_long_to_spin():
    code = "from core.environment import restart_unless_set; restart_unless_set(); import torch"
    bare = {name: value for name, value in os.environ.items() if name not in VARIABLES} | {"OMP_DISPLAY_ENV": "VERBOSE"}
    ran = subprocess.run([sys.executable, "-c", code], env=bare, check=True, capture_output=True, text=True)
    assert f"GOMP_SPINCOUNT = '{SPIN_BRIEFLY['GOMP_SPINCOUNT']}'" in ran.stderr, ran.stderr
